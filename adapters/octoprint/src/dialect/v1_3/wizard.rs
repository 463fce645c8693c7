//! The setup wizard, which creates the first user.

use isogloss_canonical::command::Command;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::vouching::Voucher;

use crate::dialect::answers::Answer;
use crate::dialect::arguments::is_yes_as;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::v1_3::account::hashable;
use crate::dialect::v1_3::answers::no_content;
use crate::dialect::v1_3::bodies::json_or_values;
use crate::wire::values::may_be_named;

/// `POST /plugin/corewizard/acl`: with `ac` it creates the first user; if the two passwords differ, it
/// succeeds and creates nobody. Without `ac` OctoPrint switches access control off for good, which no
/// guest can do here.
pub(crate) async fn first_user(call: &Call<'_>) -> Answer {
    if !call.awaits_setup().await? {
        return Err(Failure::of(404));
    }
    let fields = json_or_values(call);
    if !fields.contains("ac")? {
        return Ok(no_content());
    }
    if !is_yes_as(fields.item("ac")?, call.differences().trues)? {
        return Err(Failure::of(403));
    }
    let (Some(name), Some(password)) = (fields.get("user"), fields.get("pass1")) else {
        return Ok(no_content());
    };
    if fields.get("pass2") != Some(password) {
        return Ok(no_content());
    }
    let username = name.as_str().ok_or(CRASH)?.to_owned();
    if !may_be_named(&username, call.differences().names) {
        return Err(CRASH);
    }
    let (password, role) = (Some(hashable(call, password)?), Role::Administrator);
    let new = NewUser { username, password, role, ..NewUser::default() };
    call.exchange.vouch(Voucher::Wizard, Command::CreateUser(Box::new(new))).await?;
    Ok(no_content())
}
