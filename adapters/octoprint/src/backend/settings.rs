//! The settings of a user, which the server stores.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::user::AttributeChanges;
use isogloss_interop::python::json::write::write;
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;
use serde_json::json;

use crate::backend::api::{Api, required_path_of};
use crate::backend::fault::{impossible, invalid, unexpected};
use crate::backend::lookup::{fault_of, row};
use crate::backend::row::Row;
use crate::wire::SETTINGS;

/// The settings among the changes of attributes.
pub(super) fn of(changes: &AttributeChanges) -> AttributeChanges {
    let own = changes.iter().filter(|(name, _)| name.starts_with(SETTINGS));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Merges settings into those of a user, and reads them again.
pub(super) async fn merge(api: &Api, name: &str, changes: &AttributeChanges) -> Result<Row, Fault> {
    let path = required_path_of(name)?;
    let body = body(changes)?;
    match api.patch_settings(&path, body).await? {
        Ok(data) if data == json!({}) => {}
        Ok(_) => return Err(unexpected("the answer to new settings is not empty")),
        Err(why) => return Err(fault_of(api, name, why).await),
    }
    let row = row(api, name).await?;
    let is_shown = |(name, value): (&String, &Option<serde_json::Value>)| {
        row.settings.get(name) == value.as_ref()
    };
    if changes.iter().all(is_shown) {
        Ok(row)
    } else {
        Err(unexpected("the server does not show new settings"))
    }
}

/// The settings as the server reads them. A number that is none (NaN) is refused: while a user has one,
/// the server cannot list its users (`fixtures/transcripts/octoprint/users-settings-nan.json`).
fn body(changes: &AttributeChanges) -> Result<String, Fault> {
    let mut settings = Py::dict([]);
    for (name, value) in changes {
        let removed = || impossible(Subject::User, "the server removes no settings");
        let value = value.as_ref().ok_or_else(removed)?;
        let name = name.strip_prefix(SETTINGS).unwrap_or(name).to_owned();
        settings.set(name, stored::from_json(value));
    }
    let detail = "the server cannot show settings with a number that is none";
    write(&settings).map_err(|_| invalid(Subject::User, detail))
}
