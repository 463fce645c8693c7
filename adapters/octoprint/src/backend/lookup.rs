//! Finds users on the server: by their path, or else in the list.

use isogloss_canonical::fault::{Fault, Subject};
use serde_json::Value;

use crate::backend::api::{Api, Refused, path_of};
use crate::backend::fault::unexpected;
use crate::backend::row::{Listed, Row};

/// The fault of a request about one user that the server refused.
pub(super) async fn fault_of(api: &Api, name: &str, why: Refused) -> Fault {
    match why {
        Refused::Absent => Fault::not_found(Subject::User),
        // Only the list can tell whether the user exists.
        Refused::PageNotFound => match row_of_list(api, name).await {
            Ok(_) => unexpected("the server does not find a user whom it lists"),
            Err(fault) => fault,
        },
        Refused::Taken | Refused::Value(_) => {
            unexpected("the server does not understand a request about a user")
        }
    }
}

/// The row of one user.
pub(super) async fn row(api: &Api, name: &str) -> Result<Row, Fault> {
    // A user without a path is in the list all the same.
    let Some(path) = path_of(name) else { return row_of_list(api, name).await };
    match api.get(&path).await? {
        Ok(data) => {
            let row = Row::read(&data)?;
            if row.name == name {
                Ok(row)
            } else {
                Err(unexpected("the server shows another user"))
            }
        }
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

/// The rows of all users.
pub(super) async fn rows(api: &Api) -> Result<Listed, Fault> {
    Row::read_all(&list_data(api).await?)
}

async fn row_of_list(api: &Api, name: &str) -> Result<Row, Fault> {
    let found = Row::find(&list_data(api).await?, name)?;
    found.ok_or_else(|| Fault::not_found(Subject::User))
}

async fn list_data(api: &Api) -> Result<Value, Fault> {
    api.get("").await?.map_err(|_| unexpected("the server does not list its users"))
}
