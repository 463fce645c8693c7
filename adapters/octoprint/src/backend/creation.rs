//! Creates a user in one request. If the user is not as asked for, the creation is undone.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::NewUser;
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, Refused, required_path_of};
use crate::backend::fault::{invalid, unexpected};
use crate::backend::keys;
use crate::backend::lookup::row;
use crate::backend::passwords::hashable;
use crate::backend::users::confirmed;
use crate::options::version::RightsModel;
use crate::roles::groups::{ADMINS, USERS};
use crate::roles::stored_role;
use crate::wire::may_be_named;

/// Creates a user.
pub(super) async fn create(api: &Api, user: NewUser) -> Result<Outcome, Fault> {
    check_name(api, &user.username)?;
    let (role, active) = (stored_role(user.role), !user.inactive);
    let body = body(api, &user, role)?;
    keys::revoke_of_predecessor(api, &user.username).await?;
    match api.post("", &body).await? {
        Ok(data) => match confirmed(api, &data, &user.username, (Some(role), Some(active))) {
            Err(fault) => Err(undo(api, &user.username, fault).await),
            created => created,
        },
        Err(Refused::Taken) => Err(Fault::conflict(Subject::Username)),
        Err(Refused::Value(sentence)) if sentence.to_lowercase().contains("username") => {
            Err(invalid(Subject::Username, "the server refuses the name"))
        }
        Err(Refused::Value(_) | Refused::Absent | Refused::PageNotFound) => {
            Err(unexpected("the server does not understand a creation"))
        }
    }
}

fn body(api: &Api, user: &NewUser, role: Role) -> Result<Map<String, Value>, Fault> {
    let password = user.password.clone().unwrap_or_else(|| api.random_password());
    let admin = role == Role::Administrator;
    let (rights, value) = match api.version().rights {
        RightsModel::Groups if admin => ("groups", json!([ADMINS, USERS])),
        RightsModel::Groups => ("groups", json!([USERS])),
        RightsModel::AdminSwitch => ("admin", json!(admin)),
    };
    let entries = [
        ("name", json!(user.username)),
        ("password", json!(hashable(api, &password)?.expose())),
        ("active", json!(!user.inactive)),
        (rights, value),
    ];
    Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Deletes a user who was created just now, but not as asked for. The name was free before.
async fn undo(api: &Api, name: &str, why: Fault) -> Fault {
    let Ok(path) = required_path_of(name) else { return why };
    // The read below tells whether this succeeded.
    drop(api.delete(&path).await);
    match row(api, name).await {
        Err(fault) if fault.is_absence_of(Subject::User) => why,
        Ok(row) if !row.active => why,
        Ok(_) | Err(_) => unexpected("a creation failed half-way; the account is left"),
    }
}

/// Refuses names that OctoPrint before 1.9 accepts but cannot handle.
fn check_name(api: &Api, name: &str) -> Result<(), Fault> {
    if !may_be_named(name, api.version().names) {
        let detail = "the name is empty, reserved, or begins or ends with white space";
        return Err(invalid(Subject::Username, detail));
    }
    required_path_of(name).map(drop)
}
