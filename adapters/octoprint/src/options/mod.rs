//! The checked options of a route: what a real server's `config.yaml` would say.

pub(crate) mod version;

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use isogloss_canonical::adapter::{OptionError, OptionRow, RouteOptions};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::vouching::{Near, Vouching};
use serde_json::Value;

use crate::options::version::{RightsModel, Version};

const SWITCH: &str = "true or false";

/// The options that a route may set.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionRow] = &[
    row("basic_authentication", SWITCH, "Accepts a name and a password from an Authorization header."),
    row("check_basic_password", SWITCH, "Checks the password of that header. Off: the name is enough, because a proxy has checked the password. Default: on."),
    row("remote_user", SWITCH, "Accepts the user name from a header that a trusted proxy sets."),
    row("remote_user_header", "a header's name", "The header with the user name. Default: REMOTE_USER."),
    row("add_remote_users", SWITCH, "Creates a user whom that header names and who does not exist."),
    row("remote_groups", SWITCH, "Accepts the groups of that user from a second header."),
    row("remote_groups_header", "a header's name", "The header with the groups. Default: REMOTE_GROUPS."),
    row("remote_groups_mapping", "a table of texts", "Maps the proxy's names of groups to OctoPrint's."),
    row("autologin_as", "a user name", "Signs a guest from one of the local networks in as this user, at a passive login."),
    row("local_networks", "a list of networks", "The networks of autologin_as. Default: 127.0.0.0/8 and ::1/128."),
    row("cross_origin", SWITCH, "Lets pages of any other origin call (CORS)."),
    row("login_rate_limit", SWITCH, "Refuses the fourth failed login in a minute, the sixth in ten minutes, the eleventh in an hour."),
    row("reauthentication_minutes", "a number of minutes, at most a year of them (525600)", "How long after a login its password counts as recent. 0: for ever. Default: 5; before 1.4: 0."),
    row("bundled_plugins", SWITCH, "Has the permissions of every bundled plugin, not only of appkeys."),
    row("first_run", SWITCH, "Refuses everything until the setup wizard has created the first user. The first start of `serve` then makes no administrator. Whoever opens the page first becomes the administrator."),
    row("force_login", SWITCH, "Version 1.3 only: refuses guests everything but the login (the plugin forcelogin). Default: on."),
    row("access_control", SWITCH, "Versions 1.3 and 1.3.0 only: off, the users' API answers an empty object to everybody and changes nothing. Default: on."),
];

/// A year.
const MOST_MINUTES: u64 = 525_600;

const fn row(name: &'static str, takes: &'static str, about: &'static str) -> OptionRow {
    OptionRow { name, takes, about }
}

/// The options of a route, read and checked.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent switch of config.yaml")]
pub(crate) struct Options {
    /// The id namespace of its user names, groups and keys.
    pub(crate) namespace: IdNamespace,
    /// The version that it answers as.
    pub(crate) version: Version,
    /// Basic authentication, and who checks its password.
    pub(crate) basic: Option<PasswordCheck>,
    /// The user that a trusted proxy names.
    pub(crate) remote: Option<Remote>,
    /// Whom a guest from a local network is signed in as.
    pub(crate) autologin: Option<Autologin>,
    /// Whether pages of other origins may call.
    pub(crate) cross_origin: bool,
    /// Whether failed logins are limited.
    pub(crate) rate_limit: bool,
    /// How long a password counts as recent; `None`: for ever.
    pub(crate) recent: Option<Duration>,
    /// Whether it has the permissions of every bundled plugin.
    pub(crate) bundled: bool,
    /// Whether the setup wizard creates the first user.
    pub(crate) first_run: bool,
    /// Before 1.4: whether guests are refused everything but the login.
    pub(crate) force_login: bool,
    /// Before 1.4: whether there are users.
    pub(crate) access_control: bool,
    /// Whether the origin is the server of the backend: then the sessions are that server's.
    pub(crate) origin_is_backend: bool,
}

/// Who checks the password of a Basic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordCheck {
    /// The gateway.
    Gateway,
    /// A proxy in front of it.
    Proxy,
}

/// The headers with which a trusted proxy names a user.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// The header with the user name.
    pub(crate) user: String,
    /// Whether a user who does not exist is created.
    pub(crate) add: bool,
    /// The header with the groups, if groups are accepted.
    pub(crate) groups: Option<String>,
    /// The proxy's names of groups, with OctoPrint's.
    pub(crate) mapping: BTreeMap<String, String>,
}

impl Remote {
    /// The names of both headers, in lower case.
    fn headers(&self) -> impl Iterator<Item = String> + '_ {
        [Some(&self.user), self.groups.as_ref()].into_iter().flatten().map(|own| own.to_lowercase())
    }
}

/// Whom a guest from a local network is signed in as.
#[derive(Clone, Debug)]
pub(crate) struct Autologin {
    /// The user.
    pub(crate) user: String,
    /// The local networks.
    pub(crate) networks: Vec<IpNet>,
}

impl Options {
    /// Reads the options of a route.
    pub(crate) fn of(options: &RouteOptions) -> Result<Self, OptionError> {
        let read = Reader(options);
        let version = Version::named(options.version.as_deref());
        read.check_version(version)?;
        let default = version.differences().reauthentication_minutes;
        let minutes = read.minutes("reauthentication_minutes", default)?;
        Ok(Self {
            namespace: options.namespace.clone(),
            version,
            basic: read.basic()?,
            remote: read.remote()?,
            autologin: read.autologin()?,
            cross_origin: read.flag("cross_origin")?,
            rate_limit: read.flag("login_rate_limit")?,
            recent: (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60))),
            bundled: read.flag("bundled_plugins")?,
            first_run: read.flag("first_run")?,
            force_login: read.switch("force_login")?.unwrap_or(true),
            access_control: read.access_control(version)?,
            origin_is_backend: options.origin_is_backend,
        })
    }
}

impl Options {
    /// What the route accepts from a proxy in front of the gateway, and from local networks.
    pub(crate) fn vouching(&self) -> Vouching {
        let near = self.autologin.as_ref().map(|autologin| Near {
            user: autologin.user.clone(),
            networks: autologin.networks.clone(),
        });
        Vouching {
            headers: self.remote.iter().flat_map(Remote::headers).collect(),
            proxy: self.remote.is_some() || self.basic == Some(PasswordCheck::Proxy),
            creates: self.remote.as_ref().is_some_and(|remote| remote.add),
            groups: self.remote.as_ref().is_some_and(|remote| remote.groups.is_some()),
            near,
            wizard: self.first_run,
        }
    }
}

/// Reads single options, each as the type that it must have.
struct Reader<'a>(&'a RouteOptions);

impl Reader<'_> {
    fn expected(name: &str) -> OptionError {
        let takes = OPTIONS.iter().find(|row| row.name == name).map_or("", |row| row.takes);
        format!("octoprint: option {name:?} has a wrong value; expected {takes}")
    }

    fn get<'a, T>(
        &'a self,
        name: &str,
        read: fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, OptionError> {
        let value = self.0.settings.get(name);
        value.map(|value| read(value).ok_or_else(|| Self::expected(name))).transpose()
    }

    fn basic(&self) -> Result<Option<PasswordCheck>, OptionError> {
        let on = self.flag("basic_authentication")?;
        let checks = self.switch("check_basic_password")?.unwrap_or(true);
        let check = if checks { PasswordCheck::Gateway } else { PasswordCheck::Proxy };
        Ok(on.then_some(check))
    }

    /// Refuses an option that means nothing in the version. It would be trusted and do nothing.
    fn check_version(&self, version: Version) -> Result<(), OptionError> {
        let lacks = version.differences().lacks_options;
        match lacks.iter().find(|name| self.0.settings.contains_key(**name)) {
            Some(name) => Err(format!(
                "octoprint: version {:?} has no option {name:?}; remove it",
                version.name()
            )),
            None => Ok(()),
        }
    }

    /// Access control cannot be switched off where users have groups.
    fn access_control(&self, version: Version) -> Result<bool, OptionError> {
        let on = self.switch("access_control")?.unwrap_or(true);
        if on || version.differences().rights == RightsModel::AdminSwitch {
            return Ok(on);
        }
        Err("octoprint: option \"access_control\" is false; only versions before 1.4 can"
            .to_owned())
    }

    fn switch(&self, name: &str) -> Result<Option<bool>, OptionError> {
        self.get(name, Value::as_bool)
    }

    fn flag(&self, name: &str) -> Result<bool, OptionError> {
        Ok(self.switch(name)?.unwrap_or_default())
    }

    fn minutes(&self, name: &str, default: u64) -> Result<u64, OptionError> {
        let in_a_year = |value: &Value| value.as_u64().filter(|minutes| *minutes <= MOST_MINUTES);
        Ok(self.get(name, in_a_year)?.unwrap_or(default))
    }

    fn header(&self, name: &str, default: &str) -> Result<String, OptionError> {
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let given = self.text(name)?.unwrap_or_else(|| default.to_owned());
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
        let given = self.get("remote_groups_mapping", Value::as_object)?;
        for (theirs, ours) in given.into_iter().flatten() {
            let ours = ours.as_str().ok_or_else(|| Self::expected("remote_groups_mapping"))?;
            mapping.insert(theirs.clone(), ours.to_owned());
        }
        let add = self.flag("add_remote_users")?;
        let groups = self.flag("remote_groups")?.then_some(groups);
        Ok(self.flag("remote_user")?.then_some(Remote { user, add, groups, mapping }))
    }

    fn autologin(&self) -> Result<Option<Autologin>, OptionError> {
        let local = vec![Value::from("127.0.0.0/8"), Value::from("::1/128")];
        let given = self.get("local_networks", Value::as_array)?.unwrap_or(&local);
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

    fn options(options: Value) -> Result<Options, OptionError> {
        let Value::Object(settings) = options else { panic!("an object") };
        Options::of(&RouteOptions { settings, ..RouteOptions::of(IdNamespace::named("octoprint")) })
    }

    #[test]
    fn refuses_values_of_a_wrong_type() {
        assert_eq!(
            options(serde_json::json!({"cross_origin": "yes"})).unwrap_err(),
            "octoprint: option \"cross_origin\" has a wrong value; expected true or false"
        );
        assert!(options(serde_json::json!({"local_networks": ["nowhere"]})).is_err());
        assert!(options(serde_json::json!({"reauthentication_minutes": u64::MAX})).is_err());
        assert!(options(serde_json::json!({"remote_user_header": ""})).is_err());
        assert!(options(serde_json::json!({"autologin_as": ""})).is_err());
        assert!(options(serde_json::json!({"remote_groups_mapping": {"a": 1}})).is_err());
    }

    #[test]
    fn an_option_that_the_version_lacks_is_refused() {
        let of = |version: &str, name: &str| {
            let mut options = RouteOptions::of(IdNamespace::named("octoprint"));
            options.version = Some(version.to_owned());
            options.settings.insert(name.to_owned(), true.into());
            Options::of(&options).map(drop)
        };
        assert_eq!(
            of("1.3.0", "basic_authentication").unwrap_err(),
            "octoprint: version \"1.3.0\" has no option \"basic_authentication\"; remove it"
        );
        for (version, name) in [("1.11", "force_login"), ("1.3", "remote_groups")] {
            assert!(of(version, name).is_err(), "{version} {name}");
        }
        for (version, name) in [("1.3", "force_login"), ("1.11", "basic_authentication")] {
            assert_eq!(of(version, name), Ok(()), "{version} {name}");
        }
        for name in Version::ALL.iter().flat_map(|version| version.differences().lacks_options) {
            assert!(OPTIONS.iter().any(|row| row.name == *name), "{name}");
        }
    }

    #[test]
    fn has_the_defaults_of_a_fresh_server() {
        let options = options(serde_json::json!({})).unwrap();
        assert_eq!(options.recent, Some(Duration::from_mins(5)));
        assert!(options.basic.is_none() && options.remote.is_none() && !options.rate_limit);
    }
}
