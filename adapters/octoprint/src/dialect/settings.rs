//! The settings of a user.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{AttributeChanges, UserRef};
use isogloss_interop::python::dict::Dict;
use isogloss_interop::python::json::write::shown_length;
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json, success};
use crate::dialect::arguments;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::wire::{self, SETTINGS};

/// The most bytes of a user's settings. OctoPrint has no limit, but one account must not be able to
/// fill the gateway's disk.
const MOST_STORED: usize = 1 << 20;
/// The most bytes of the answer that shows the settings of a request: a constant, and so many for each
/// byte of the request. In the answer each item is on a line of its own, indented by its depth: a list
/// in a list, 100 deep, is 21 KB long.
const MOST_SHOWN: usize = 24 * 1024;
const MOST_SHOWN_PER_BYTE: usize = 16;
/// The most bytes of the answer that shows all settings of a user.
const MOST_SHOWN_IN_ALL: usize = MOST_SHOWN_PER_BYTE * MOST_STORED;

/// `GET /api/access/users/NAME/settings`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    let command = Command::ReadSettings(call.named_user(), SETTINGS.to_owned());
    let attributes = call.run(command).await?.settings()?;
    json(&wire::settings(&attributes))
}

/// `PATCH /api/access/users/NAME/settings`: merges at the top level only.
pub(crate) async fn merge(call: &Call<'_>) -> Answer {
    if !call.is_about_caller() {
        call.require_recent_password()?;
    }
    let Py::Dict(entries) = arguments::json_to_store(call.request)? else {
        // A user who does not exist is a 404 before the wrong body is a 500.
        call.user(&call.parameter).await?;
        return Err(CRASH);
    };
    store(call, &call.named_user(), &entries).await?;
    success()
}

/// Merges entries into a user's settings. Refuses more than one request or one user may have.
pub(crate) async fn store(
    call: &Call<'_>,
    user: &UserRef,
    entries: &Dict<Py>,
) -> Result<(), Failure> {
    let most_shown = MOST_SHOWN + MOST_SHOWN_PER_BYTE * call.request.body.len();
    if entries.iter().map(|(_, value)| shown_length(value, 1)).sum::<usize>() > most_shown {
        return Err(Failure::of(400));
    }
    let change =
        |(key, value): (&str, &Py)| (format!("{SETTINGS}{key}"), Some(stored::to_json(value)));
    let changes: AttributeChanges = entries.iter().map(change).collect();
    check_size(call, user, &changes).await?;
    let command = Command::MergeSettings(user.clone(), SETTINGS.to_owned(), changes);
    call.run(command).await?;
    Ok(())
}

/// Refuses changes after which a user would have too many settings.
async fn check_size(
    call: &Call<'_>,
    user: &UserRef,
    changes: &AttributeChanges,
) -> Result<(), Failure> {
    let command = Command::ReadSettings(user.clone(), SETTINGS.to_owned());
    let mut merged = call.run(command).await?.settings()?;
    merged.extend(changes.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))));
    let size = serde_json::to_vec(&merged).map_err(|_| CRASH)?.len();
    let shown = shown_length(&wire::settings(&merged), 0);
    if size > MOST_STORED || shown > MOST_SHOWN_IN_ALL { Err(Failure::of(400)) } else { Ok(()) }
}
