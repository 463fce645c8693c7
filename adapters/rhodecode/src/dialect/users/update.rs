//! `update_user`.

use isogloss_canonical::command::Command;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Uniqueness, User, UserPatch, UserRef};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::{self, users};
use crate::dialect::arguments::{self, Refused};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_user};
use crate::dialect::method::Answer;
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_EMAIL, attribute, placeholder, source_of};

/// `update_user`.
pub(crate) async fn update_user(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let failed = || Failure::error(format!("failed to update user `{}`", value.to_text()));
    let FoundUser::Person(user) = find_user(call, value).await? else {
        return Err(Failure::error("editing default user is forbidden"));
    };
    let patch = patch(call, &user).map_err(|_| failed())?;
    let changed = Command::UpdateUser(UserRef::from(user.as_ref()), Box::new(patch));
    let changed = call.run(changed).await.and_then(Outcome::user);
    let found = FoundUser::Person(changed.map_err(|_| failed())?);
    let sentence = format!("updated user ID:{} {}", found.id(call), found.name());
    Ok(answers::done(sentence, "user", users::with_tokens(call, &found).await?))
}

/// The change that the arguments ask for. Nothing is validated: the database refuses what it cannot
/// store.
fn patch(call: &Call<'_>, user: &User) -> Result<UserPatch, Refused> {
    let mut patch = UserPatch {
        unique: Uniqueness { email: true, ..Uniqueness::default() },
        ..UserPatch::default()
    };
    names(call, user, &mut patch)?;
    if let Some(name) = call.argument("username") {
        rename(call, user, arguments::text(name)?, &mut patch)?;
    }
    if let Some(address) = call.argument("email") {
        let address = arguments::email(address)?;
        if address.as_deref() == Some(DEFAULT_EMAIL) {
            return Err(Refused);
        }
        patch.email = Some(address);
    }
    flags(call, user, &mut patch)?;
    // RhodeCode takes a password that is not set for another plugin's, and does not set it.
    if let Some(password) = call.argument("password").filter(|_| user.has_password) {
        patch.password = Some(arguments::password(password)?);
    }
    plugin_and_description(call, &mut patch)?;
    Ok(patch)
}

/// First and last name. An empty first name is ignored, an empty last name is stored:
/// fixtures/transcripts/rhodecode/update-user-empty.json.
fn names(call: &Call<'_>, user: &User, patch: &mut UserPatch) -> Result<(), Refused> {
    let first = call.argument("firstname").filter(|name| name.truthy());
    let first = first.map(arguments::text).transpose()?;
    let last = call.argument("lastname").map(arguments::text).transpose()?;
    if first.is_none() && last.is_none() {
        return Ok(());
    }
    let (own_first, own_last) = users::names(call.options, user);
    let own = |name: &Py| name.as_str().map(str::to_owned);
    patch.given_name = Some(first.unwrap_or_else(|| own(&own_first)));
    patch.family_name = Some(last.unwrap_or_else(|| own(&own_last)));
    Ok(())
}

/// A new user name. A person whose name is set to null is stored under a placeholder.
fn rename(
    call: &Call<'_>,
    user: &User,
    name: Option<String>,
    patch: &mut UserPatch,
) -> Result<(), Refused> {
    if name.as_deref() == Some(DEFAULT_USER) {
        return Err(Refused);
    }
    let placeholder = placeholder(call.options.user_id(user));
    let nameless = name.is_none().then(|| Value::from(placeholder.as_str()));
    patch.username = Some(name.unwrap_or(placeholder));
    if nameless.is_some() || user.attribute(attribute::NAMELESS).is_some() {
        patch.attributes.insert(attribute::NAMELESS.to_owned(), nameless);
    }
    Ok(())
}

/// Activity and role. A null is stored and shown again; it means no.
fn flags(call: &Call<'_>, user: &User, patch: &mut UserPatch) -> Result<(), Refused> {
    if let Some(active) = call.argument("active") {
        let active = arguments::flag(call.differences(), active)?;
        patch.active = Some(active == Some(true));
        store_null(user, patch, attribute::ACTIVE, active);
    }
    if let Some(admin) = call.argument("admin") {
        let admin = arguments::flag(call.differences(), admin)?;
        store_null(user, patch, attribute::ADMIN, admin);
        patch.role = match (admin == Some(true), user.role) {
            (true, _) => Some(Role::Administrator),
            (false, Role::Administrator) => Some(Role::User),
            // RhodeCode has no word for a manager: the role stays.
            (false, Role::User | Role::Manager) => None,
        };
    }
    Ok(())
}

fn store_null(user: &User, patch: &mut UserPatch, name: &str, flag: Option<bool>) {
    let null = flag.is_none().then_some(Value::Null);
    if null.is_some() || user.attribute(name).is_some() {
        patch.attributes.insert(name.to_owned(), null);
    }
}

fn plugin_and_description(call: &Call<'_>, patch: &mut UserPatch) -> Result<(), Refused> {
    let mut store = |name: &str, value: Value| {
        patch.attributes.insert(name.to_owned(), Some(value));
    };
    let description = call.argument("description");
    if let Some(text) = description.filter(|_| call.differences().user_descriptions) {
        let text = arguments::text(text)?.map_or(Value::Null, Value::from);
        store(attribute::DESCRIPTION, text);
    }
    if let Some(name) = call.argument("extern_name") {
        store(attribute::EXTERN_NAME, Value::from(arguments::plugin(name)));
    }
    if let Some(plugin) = call.argument("extern_type") {
        let plugin = arguments::plugin(plugin);
        patch.source = Some(source_of(&plugin));
        store(attribute::EXTERN_TYPE, Value::from(plugin));
    }
    Ok(())
}
