//! The setup wizard, which makes the first user while there is none.

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::vouching::Voucher;

use super::answers::{CRASH, Reply, abort, no_content};
use super::membership;
use super::visit::Visit;
use crate::rights::{ADMINS, USERS};
use crate::wire;

/// `POST /plugin/corewizard/acl`: passwords that differ make no user, and are not complained of:
/// `fixtures/transcripts/octoprint/profile-firstrun.json`.
///
/// OctoPrint lets the wizard overwrite users until it was run to its end; here it is shut as soon
/// as there is anybody.
pub(crate) async fn first_user(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    if !visit.settings.first_run || visit.has_users().await? {
        return Err(abort(404));
    }
    let fields = visit.json_or_values();
    let mut given = true;
    for field in ["user", "pass1", "pass2"] {
        given &= fields.contains(field)?;
    }
    if !given || fields.item("pass1")? != fields.item("pass2")? {
        return Ok(no_content());
    }
    let name = fields.item("user")?.as_str().ok_or(CRASH)?;
    let password = fields.item("pass1")?.as_str().ok_or(CRASH)?;
    if !wire::may_be_named(name) {
        return Err(CRASH);
    }
    let rights = visit.rights().await?.clone();
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(Secret::new(password)),
        ..NewUser::default()
    };
    let groups = [USERS.to_owned(), ADMINS.to_owned()];
    membership::give_new(&mut new, &rights, &visit.settings.namespace, &groups, &[]);
    visit.exchange.vouch(Voucher::Wizard, Command::CreateUser(Box::new(new))).await?;
    Ok(no_content())
}
