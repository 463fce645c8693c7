//! `users/getusers` and `users/getuser`.

use serde_json::Value;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::options::Version;
use crate::wire::person::{self, Shape, person};

/// `users/getusers`: all users, the disabled ones too.
pub(crate) async fn get_users(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("edituser").await?;
    let users = call.all_users().await?;
    let version = call.options.version;
    let shape = Shape::other(version);
    let shown = users.iter().map(|user| person(user, call.namespace(), shape));
    Ok(person::list(shown.collect(), version).into())
}

/// `users/getuser`: the caller as a list of one; another user without a list in 6.1
/// (`fixtures/transcripts/dandelion/getuser.json`).
pub(crate) async fn get_user(call: &Call<'_>) -> Result<Answer, Failure> {
    let version = call.options.version;
    let Some(uid) = call.other_uid() else {
        let own = person(call.user, call.namespace(), Shape::own(version));
        return Ok(person::list(vec![own], version).into());
    };
    call.need("edituser").await?;
    let Some(user) = call.find_user(call.user_ref(uid)).await? else {
        return Ok(Value::Null.into());
    };
    let other = person(&user, call.namespace(), Shape::other(version));
    Ok(match version {
        Version::V6_1 => other.into(),
        Version::V6_0 => person::list(vec![other], version).into(),
    })
}
