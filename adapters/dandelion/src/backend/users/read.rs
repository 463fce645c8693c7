//! Reads users.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;

use crate::backend::api::Api;
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::row::{Row, Rows};
use crate::backend::seen::Shown;
use crate::ids::{Gid, Uid};

/// Reads a user by id or name.
pub(in crate::backend) async fn get(api: &Api, user: &UserRef) -> Result<Row, Fault> {
    match user {
        UserRef::Native(namespace, id) if *namespace == api.service.namespace => {
            api.user(parse_id(id)?).await
        }
        UserRef::Name(name) => {
            let mut rows = api.users().await?;
            match rows.read.iter().position(|row| row.user.username == *name) {
                Some(at) => Ok(rows.read.swap_remove(at)),
                None if rows.unread.is_empty() => Err(Fault::not_found(Subject::User)),
                None => Err(unexpected("the list has users that cannot be read")),
            }
        }
        UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
            Err(unsupported(Verb::GetUser))
        }
    }
}

/// Reads a user, unless this request has seen their row.
pub(in crate::backend) async fn get_unless_seen(
    api: &Api,
    user: &UserRef,
    seen: &Shown,
) -> Result<Row, Fault> {
    let id = match user {
        UserRef::Native(namespace, id) if *namespace == api.service.namespace => {
            Some(parse_id(id)?)
        }
        UserRef::Id(_)
        | UserRef::Native(..)
        | UserRef::Name(_)
        | UserRef::FoldedName(_)
        | UserRef::Email(_) => None,
    };
    match id.and_then(|id| seen.row(id)) {
        Some(row) => Ok(row),
        None => get(api, user).await,
    }
}

/// A list of users as the answer to a command.
pub(in crate::backend) fn all(rows: Rows) -> Outcome {
    let users = rows.read.into_iter().map(|row| row.user).collect();
    Outcome::people(users, rows.unread)
}

/// The id of a user on the server. The server takes a number that it cannot read for the account of
/// the gateway's key (`fixtures/transcripts/dandelion/resetpassword.json`), so the backend sends
/// only ids that the server can read.
pub(in crate::backend) async fn id_of(api: &Api, user: &UserRef) -> Result<Uid, Fault> {
    match user {
        UserRef::Native(namespace, id) if *namespace == api.service.namespace => parse_id(id),
        UserRef::Native(..)
        | UserRef::Id(_)
        | UserRef::Name(_)
        | UserRef::FoldedName(_)
        | UserRef::Email(_) => get(api, user).await.map(|row| row.id),
    }
}

/// Reads a user after a change, and checks that the server shows the change: it answers "saved"
/// to any change.
pub(in crate::backend) async fn get_changed(
    api: &Api,
    id: Uid,
    group: Option<Gid>,
    active: Option<bool>,
) -> Result<Row, Fault> {
    let row = api.user(id).await?;
    let has_group = group.is_none_or(|group| group == row.group);
    if has_group && active.is_none_or(|active| active == row.user.active) {
        return Ok(row);
    }
    Err(unexpected("the server does not show a change"))
}

/// Reads an id. The server's column has 32 bits, so no user has an id outside of them.
fn parse_id(id: &str) -> Result<Uid, Fault> {
    let id = id.parse().ok().filter(|id: &i32| *id > 0);
    id.map(Uid).ok_or_else(|| Fault::not_found(Subject::User))
}
