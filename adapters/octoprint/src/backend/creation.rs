//! How somebody is created: in one request, which either did what was asked or is undone.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, Role};
use serde_json::{Map, json};

use crate::backend::api::{Said, unexpected};
use crate::backend::passwords::checked;
use crate::backend::people::{addressed, confirmed, held};
use crate::backend::{Era, OctoPrintBackend};
use crate::rights::{ADMINS, USERS};
use crate::wire::may_be_named;

impl OctoPrintBackend {
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        check_name(&user.username)?;
        let password = user.password.clone().unwrap_or_else(|| self.nobody_knows());
        let password = checked(&password)?;
        let (role, active) = (held(user.role), !user.inactive);
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(user.username));
        body.insert("password".to_owned(), json!(password.expose()));
        body.insert("active".to_owned(), json!(active));
        let admin = role == Role::Administrator;
        match self.era {
            Era::Groups if admin => body.insert("groups".to_owned(), json!([ADMINS, USERS])),
            Era::Groups => body.insert("groups".to_owned(), json!([USERS])),
            Era::Switch => body.insert("admin".to_owned(), json!(admin)),
        };
        match self.api.say("POST", "", &body).await? {
            Said::Data(data) => match confirmed(&data, &user.username, Some(role), Some(active)) {
                Err(fault) => Err(self.undo(&user.username, fault).await),
                made => made,
            },
            Said::Taken => Err(Fault::conflict(Subject::Username)),
            Said::Refused(words) if words.to_lowercase().contains("username") => {
                Err(invalid_name("it refuses the name"))
            }
            Said::Refused(_) | Said::Absent | Said::Lost => {
                Err(unexpected("it does not understand how somebody is created"))
            }
        }
    }

    /// Deletes somebody who was created just now, but not as was asked: the name was nobody's.
    async fn undo(&self, name: &str, why: Fault) -> Fault {
        let Ok(tail) = addressed(name) else { return why };
        // Whether it was done is read below.
        drop(self.api.delete(&tail).await);
        match self.row(name).await {
            Err(fault) if fault.is_absence_of(Subject::User) => why,
            Ok(row) if !row.active => why,
            _ => unexpected("a creation failed half-way; the account is left"),
        }
    }
}

/// OctoPrint before 1.9 would take names that it cannot live with.
fn check_name(name: &str) -> Result<(), Fault> {
    if !may_be_named(name) {
        return Err(invalid_name("the name is empty, reserved, or begins or ends with a blank"));
    }
    addressed(name).map(drop)
}

fn invalid_name(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Invalid, detail).about(Subject::Username)
}
