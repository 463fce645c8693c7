//! The setup wizard, which creates the first user: on a route with `first_run`, once.
//!
//! OctoPrint's wizard is open until a client ends it or a user exists. This one creates a user only if
//! there was never one. The gateway refuses a second user in the transaction that would create it, so that
//! of two wizards at the same moment one wins.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::vouching::Voucher;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{self, Answer, no_content};
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::members;
use crate::roles::groups::{ADMINS, USERS};
use crate::wire::values::may_be_named;

/// Says that a client has ended the wizard, and whether it has shown the steps about users.
const ENDED: SessionKind = "octoprint.wizard";
/// The one row of that kind.
const END: &str = "end";
const FOR_GOOD: Duration = Duration::from_hours(24 * 365 * 20);
/// The name of the wizard about users, and the version that OctoPrint 1.11 gives it.
const CORE: &str = "corewizard";
const VERSION: &str = "4";

/// `GET /api/setup/wizard`: what is still to be set up. That is the first user only: there are no printer
/// and no commands of a machine.
pub(crate) async fn state(call: &Call<'_>) -> Answer {
    let has_users = require_open(call).await?;
    let ended = call.exchange.sessions().recall(ENDED, END).await?;
    let seen = ended.is_some_and(|ended| ended["seen"] == true);
    let step = |required: bool| Py::dict([("required", Py::Bool(required))]);
    let details = Py::dict([
        ("acl", step(!has_users)),
        ("onlinecheck", step(false)),
        ("pluginblacklist", step(false)),
        ("printerprofile", step(false)),
        ("servercommands", step(false)),
    ]);
    let core = Py::dict([
        ("details", details),
        ("ignored", Py::Bool(seen)),
        ("required", Py::Bool(!has_users)),
        ("version", Py::Int(VERSION.into())),
    ]);
    answers::json(&Py::dict([(CORE, core)]))
}

/// `POST /api/setup/wizard`: ends the wizard. From then on only administrators see it.
pub(crate) async fn end(call: &Call<'_>) -> Answer {
    require_open(call).await?;
    let body = call.json().map_err(|_| Failure::of(400))?;
    if body == Py::None || !body.contains("handled")? {
        return Err(Failure::of(400));
    }
    let seen = body.item("handled")?.contains(CORE).unwrap_or(false);
    mark_ended(call, seen).await?;
    Ok(no_content())
}

/// Remembers that the wizard was ended.
pub(crate) async fn mark_ended(call: &Call<'_>, seen: bool) -> Result<(), Failure> {
    let row = serde_json::json!({"seen": seen});
    Ok(call.exchange.sessions().remember(ENDED, END, row, FOR_GOOD).await?)
}

/// Refuses everybody but administrators, once the wizard was ended and there is a user. Answers whether
/// there is one.
async fn require_open(call: &Call<'_>) -> Result<bool, Failure> {
    let has_users = call.has_users().await?;
    let has_ended = call.exchange.sessions().recall(ENDED, END).await?.is_some();
    if has_users && has_ended { call.require_admin().map(|()| true) } else { Ok(has_users) }
}

/// `POST /plugin/corewizard/acl`: if the two passwords differ, the call succeeds and creates nobody:
/// `fixtures/transcripts/octoprint/profile-firstrun.json`. Once there is a user it does not exist, and a
/// guest is not told so: `fixtures/transcripts/octoprint/setup-wizard.json`.
pub(crate) async fn first_user(call: &Call<'_>) -> Answer {
    if call.has_users().await? {
        return Err(Failure::of(if call.name().is_some() { 404 } else { 403 }));
    }
    let fields = call.json_or_values();
    let mut given = true;
    for field in ["user", "pass1", "pass2"] {
        given &= fields.contains(field)?;
    }
    if !given || fields.item("pass1")? != fields.item("pass2")? {
        return Ok(no_content());
    }
    let name = fields.item("user")?.as_str().ok_or(CRASH)?;
    let password = fields.item("pass1")?.as_str().ok_or(CRASH)?;
    if !may_be_named(name, call.differences().names) {
        return Err(CRASH);
    }
    create(call, name, password).await?;
    Ok(no_content())
}

/// Creates the first user, an administrator. A refusal is 403: there was a user before.
pub(crate) async fn create(call: &Call<'_>, name: &str, password: &str) -> Result<(), Failure> {
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(Secret::new(password)),
        ..NewUser::default()
    };
    let groups = [USERS.to_owned(), ADMINS.to_owned()];
    let rights = call.rights().await?;
    members::give_new(&mut new, rights, &call.options.namespace, &groups, &[]);
    call.exchange.vouch(Voucher::Wizard, Command::CreateUser(Box::new(new))).await?;
    Ok(())
}
