//! A user's own API key.

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::keys::{remove, replace, shape};
use crate::dialect::v1_3::answers::{json, success, unknown_user};

/// `POST /api/users/NAME/apikey`: a new key in place of the old one.
pub(crate) async fn issue(call: &Call<'_>) -> Answer {
    let key = replace(call, call.named_user()).await.map_err(|fault| unknown_user(call, fault))?;
    json(call, &shape(&key))
}

/// `DELETE /api/users/NAME/apikey`: succeeds even if there is no key.
pub(crate) async fn revoke(call: &Call<'_>) -> Answer {
    remove(call, call.named_user()).await.map_err(|fault| unknown_user(call, fault))?;
    success(call)
}
