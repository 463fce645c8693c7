//! `update_user`.

use isogloss_canonical::command::Command;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Role, Uniqueness, User, UserPatch, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised};
use crate::dialect::coerce::{self, Refused};
use crate::dialect::lookup::{self, Someone};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{self, DEFAULT_EMAIL, DEFAULT_USER, kept};

pub(super) async fn update_user(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let value = call.required("userid");
    let failed = || Raised::error(format!("failed to update user `{}`", value.text()));
    let Someone::Person(user) = lookup::user(call, value).await? else {
        return Err(Raised::error("editing default user is forbidden"));
    };
    let patch = patch(call, &user).map_err(|_| failed())?;
    let changed = Command::UpdateUser(UserRef::from(user.as_ref()), Box::new(patch));
    let changed = call.run(changed).await.and_then(Outcome::user);
    let someone = Someone::Person(changed.map_err(|_| failed())?);
    let sentence = format!("updated user ID:{} {}", someone.id(call), someone.name());
    let shape = Mapping::default().with("msg", sentence);
    Ok(shape.with("user", super::shown(call, &someone).await?).into())
}

/// What is given of a person, unchecked: the database refuses what it cannot store.
fn patch(call: &Call<'_>, user: &User) -> Result<UserPatch, Refused> {
    let mut patch = UserPatch {
        unique: Uniqueness { email: true, ..Uniqueness::default() },
        ..UserPatch::default()
    };
    names(call, user, &mut patch)?;
    if let Some(name) = call.arg("username") {
        rename(call, user, coerce::text(name)?, &mut patch)?;
    }
    if let Some(address) = call.arg("email") {
        let address = coerce::email(address)?;
        if address.as_deref() == Some(DEFAULT_EMAIL) {
            return Err(Refused);
        }
        patch.email = Some(address);
    }
    flags(call, user, &mut patch)?;
    // A password that is not set cannot be set again here: RhodeCode takes it for a plugin's.
    if let Some(password) = call.arg("password").filter(|_| user.has_password) {
        patch.password = Some(coerce::password(password)?);
    }
    kept_aside(call, &mut patch)?;
    Ok(patch)
}

/// First and last name. An empty first name is taken for none given, an empty last name is stored:
/// fixtures/transcripts/rhodecode/update-user-empty.json.
fn names(call: &Call<'_>, user: &User, patch: &mut UserPatch) -> Result<(), Refused> {
    let first = match call.arg("firstname").filter(|name| name.truthy()) {
        Some(name) => Some(coerce::text(name)?),
        None => None,
    };
    let last = match call.arg("lastname") {
        Some(name) => Some(coerce::text(name)?),
        None => None,
    };
    if first.is_none() && last.is_none() {
        return Ok(());
    }
    let (own_first, own_last) = wire::names(call.view, user);
    let own = |name: Py| name.as_str().map(str::to_owned);
    patch.given_name = Some(first.unwrap_or_else(|| own(own_first)));
    patch.family_name = Some(last.unwrap_or_else(|| own(own_last)));
    Ok(())
}

/// A new name, or none at all: a person without a name is kept under one that nobody chooses.
fn rename(
    call: &Call<'_>,
    user: &User,
    name: Option<String>,
    patch: &mut UserPatch,
) -> Result<(), Refused> {
    if name.as_deref() == Some(DEFAULT_USER) {
        return Err(Refused);
    }
    let placeholder = format!("\u{2205}{}", wire::id_of(call.view, user));
    let nameless = name.is_none().then(|| Value::from(placeholder.as_str()));
    patch.username = Some(name.unwrap_or(placeholder));
    if nameless.is_some() || user.attribute(kept::NAMELESS).is_some() {
        patch.attributes.insert(kept::NAMELESS.to_owned(), nameless);
    }
    Ok(())
}

/// Activity and administration. Null is stored, and shown again: it means no.
fn flags(call: &Call<'_>, user: &User, patch: &mut UserPatch) -> Result<(), Refused> {
    if let Some(active) = call.arg("active") {
        let active = coerce::flag(call.version(), active)?;
        patch.active = Some(active == Some(true));
        keep_null(user, patch, kept::ACTIVE, active);
    }
    if let Some(admin) = call.arg("admin") {
        let admin = coerce::flag(call.version(), admin)?;
        keep_null(user, patch, kept::ADMIN, admin);
        patch.role = match (admin == Some(true), user.role) {
            (true, _) => Some(Role::Administrator),
            (false, Role::Administrator) => Some(Role::User),
            // What RhodeCode has no word for is not touched.
            (false, Role::User | Role::Manager) => None,
        };
    }
    Ok(())
}

fn keep_null(user: &User, patch: &mut UserPatch, name: &str, flag: Option<bool>) {
    let null = flag.is_none().then_some(Value::Null);
    if null.is_some() || user.attribute(name).is_some() {
        patch.attributes.insert(name.to_owned(), null);
    }
}

fn kept_aside(call: &Call<'_>, patch: &mut UserPatch) -> Result<(), Refused> {
    if let Some(text) = call.arg("description").filter(|_| call.version() == Version::Current) {
        let text = coerce::text(text)?.map_or(Value::Null, Value::from);
        patch.attributes.insert(kept::DESCRIPTION.to_owned(), Some(text));
    }
    if let Some(name) = call.arg("extern_name") {
        let name = Value::from(coerce::plugin(name));
        patch.attributes.insert(kept::EXTERN_NAME.to_owned(), Some(name));
    }
    if let Some(plugin) = call.arg("extern_type") {
        let plugin = coerce::plugin(plugin);
        patch.source = Some((plugin == "ldap").then(|| plugin.clone()));
        patch.attributes.insert(kept::EXTERN_TYPE.to_owned(), Some(Value::from(plugin)));
    }
    Ok(())
}
