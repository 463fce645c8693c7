//! `users/getusers` and `users/getuser`.

use isogloss_canonical::listing::Rows;
use isogloss_interop::php;
use serde_json::Value;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::options::version::Lists;
use crate::wire::person;

/// `users/getusers`: all users, the disabled ones too.
pub(crate) async fn get_users(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("edituser").await?;
    let namespace = call.namespace().clone();
    let pages = call.everybody().await?;
    let differences = call.options.differences();
    let mut index = 0_usize;
    Ok(Answer::of_rows(Rows::new(pages, move |user, _, text| {
        if differences.lists == Lists::Object {
            text.extend(["\"", &index.to_string(), "\":"]);
        }
        index += 1;
        php::json::encode_members(text, person::members_of_other(user, &namespace, differences));
        Ok(())
    })))
}

/// `users/getuser`: the caller as a list of one; whether another user is one too depends on the
/// version.
pub(crate) async fn get_user(call: &Call<'_>) -> Result<Answer, Failure> {
    let differences = call.options.differences();
    let Some(uid) = call.other_uid() else {
        let own = person::own(call.user, call.namespace(), differences);
        return Ok(person::list(vec![own], differences).into());
    };
    call.need("edituser").await?;
    let Some(user) = call.find_user(call.user_ref(uid)).await? else {
        return Ok(Value::Null.into());
    };
    let other = person::other(&user, call.namespace(), differences);
    let listed = differences.lists_other;
    Ok(if listed { person::list(vec![other], differences) } else { other }.into())
}
