//! `dandelion/*`: the server itself.

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;

/// `dandelion/version`.
pub(crate) async fn version(call: &Call<'_>) -> Result<Answer, Failure> {
    Ok(call.options.differences().reported.into())
}
