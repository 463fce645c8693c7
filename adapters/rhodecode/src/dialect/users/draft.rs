//! The arguments of `create_user` as a new user: validated in version 4.26, as the database takes them
//! in version 4.3.

use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, NewUser, Uniqueness};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::arguments::{self, Refused};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::find_user;
use crate::dialect::validation::{self, Schema};
use crate::roles::role_of;
use crate::wire::{OWN_PLUGIN, attribute, source_of};

/// The arguments, in the types of the columns.
pub(crate) struct Draft {
    /// The user name.
    pub(crate) username: String,
    /// Whether the new user gets a feed token.
    pub(crate) feed: bool,
    password: Option<Secret>,
    email: Option<String>,
    first: Option<String>,
    last: Option<String>,
    description: String,
    active: Option<bool>,
    admin: Option<bool>,
    extern_type: String,
    extern_name: String,
    repo_group: bool,
}

impl Draft {
    /// Reads the arguments as version 4.26 does: a schema validates them.
    pub(crate) fn validated(call: &Call<'_>) -> Result<Self, Failure> {
        let mut schema = Schema::default();
        let draft = Self {
            username: schema.required("username", call.required("username"), validation::username),
            email: Some(
                schema.required("email", call.required("email"), validation::email).to_lowercase(),
            ),
            password: validated_password(call, &mut schema),
            first: Some(schema.text("first_name", &call.argument_or("firstname", ""))),
            last: Some(schema.text("last_name", &call.argument_or("lastname", ""))),
            description: schema.text("description", &call.argument_or("description", "")),
            active: Some(schema.flag("active", &call.argument_or("active", true))),
            admin: Some(schema.flag("admin", &call.argument_or("admin", false))),
            extern_type: validated_plugin(call, &mut schema, "extern_type"),
            extern_name: validated_plugin(call, &mut schema, "extern_name"),
            repo_group: wants_repo_group(call),
            feed: true,
        };
        schema.done()?;
        Ok(draft)
    }

    /// Reads the arguments as version 4.3 does: what the database refuses fails, and the rest is
    /// stored.
    pub(crate) async fn unvalidated(call: &Call<'_>) -> Result<Self, Failure> {
        let refused = |_: Refused| Failure::Exception("Exception");
        let username = call.required("username");
        let feed = gets_feed_token(call, username).await?;
        let column = |name: &str| arguments::text(&call.argument_or(name, "")).map_err(refused);
        let flag = |name: &str| {
            arguments::flag(call.differences(), &call.argument_or(name, Py::None)).map_err(refused)
        };
        Ok(Self {
            username: arguments::text(username).map_err(refused)?.unwrap_or_default(),
            email: arguments::email(call.required("email")).map_err(refused)?,
            password: unvalidated_password(call).map_err(refused)?,
            first: column("firstname")?,
            last: column("lastname")?,
            description: String::new(),
            // This SQLAlchemy takes a null for no value, and stores the column's default.
            active: flag("active")?.or(Some(true)),
            admin: flag("admin")?.or(Some(false)),
            extern_type: arguments::plugin(&call.argument_or("extern_type", Py::None)),
            extern_name: arguments::plugin(&call.argument_or("extern_name", Py::None)),
            repo_group: false,
            feed,
        })
    }

    /// Whether the password has a NUL, which the hash does not accept.
    pub(crate) fn has_nul_in_password(&self) -> bool {
        self.password.as_ref().is_some_and(|password| password.expose().contains('\0'))
    }

    /// The new user.
    pub(crate) fn into_new_user(self, call: &Call<'_>) -> NewUser {
        NewUser {
            attributes: self.attributes(call),
            username: self.username,
            password: self.password,
            given_name: self.first,
            family_name: self.last,
            email: self.email,
            role: role_of(self.admin),
            inactive: self.active != Some(true),
            source: source_of(&self.extern_type),
            unique: Uniqueness { email: true, ..Uniqueness::default() },
            ..NewUser::default()
        }
    }

    /// What only RhodeCode has a column for.
    fn attributes(&self, call: &Call<'_>) -> Attributes {
        let mut attributes = Attributes::new();
        let mut store = |name: &str, value: Value| {
            attributes.insert(name.to_owned(), value);
        };
        if call.differences().user_descriptions {
            store(attribute::DESCRIPTION, self.description.as_str().into());
        }
        store(attribute::EXTERN_NAME, self.extern_name.as_str().into());
        store(attribute::EXTERN_TYPE, self.extern_type.as_str().into());
        for (name, flag) in [(attribute::ACTIVE, self.active), (attribute::ADMIN, self.admin)] {
            if flag.is_none() {
                store(name, Value::Null);
            }
        }
        if self.repo_group {
            store(attribute::REPO_GROUP, self.username.as_str().into());
        }
        if call.argument("force_password_change").is_some_and(Py::truthy) {
            store(attribute::FORCE_PASSWORD_CHANGE, true.into());
        }
        attributes
    }
}

/// Whether the account belongs to another plugin, which then has its password.
fn is_external(call: &Call<'_>) -> bool {
    call.argument("extern_name").is_some_and(|name| name.as_str() != Some(OWN_PLUGIN))
}

/// RhodeCode gives the account of another plugin a random password in place of the given one.
fn random_password(call: &Call<'_>) -> Secret {
    Secret::new(call.new_token())
}

fn validated_password(call: &Call<'_>, schema: &mut Schema) -> Option<Secret> {
    if is_external(call) {
        return Some(random_password(call));
    }
    let text = schema.text("password", call.argument("password").unwrap_or(&Py::None));
    (!text.is_empty()).then(|| Secret::new(text))
}

fn unvalidated_password(call: &Call<'_>) -> Result<Option<Secret>, Refused> {
    if is_external(call) {
        return Ok(Some(random_password(call)));
    }
    arguments::password(call.argument("password").unwrap_or(&Py::None))
}

fn validated_plugin(call: &Call<'_>, schema: &mut Schema, name: &'static str) -> String {
    let plugin = schema.text(name, &call.argument_or(name, OWN_PLUGIN));
    if plugin.is_empty() { OWN_PLUGIN.to_owned() } else { plugin }
}

/// Version 4.3 looks its new user up again by the given name, to issue the feed token. A number is
/// then the id of another user, who must exist and gets the token; an empty name finds nobody:
/// fixtures/transcripts/rhodecode43/create-user-usernames.json.
async fn gets_feed_token(call: &Call<'_>, username: &Py) -> Result<bool, Failure> {
    if !username.truthy() {
        return Err(Failure::Exception("AttributeError"));
    }
    if matches!(username, Py::Bool(_) | Py::Int(_)) {
        find_user(call, username).await?;
        return Ok(false);
    }
    Ok(true)
}

fn wants_repo_group(call: &Call<'_>) -> bool {
    const YES: [&str; 6] = ["t", "true", "y", "yes", "on", "1"];
    match call.argument("create_personal_repo_group") {
        Some(Py::Str(word)) => YES.contains(&word.trim().to_lowercase().as_str()),
        Some(value) => value.truthy(),
        None => false,
    }
}
