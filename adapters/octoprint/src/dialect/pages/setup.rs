//! The page of the setup wizard, on a route with `first_run`: a person creates the first user.

use isogloss_interop::python::form::{self as fields, posted};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, redirect};
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::csrf::{give_token, is_own_form};
use crate::dialect::failure::Failure;
use crate::dialect::login::by_password;
use crate::dialect::pages::frame::{EXPIRED, TOKEN, alert, form, page};
use crate::dialect::wizard;
use crate::wire::values::{LONGEST_PASSWORD, may_be_named};

const DIFFERENT: &str = "The two passwords differ.";
const UNFIT: &str = "This user name or this password cannot be used.";

/// `POST /`: receives the form, creates the user and signs them in. If there was a user before, it leads
/// to the login page.
pub(crate) async fn submit(call: &mut Call<'_>) -> Answer {
    let login = format!("{}/login/", call.site.root);
    if !call.awaits_setup().await? {
        return Ok(redirect(303, &login));
    }
    let sent = posted(call.request);
    let field = |name| fields::value(&sent, name).unwrap_or_default();
    let (name, password) = (field("user"), field("pass1"));
    let fits = may_be_named(name, call.differences().names)
        && !password.is_empty()
        && password.chars().count() <= LONGEST_PASSWORD;
    if !is_own_form(call, field(TOKEN))? {
        return shown(call, 400, name, Some(EXPIRED));
    }
    if password != field("pass2") {
        return shown(call, 400, name, Some(DIFFERENT));
    }
    if !fits {
        return shown(call, 400, name, Some(UNFIT));
    }
    match wizard::create(call, name, password).await {
        Ok(()) => {}
        Err(Failure { status: 400, .. }) => return shown(call, 400, name, Some(UNFIT)),
        // Somebody else was faster.
        Err(Failure { status: 403 | 409, .. }) => return Ok(redirect(303, &login)),
        Err(failure) => return Err(failure),
    }
    wizard::mark_ended(call, true).await?;
    by_password(call, &Py::text(name), &Py::text(password), false).await?;
    Ok(redirect(303, &format!("{}/", call.site.root)))
}

/// The page with its form: whose name stands in it.
pub(crate) fn shown(call: &mut Call<'_>, status: u16, name: &str, said: Option<&str>) -> Answer {
    let token = give_token(call)?;
    let main = format!(
        "<p>There is no user yet. Create the administrator.</p>\n{}{}\
         <label for=setup-user>User name</label>\n\
         <input id=setup-user name=user value=\"{}\" autocomplete=username autocapitalize=none required>\n\
         <label for=setup-password>Password</label>\n\
         <input id=setup-password name=pass1 type=password autocomplete=new-password required>\n\
         <label for=setup-again>The password again</label>\n\
         <input id=setup-again name=pass2 type=password autocomplete=new-password required>\n\
         <button id=setup-button>Create</button>\n</form>\n",
        alert(said),
        form(&format!("{}/", call.site.root), &token),
        escaped(name),
    );
    Ok(page(call, status, "OctoPrint Setup", &main))
}
