//! The page for browsers.

use crate::dialect::answers::{Answer, page};
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::v1_3::passive;
use crate::options::version::Gate;

/// `GET /`: signs a browser in as who it is already. The page of 1.3.0 carries the key that its own
/// requests send with the session's cookie.
pub(crate) async fn index(call: &mut Call<'_>) -> Answer {
    if let Some(user) = call.caller.user().cloned() {
        passive::sign_in(call, &user).await?;
    }
    let name = escaped(call.name().unwrap_or_default());
    let key = match call.differences().gate {
        Gate::Key => {
            format!("<script>var UI_API_KEY = \"{}\";</script>\n", call.page_key()?)
        }
        Gate::Csrf | Gate::ForceLogin => String::new(),
    };
    Ok(page(format!(
        "<!DOCTYPE html>\n<html>\n<title>OctoPrint</title>\n{key}<h1>OctoPrint</h1>\n<p>{name}</p>\n</html>\n"
    )))
}
