//! How a route wants its dialect: what a real server's `config.yaml` would say.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use isogloss_canonical::adapter::{OptionError, OptionRow, RouteOptions};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::vouching::{Near, Vouching};
use serde_json::Value;

/// The options, named by what they do.
pub(crate) const OPTIONS: &[OptionRow] = &[
    row(
        "basic_authentication",
        SWITCH,
        "Takes a name and a password from an Authorization header.",
    ),
    row(
        "check_basic_password",
        SWITCH,
        "Off: the name in that header is enough (a proxy checked it). On unless said.",
    ),
    row("remote_user", SWITCH, "Takes the name from a header that a trusted proxy sets."),
    row(
        "remote_user_header",
        "a header's name",
        "The header that names the user; REMOTE_USER unless said.",
    ),
    row("add_remote_users", SWITCH, "Creates a user whom that header names and nobody knows."),
    row("remote_groups", SWITCH, "Takes the groups of that user from a second header."),
    row(
        "remote_groups_header",
        "a header's name",
        "The header that names the groups; REMOTE_GROUPS unless said.",
    ),
    row(
        "remote_groups_mapping",
        "a table of texts",
        "What the groups of that header are called here.",
    ),
    row(
        "autologin_as",
        "a user name",
        "Who a guest from one of the local networks is taken for at a passive login.",
    ),
    row(
        "local_networks",
        "a list of networks",
        "The networks of autologin_as; 127.0.0.0/8 and ::1/128 unless said.",
    ),
    row("cross_origin", SWITCH, "Lets pages of any other origin call (CORS)."),
    row(
        "login_rate_limit",
        SWITCH,
        "Refuses the fourth failed login a minute (sixth in ten, eleventh an hour).",
    ),
    row(
        "reauthentication_minutes",
        "a number of minutes, at most a year of them (525600)",
        "How long a login may do what needs a recent password; 0: for ever. 5 unless said.",
    ),
    row(
        "bundled_plugins",
        SWITCH,
        "Has the permissions of every bundled plugin, not of appkeys alone.",
    ),
    row("first_run", SWITCH, "Is closed until the setup wizard has made the first user."),
];

const SWITCH: &str = "true or false";
/// A year.
const MOST_MINUTES: u64 = 525_600;

const fn row(name: &'static str, takes: &'static str, about: &'static str) -> OptionRow {
    OptionRow { name, takes, about }
}

/// A server from before 1.4, whose `/api/users*` answered itself.
pub(crate) const BEFORE_1_4: &str = "1.3";

/// The options, read and checked.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent switch of config.yaml")]
pub(crate) struct Settings {
    /// The namespace whose names, groups and keys its callers use.
    pub(crate) namespace: IdNamespace,
    /// Whether it speaks as a server from before 1.4 did.
    pub(crate) old: bool,
    /// Basic authentication, and whether its password is checked.
    pub(crate) basic: Option<Checked>,
    /// The user that a trusted proxy names.
    pub(crate) remote: Option<Remote>,
    /// Who a guest from near is taken for.
    pub(crate) autologin: Option<Autologin>,
    /// Whether pages of other origins may call.
    pub(crate) cross_origin: bool,
    /// Whether failed logins are limited.
    pub(crate) rate_limit: bool,
    /// How long a password counts as recent; `None`: for ever.
    pub(crate) recent: Option<Duration>,
    /// Whether every bundled plugin is there.
    pub(crate) bundled: bool,
    /// Whether it waits for its first user.
    pub(crate) first_run: bool,
}

/// Whether a password is checked, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is to be checked.
    Here,
    /// A proxy did.
    Elsewhere,
}

/// What a trusted proxy says of a user.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// The header that names the user.
    pub(crate) user: String,
    /// Whether unknown users are created.
    pub(crate) add: bool,
    /// The header that names the groups, if it counts.
    pub(crate) groups: Option<String>,
    /// What those groups are called here.
    pub(crate) mapping: BTreeMap<String, String>,
}

impl Remote {
    /// The headers that a proxy sends, in lower case.
    fn headers(&self) -> impl Iterator<Item = String> + '_ {
        [Some(&self.user), self.groups.as_ref()].into_iter().flatten().map(|own| own.to_lowercase())
    }
}

/// Who a guest from near is taken for.
#[derive(Clone, Debug)]
pub(crate) struct Autologin {
    /// The user.
    pub(crate) user: String,
    /// What is near.
    pub(crate) networks: Vec<IpNet>,
}

impl Settings {
    /// Reads the options of a route.
    pub(crate) fn of(options: &RouteOptions) -> Result<Self, OptionError> {
        let read = Reader(options);
        let old = options.version.as_deref() == Some(BEFORE_1_4);
        let minutes = read.minutes("reauthentication_minutes", if old { 0 } else { 5 })?;
        let basic = match (read.flag("basic_authentication")?, read.switch("check_basic_password")?)
        {
            (false, _) => None,
            (true, Some(false)) => Some(Checked::Elsewhere),
            (true, Some(true) | None) => Some(Checked::Here),
        };
        Ok(Self {
            namespace: options.namespace.clone(),
            old,
            basic,
            remote: read.remote()?,
            autologin: read.autologin()?,
            cross_origin: read.flag("cross_origin")?,
            rate_limit: read.flag("login_rate_limit")?,
            recent: (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60))),
            bundled: read.flag("bundled_plugins")?,
            first_run: read.flag("first_run")?,
        })
    }
}

impl Settings {
    /// What the route believes of a proxy in front, or of being near.
    pub(crate) fn vouching(&self) -> Vouching {
        let near = self.autologin.as_ref().map(|autologin| Near {
            user: autologin.user.clone(),
            networks: autologin.networks.clone(),
        });
        Vouching {
            headers: self.remote.iter().flat_map(Remote::headers).collect(),
            proxy: self.remote.is_some() || self.basic == Some(Checked::Elsewhere),
            creates: self.remote.as_ref().is_some_and(|remote| remote.add),
            groups: self.remote.as_ref().is_some_and(|remote| remote.groups.is_some()),
            near,
            wizard: self.first_run,
        }
    }
}

struct Reader<'a>(&'a RouteOptions);

impl Reader<'_> {
    fn expected(name: &str) -> OptionError {
        let takes = OPTIONS.iter().find(|row| row.name == name).map_or("", |row| row.takes);
        format!("octoprint: option {name:?} is something else; expected {takes}")
    }

    fn get<'a, T>(
        &'a self,
        name: &str,
        read: fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, OptionError> {
        let value = self.0.settings.get(name);
        value.map(|value| read(value).ok_or_else(|| Self::expected(name))).transpose()
    }

    fn switch(&self, name: &str) -> Result<Option<bool>, OptionError> {
        self.get(name, Value::as_bool)
    }

    fn flag(&self, name: &str) -> Result<bool, OptionError> {
        Ok(self.switch(name)?.unwrap_or_default())
    }

    fn minutes(&self, name: &str, unless: u64) -> Result<u64, OptionError> {
        let in_a_year = |value: &Value| value.as_u64().filter(|minutes| *minutes <= MOST_MINUTES);
        Ok(self.get(name, in_a_year)?.unwrap_or(unless))
    }

    fn header(&self, name: &str, unless: &str) -> Result<String, OptionError> {
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let given = self.text(name)?.unwrap_or_else(|| unless.to_owned());
        let fits = !given.is_empty() && given.chars().all(token);
        fits.then_some(given).ok_or_else(|| Self::expected(name))
    }

    fn text(&self, name: &str) -> Result<Option<String>, OptionError> {
        Ok(self.get(name, Value::as_str)?.map(str::to_owned))
    }

    fn remote(&self) -> Result<Option<Remote>, OptionError> {
        let user = self.header("remote_user_header", "REMOTE_USER")?;
        let groups = self.header("remote_groups_header", "REMOTE_GROUPS")?;
        let mut mapping = BTreeMap::new();
        for (there, here) in
            self.get("remote_groups_mapping", Value::as_object)?.into_iter().flatten()
        {
            let here = here.as_str().ok_or_else(|| Self::expected("remote_groups_mapping"))?;
            mapping.insert(there.clone(), here.to_owned());
        }
        let add = self.flag("add_remote_users")?;
        let groups = self.flag("remote_groups")?.then_some(groups);
        Ok(self.flag("remote_user")?.then_some(Remote { user, add, groups, mapping }))
    }

    fn autologin(&self) -> Result<Option<Autologin>, OptionError> {
        let near = vec![Value::from("127.0.0.0/8"), Value::from("::1/128")];
        let given = self.get("local_networks", Value::as_array)?.unwrap_or(&near);
        let network = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        let networks = given.iter().map(network).collect::<Option<Vec<IpNet>>>();
        let networks = networks.ok_or_else(|| Self::expected("local_networks"))?;
        let user =
            self.get("autologin_as", |value| value.as_str().filter(|name| !name.is_empty()))?;
        Ok(user.map(|user| Autologin { user: user.to_owned(), networks }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: Value) -> Result<Settings, OptionError> {
        let Value::Object(settings) = options else { panic!("an object") };
        Settings::of(&RouteOptions {
            settings,
            ..RouteOptions::of(IdNamespace::named("octoprint"))
        })
    }

    #[test]
    fn wants_the_right_types() {
        assert_eq!(
            settings(serde_json::json!({"cross_origin": "yes"})).unwrap_err(),
            "octoprint: option \"cross_origin\" is something else; expected true or false"
        );
        assert!(settings(serde_json::json!({"local_networks": ["nowhere"]})).is_err());
        assert!(settings(serde_json::json!({"reauthentication_minutes": u64::MAX})).is_err());
        assert!(settings(serde_json::json!({"remote_user_header": ""})).is_err());
        assert!(settings(serde_json::json!({"autologin_as": ""})).is_err());
        assert!(settings(serde_json::json!({"remote_groups_mapping": {"a": 1}})).is_err());
    }

    #[test]
    fn has_the_defaults_of_an_installation() {
        let settings = settings(serde_json::json!({})).unwrap();
        assert_eq!(settings.recent, Some(Duration::from_mins(5)));
        assert!(settings.basic.is_none() && settings.remote.is_none() && !settings.rate_limit);
    }
}
