//! `getMe`: the caller's own account.

use isogloss_canonical::command::Command;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::user::UserRef;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::keys::token_holders;
use crate::wire::user::UserRow;

/// `getMe`. The answer is null for the application, which may call it as `getme`.
pub(crate) async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(user) = call.caller.user() else { return Ok(Php::Null) };
    let holders = token_holders(call, Some(user.id)).await?;
    let mut token = Php::Null;
    if holders.contains(&user.id) {
        let namespace = call.options.namespace.clone();
        let command = Command::ListKeys(Some(UserRef::Id(user.id)), namespace, KeyChoice::All);
        let shown = call.run(command).await?.keys()?.into_iter().find_map(|key| key.shown);
        token = shown.map_or(Php::Null, |token| Php::from(token.expose()));
    }
    Ok(UserRow::new(call.options, user, token).encode_own())
}
