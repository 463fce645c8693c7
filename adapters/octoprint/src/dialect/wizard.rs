//! The setup wizard, which creates the first user.

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::vouching::Voucher;

use crate::dialect::answers::{Answer, no_content};
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::members;
use crate::roles::groups::{ADMINS, USERS};
use crate::wire::values::may_be_named;

/// `POST /plugin/corewizard/acl`: if the two passwords differ, the call succeeds and creates nobody:
/// `fixtures/transcripts/octoprint/profile-firstrun.json`.
///
/// OctoPrint's wizard can overwrite users until it was run to its end. This one is closed as soon as
/// there is a user.
pub(crate) async fn first_user(call: &Call<'_>) -> Answer {
    if !call.options.first_run || call.has_users().await? {
        return Err(Failure::of(404));
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
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(Secret::new(password)),
        ..NewUser::default()
    };
    let groups = [USERS.to_owned(), ADMINS.to_owned()];
    let rights = call.rights().await?;
    members::give_new(&mut new, rights, &call.options.namespace, &groups, &[]);
    call.exchange.vouch(Voucher::Wizard, Command::CreateUser(Box::new(new))).await?;
    Ok(no_content())
}
