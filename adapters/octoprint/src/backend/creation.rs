//! Creates a user in one request. If the user is not as asked for, the creation is undone.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{AttributeChanges, NewUser};
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, Refused, required_path_of};
use crate::backend::fault::{invalid, unexpected};
use crate::backend::keys;
use crate::backend::lookup::row;
use crate::backend::passwords::hashable;
use crate::backend::rights::Wanted;
use crate::backend::row::Row;
use crate::backend::settings;
use crate::backend::users::confirmed;
use crate::options::version::RightsModel;
use crate::roles::groups::{ADMINS, USERS};
use crate::roles::stored_role;
use crate::wire::values::may_be_named;

/// Creates a user, with groups, permissions and settings.
pub(super) async fn create(api: &Api, user: NewUser) -> Result<Outcome, Fault> {
    check_name(api, &user.username)?;
    let changes: AttributeChanges =
        user.attributes.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    let wanted = wanted(api, &user, &changes).await?;
    let body = body(api, &user, &wanted)?;
    keys::revoke_of_predecessor(api, &user.username).await?;
    match api.post("", &body).await? {
        Ok(data) => match finished(api, &data, (&user.username, &wanted), &changes).await {
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

/// What a creation asks for. Without groups, those of the role.
async fn wanted(api: &Api, user: &NewUser, changes: &AttributeChanges) -> Result<Wanted, Fault> {
    let role = stored_role(user.role);
    let rights = Wanted::rights(api, user.groups.as_ref(), changes).await?;
    let usual = match (api.version().rights, role) {
        (RightsModel::AdminSwitch, _) => None,
        (RightsModel::Groups, Role::Administrator) => {
            Some(vec![ADMINS.to_owned(), USERS.to_owned()])
        }
        (RightsModel::Groups, _) => Some(vec![USERS.to_owned()]),
    };
    let (groups, active) = (rights.groups.clone().or(usual), Some(!user.inactive));
    let permissions = rights.permissions.filter(|keys| !keys.is_empty());
    let wanted = Wanted { role: Some(role), active, groups, permissions };
    Ok(match api.version().rights {
        RightsModel::Groups => wanted.with_role(&Row::default()),
        RightsModel::AdminSwitch => wanted,
    })
}

/// The user whom the list shows after a creation, with the settings.
async fn finished(
    api: &Api,
    data: &Value,
    (name, wanted): (&str, &Wanted),
    changes: &AttributeChanges,
) -> Result<Outcome, Fault> {
    let created = confirmed(api, data, name, wanted)?;
    let settings = settings::of(changes);
    if settings.is_empty() {
        return Ok(created);
    }
    let row = settings::merge(api, name, &settings).await?;
    Ok(Outcome::User(Box::new(row.user(api.namespace()))))
}

fn body(api: &Api, user: &NewUser, wanted: &Wanted) -> Result<Map<String, Value>, Fault> {
    let password = user.password.clone().unwrap_or_else(|| api.random_password());
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(user.username));
    body.insert("password".to_owned(), json!(hashable(api, &password)?.expose()));
    body.insert("active".to_owned(), json!(!user.inactive));
    match api.version().rights {
        RightsModel::Groups => body.extend(wanted.body()),
        RightsModel::AdminSwitch => {
            body.insert("admin".to_owned(), json!(wanted.role == Some(Role::Administrator)));
        }
    }
    Ok(body)
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
