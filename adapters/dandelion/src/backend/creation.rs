//! Creates a user in several steps. If a later step fails, the user is deleted again.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, folded};
use isogloss_interop::names;
use isogloss_interop::php::truth;
use serde_json::Value;

use crate::backend::api::transport::Fields;
use crate::backend::api::{Acted, Api};
use crate::backend::fault::{in_creation, unexpected};
use crate::backend::groups;
use crate::backend::passwords;
use crate::backend::row::{Row, Rows};
use crate::backend::seen::Shown;
use crate::backend::users::read;
use crate::ids::{Gid, Uid};
use crate::roles::memberships::group_for;
use crate::wire::attributes::{CHEESTO, INITIAL_LOGIN, THEME};
use crate::wire::columns;

/// Creates a user. `users/create` does not take a theme or a disabled user: these are set
/// afterwards, and the rights of an administrator last.
pub(super) async fn create(api: &Api, user: NewUser, seen: Shown) -> Result<Outcome, Fault> {
    let name = full_name(api, &user);
    let theme = user.attributes.get(THEME).and_then(Value::as_str);
    let theme = theme.filter(|theme| truth::of_text(theme));
    columns::check_username(&user.username)?;
    columns::check_full_name(&name)?;
    columns::check_theme(theme)?;
    let group = group_for(user.role, user.groups.as_ref());
    groups::check(api, group).await?;
    let has_more = user.inactive || theme.is_some();
    let first = if has_more && group == Gid::ADMINISTRATORS { Gid::ORDINARY } else { group };
    let before = match seen.list() {
        Some(list) => list,
        None => api.users().await?,
    };
    send(api, &user, &name, first).await?;
    let made = find_created(api, &before, &user.username).await?;
    if !has_more {
        return Ok(Outcome::User(Box::new(made.user)));
    }
    let rest = Rest { inactive: user.inactive, group, theme };
    match rest.send(api, &made).await {
        Ok(made) => Ok(Outcome::User(Box::new(made.user))),
        Err(fault) => Err(undo(api, made.id, fault).await),
    }
}

async fn send(api: &Api, user: &NewUser, name: &str, group: Gid) -> Result<(), Fault> {
    let password = passwords::or_unknown(api, user.password.clone());
    let group = group.to_string();
    let mut fields: Fields<'_> = vec![
        ("username", &user.username),
        ("password", password.expose()),
        ("fullname", name),
        ("role", &group),
    ];
    // The default of both is on.
    if user.attributes.get(CHEESTO) == Some(&Value::Bool(false)) {
        fields.push(("cheesto", "false"));
    }
    if !passwords::asks_for_new(user.attributes.get(INITIAL_LOGIN)) {
        fields.push(("force_reset", "false"));
    }
    match api.create(fields).await? {
        Acted::Done => Ok(()),
        Acted::Refused => Err(unexpected("the server refuses to create a user")),
        Acted::Failed(fault) => Err(reason(api, &user.username, fault).await),
    }
}

/// Finds the user who was just created: the server does not answer the id. On some connections the
/// server tells two names apart that others take for one. So this must be the one user who was not
/// there before, has an id above all others, and has exactly this name.
async fn find_created(api: &Api, before: &Rows, username: &str) -> Result<Row, Fault> {
    let highest = before.read.iter().map(|row| row.id).max();
    let is_new = |row: &Row| Some(row.id) > highest && row.user.username == username;
    let mut after = api.users().await?.read;
    after.retain(is_new);
    match (after.pop(), after.is_empty()) {
        (Some(made), true) => Ok(made),
        (Some(_) | None, _) => Err(unexpected("the list does not show the created user")),
    }
}

/// The steps after `users/create`.
struct Rest<'a> {
    inactive: bool,
    group: Gid,
    theme: Option<&'a str>,
}

impl Rest<'_> {
    async fn send(&self, api: &Api, made: &Row) -> Result<Row, Fault> {
        if self.inactive {
            api.set_active(made.id, false).await?;
            read::get_changed(api, made.id, Some(made.group), Some(false)).await?;
        }
        let group = self.group.to_string();
        let mut fields: Fields<'_> = Vec::new();
        fields.extend(self.theme.map(|theme| ("theme", theme)));
        fields.extend((self.group != made.group).then_some(("role", group.as_str())));
        if !fields.is_empty() {
            api.edit(made.id, fields).await?;
        }
        read::get_changed(api, made.id, Some(self.group), Some(!self.inactive)).await
    }
}

/// Deletes a user whose creation failed, and gives the fault of the creation. The server does not
/// delete administrators, so the rights are taken away first. If the user cannot be deleted, the
/// fault says so.
async fn undo(api: &Api, id: Uid, fault: Fault) -> Fault {
    // The read below shows whether these two were done.
    drop(api.set_group(id, Gid::ORDINARY).await);
    drop(api.delete(id).await);
    match api.user(id).await {
        Err(absence) if absence.is_absence_of(Subject::User) => in_creation(fault),
        Ok(_) | Err(_) => match api.set_active(id, false).await {
            Ok(()) => unexpected("a creation failed; the account is left, disabled"),
            Err(_) => unexpected("a creation failed; the account is left"),
        },
    }
}

/// The reason of a failed creation: a conflict if the name exists, else the fault itself.
async fn reason(api: &Api, username: &str, fault: Fault) -> Fault {
    let is_same = |row: &Row| folded(&row.user.username) == folded(username);
    match api.users().await {
        Ok(rows) if rows.read.iter().any(is_same) => Fault::conflict(Subject::Username),
        Ok(_) => fault,
        Err(outage) => outage,
    }
}

/// The full name of a new user, which the server requires.
fn full_name(api: &Api, user: &NewUser) -> String {
    names::full(user).unwrap_or_else(|| api.service.defaults.full_name_of(&user.username))
}
