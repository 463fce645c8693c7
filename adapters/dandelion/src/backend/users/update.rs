//! Changes a user. It takes several calls.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserPatch, UserRef};
use isogloss_interop::names;
use isogloss_interop::php::truth;
use serde_json::Value;

use crate::backend::api::Api;
use crate::backend::api::transport::Fields;
use crate::backend::groups;
use crate::backend::passwords;
use crate::backend::row::{Row, number};
use crate::backend::seen::Shown;
use crate::backend::users::read;
use crate::ids::{Gid, NAMESPACE, Uid};
use crate::roles::memberships::group_for;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};
use crate::wire::columns;

/// Changes a user. A change that takes rights away is sent before the password, and a change that
/// gives rights after it; a user is disabled first and enabled last.
pub(in crate::backend) async fn update(
    api: &Api,
    user: &UserRef,
    patch: UserPatch,
    seen: &Shown,
) -> Result<Outcome, Fault> {
    if patch.username.is_some() {
        let fault = Fault::new(FaultKind::Unsupported, "Dandelion cannot rename users");
        return Err(fault.about(Subject::Username));
    }
    if let Some(password) = &patch.password {
        passwords::check(password.as_ref())?;
    }
    let (id, known) = if needs_row(&patch) {
        let row = read::get_unless_seen(api, user, seen).await?;
        (row.id, Some(row))
    } else {
        (read::id_of(api, user).await?, None)
    };
    let edit = Edit::of(api, known.as_ref(), &patch)?;
    if let Some(group) = edit.group {
        groups::check(api, group).await?;
    }
    if patch.active == Some(false) {
        api.set_active(id, false).await?;
    }
    if !edit.gives_rights {
        edit.send(api, id).await?;
    }
    if let Some(password) = patch.password.clone() {
        let prompt = passwords::asks_for_new(value_of(&patch, INITIAL_LOGIN));
        let password = passwords::or_unknown(api, password);
        api.reset_password(id, &password, prompt).await?;
    }
    if edit.gives_rights {
        edit.send(api, id).await?;
    }
    if patch.active == Some(true) {
        api.set_active(id, true).await?;
    }
    let changed = read::get_changed(api, id, edit.group, patch.active).await?;
    Ok(Outcome::User(Box::new(changed.user)))
}

/// Enables or disables a user.
pub(in crate::backend) async fn set_active(
    api: &Api,
    user: &UserRef,
    active: bool,
) -> Result<Outcome, Fault> {
    let id = read::id_of(api, user).await?;
    api.set_active(id, active).await?;
    let changed = read::get_changed(api, id, None, Some(active)).await?;
    Ok(Outcome::User(Box::new(changed.user)))
}

/// A call of `users/edit`.
struct Edit {
    fields: Vec<(&'static str, String)>,
    /// The new group, if it changes.
    group: Option<Gid>,
    /// Whether the new group has more rights.
    gives_rights: bool,
}

impl Edit {
    /// The call for a patch. `known` is the present row, if the patch needs it.
    fn of(api: &Api, known: Option<&Row>, patch: &UserPatch) -> Result<Self, Fault> {
        let theme = value_of(patch, THEME).and_then(Value::as_str);
        columns::check_theme(theme)?;
        let name = match known {
            Some(known) => new_name(api, &known.user, patch),
            None => names::new_full(patch),
        };
        columns::check_full_name(name.as_deref().unwrap_or_default())?;
        // `users/resetpassword` sets the prompt together with a new password.
        let prompt = value_of(patch, INITIAL_LOGIN).filter(|_| patch.password.is_none());
        let group = known.and_then(|known| new_group(known, patch));
        let wanted = [
            ("fullname", name),
            ("role", group.map(|group| group.to_string())),
            ("theme", theme.map(str::to_owned)),
            ("prompt", prompt.and_then(number).map(|prompt| prompt.to_string())),
        ];
        let fields = wanted.into_iter().filter_map(|(name, value)| Some((name, value?)));
        // The server ignores an empty value and `0`.
        let fields = fields.filter(|(_, value)| truth::of_text(value)).collect();
        let gives_rights = match group {
            Some(Gid::ADMINISTRATORS) => true,
            Some(Gid::GUESTS) | None => false,
            Some(Gid::ORDINARY) => known.is_some_and(|known| known.group == Gid::GUESTS),
            // One of the server's own groups can have more rights than any but the administrators'.
            Some(_) => known.is_some_and(|known| known.group != Gid::ADMINISTRATORS),
        };
        Ok(Self { fields, group, gives_rights })
    }

    async fn send(&self, api: &Api, id: Uid) -> Result<(), Fault> {
        if self.fields.is_empty() {
            return Ok(());
        }
        let fields: Fields<'_> =
            self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        api.edit(id, fields).await
    }
}

/// Whether a change depends on the present row: the group on the present group, one of two names on
/// the other one, and the default for a removed name on the user name.
fn needs_row(patch: &UserPatch) -> bool {
    let groups = patch.groups.as_ref().is_some_and(|change| change.namespace == NAMESPACE);
    let removed = names::new_full(patch).is_some_and(|name| name.is_empty());
    groups || removed || patch.role.is_some() || names::changes_one(patch)
}

/// The new value of an attribute.
fn value_of<'a>(patch: &'a UserPatch, name: &str) -> Option<&'a Value> {
    patch.attributes.get(name).and_then(Option::as_ref)
}

/// The new full name. It cannot be removed: the default replaces it.
fn new_name(api: &Api, known: &User, patch: &UserPatch) -> Option<String> {
    let name = names::changed_full(known, patch)?;
    let default = || api.service.defaults.full_name_of(&known.username);
    Some(if name.is_empty() { default() } else { name })
}

/// The new group, if the patch has a role or groups and the group changes by it. A user in one of
/// the server's own groups stays in it until then.
fn new_group(known: &Row, patch: &UserPatch) -> Option<Gid> {
    let groups = patch.groups.as_ref().filter(|change| change.namespace == NAMESPACE);
    if patch.role.is_none() && groups.is_none() {
        return None;
    }
    let wanted = match (groups, patch.role.unwrap_or(known.user.role)) {
        (None, Role::Manager | Role::User) if known.group == Gid::GUESTS => Gid::GUESTS,
        (groups, role) => group_for(role, groups),
    };
    Some(wanted).filter(|group| *group != known.group)
}
