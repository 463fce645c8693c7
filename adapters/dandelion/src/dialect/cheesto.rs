//! `cheesto/*`: the board that shows who is in and who is out.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{AttributeChanges, UserPatch};
use serde_json::{Map, Value, json};

use crate::dialect::call::{Asked, Failure, Said};
use crate::dialect::users::{TEXT_BYTES, TINY_BYTES};
use crate::php;
use crate::wire::{self, PREFIX, STATUS};

/// `cheesto/read`: one place on the board, or all of it. Disabled people have none
/// (`fixtures/transcripts/dandelion/enable-disable.json`).
pub(crate) async fn read(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("viewcheesto").await?;
    let mut shown = match asked.given.uid() {
        None => board(asked).await?,
        Some(uid) => {
            let user = asked.look_up(asked.person(uid)).await?;
            match user.and_then(|user| wire::status(&user, asked.namespace())) {
                Some(Value::Object(members)) => members,
                _ => return Ok(Value::Null.into()),
            }
        }
    };
    shown.insert("statusOptions".to_owned(), wire::status_texts());
    Ok(Value::Object(shown).into())
}

async fn board(asked: &Asked<'_>) -> Result<Map<String, Value>, Failure> {
    let users = asked.everybody().await?;
    let places = users.iter().filter_map(|user| wire::status(user, asked.namespace()));
    Ok(places.enumerate().map(|(at, place)| (at.to_string(), place)).collect())
}

/// `cheesto/statustexts`: the suggestions; any other status will do too.
pub(crate) async fn status_texts(_: &Asked<'_>) -> Result<Said, Failure> {
    Ok(wire::status_texts().into())
}

/// `cheesto/update`.
pub(crate) async fn update(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("updatecheesto").await?;
    let other = asked.given.uid().filter(|uid| !asked.is_me(*uid));
    let placed = match other {
        None => wire::has_status(asked.user),
        Some(uid) => {
            asked.need("edituser").await?;
            let user = asked.look_up(asked.person(uid)).await?;
            user.is_some_and(|user| wire::has_status(&user))
        }
    };
    if !placed {
        return Err(Failure::general("Error updating status"));
    }
    let changes = changes(asked);
    let command = match other {
        None => Command::MergeSettings(asked.me(), PREFIX.to_owned(), changes),
        Some(uid) => {
            let patch = UserPatch { attributes: changes, ..UserPatch::default() };
            Command::UpdateUser(asked.person(uid), Box::new(patch))
        }
    };
    asked.run(command).await?;
    Ok("Status updated successfully".into())
}

fn changes(asked: &Asked<'_>) -> AttributeChanges {
    let text = |name: &str, bytes| php::cut(asked.given.text(name).unwrap_or_default(), bytes);
    let values = [
        text("status", TINY_BYTES).to_owned(),
        text("message", TEXT_BYTES).to_owned(),
        text("returntime", TEXT_BYTES).to_owned(),
        wire::second(asked.exchange().now()),
    ];
    let names = STATUS.map(str::to_owned);
    names.into_iter().zip(values.map(|value| Some(json!(value)))).collect()
}
