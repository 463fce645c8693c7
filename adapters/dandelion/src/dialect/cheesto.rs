//! `cheesto/*`: the board that shows who is present and who is absent.

use isogloss_canonical::command::Command;
use isogloss_canonical::people;
use isogloss_canonical::user::{AttributeChanges, UserPatch};
use serde_json::{Map, Value, json};

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::wire::attributes::{PREFIX, STATUS};
use crate::wire::{cheesto, columns};

/// `cheesto/read`: the row of one user, or the whole board. Disabled users have no row
/// (`fixtures/transcripts/dandelion/enable-disable.json`).
pub(crate) async fn read(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("viewcheesto").await?;
    let mut shown = match call.arguments.maybe_uid() {
        None => board(call).await?,
        Some(uid) => {
            let user = call.find_user(call.user_ref(uid)).await?;
            let Some(Value::Object(row)) =
                user.and_then(|user| cheesto::status(&user, call.namespace()))
            else {
                return Ok(Value::Null.into());
            };
            row
        }
    };
    shown.insert("statusOptions".to_owned(), cheesto::suggestions());
    Ok(Value::Object(shown).into())
}

async fn board(call: &Call<'_>) -> Result<Map<String, Value>, Failure> {
    let mut rows = Map::new();
    people::each(call.everybody().await?, |user| {
        if let Some(row) = cheesto::status(user, call.namespace()) {
            rows.insert(rows.len().to_string(), row);
        }
    })
    .await?;
    Ok(rows)
}

/// `cheesto/statustexts`: the suggestions. Any other status is accepted too.
pub(crate) async fn status_texts(_: &Call<'_>) -> Result<Answer, Failure> {
    Ok(cheesto::suggestions().into())
}

/// `cheesto/update`: sets the status of the caller or, with the right to edit users, of another
/// user.
pub(crate) async fn update(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("updatecheesto").await?;
    let other = call.other_uid();
    let has_row = match other {
        None => cheesto::has_status(call.user),
        Some(uid) => {
            call.need("edituser").await?;
            let user = call.find_user(call.user_ref(uid)).await?;
            user.is_some_and(|user| cheesto::has_status(&user))
        }
    };
    if !has_row {
        return Err(Failure::general("Error updating status"));
    }
    let changes = changes(call);
    let command = match other {
        None => Command::MergeSettings(call.me(), PREFIX.to_owned(), changes),
        Some(uid) => {
            let patch = UserPatch { attributes: changes, ..UserPatch::default() };
            Command::UpdateUser(call.user_ref(uid), Box::new(patch))
        }
    };
    call.run(command).await?;
    Ok("Status updated successfully".into())
}

fn changes(call: &Call<'_>) -> AttributeChanges {
    let text = |name: &str| call.arguments.text(name).unwrap_or_default();
    let values = [
        columns::tiny_text(text("status")),
        columns::text(text("message")),
        columns::text(text("returntime")),
        cheesto::time(call.exchange.now()),
    ];
    let names = STATUS.map(str::to_owned);
    names.into_iter().zip(values.map(|value| Some(json!(value)))).collect()
}
