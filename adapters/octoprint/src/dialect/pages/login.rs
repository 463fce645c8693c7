//! `/login/`: the page on which a person signs in.

use isogloss_interop::percent;
use isogloss_interop::python::form::{self as fields, posted};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, redirect};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::csrf::{give_token, is_own_form};
use crate::dialect::failure::Failure;
use crate::dialect::login::{by_password, sign_in_passively, sign_out};
use crate::dialect::pages::destination::{destination, is_dialog};
use crate::dialect::pages::frame::{EXPIRED, LEAVE, TOKEN, alert, form, hidden, page};
use crate::dialect::pages::index::NEEDED;
use crate::dialect::pages::setup;
use crate::roles::permissions::Permission;

const WRONG: &str = "The user name or the password is wrong, or the account is not active.";
const OFTEN: &str = "There were too many failed logins. Try again later.";

/// `GET /login/`: shows the form, with a new CSRF token. A caller who is already the user, and has the
/// permissions, that the query asks for is redirected.
pub(crate) async fn login(call: &mut Call<'_>) -> Answer {
    sign_in_passively(call).await?;
    if call.awaits_setup().await? {
        return setup::shown(call, 200, "", None);
    }
    let target = destination(call, call.value("redirect"));
    if is_signed_in_as_asked(call).await? {
        return Ok(redirect(302, &target));
    }
    let named = call.value("user_id").filter(|asked| !asked.is_empty());
    let user = named.or(call.name()).unwrap_or_default().to_owned();
    let said = call.name().map(|name| {
        format!(
            "You are signed in as {name}. The page that you asked for needs you to sign in again."
        )
    });
    shown(call, 200, (&user, &target), said.as_deref())
}

/// `POST /login/`: receives the form. OctoPrint's own page sends a script's request to `/api/login`
/// instead; this form needs no script.
pub(crate) async fn submit(call: &mut Call<'_>) -> Answer {
    let sent = posted(call.request);
    let field = |name| fields::value(&sent, name).unwrap_or_default();
    let target = destination(call, Some(field("redirect")));
    let user = field("user");
    if !is_own_form(call, field(TOKEN))? {
        return shown(call, 400, (user, &target), Some(EXPIRED));
    }
    if !field(LEAVE).is_empty() {
        sign_out(call).await?;
        return Ok(redirect(303, &format!("{}/login/", call.site.root)));
    }
    let remember = is_yes(&Py::text(field("remember")))?;
    let (name, password) = (Py::text(user), Py::text(field("password")));
    match by_password(call, &name, &password, remember).await {
        Ok(_) => Ok(redirect(303, &target)),
        Err(Failure { status: 403, .. }) => shown(call, 403, (user, &target), Some(WRONG)),
        Err(Failure { status: 429, .. }) => shown(call, 429, (user, &target), Some(OFTEN)),
        Err(failure) => Err(failure),
    }
}

/// The page with its form: whose name stands in it, and where the browser is led afterwards.
fn shown(
    call: &mut Call<'_>,
    status: u16,
    (user, target): (&str, &str),
    said: Option<&str>,
) -> Answer {
    let token = give_token(call)?;
    let mut action = format!("{}/login/", call.site.root);
    if is_dialog(&call.site.root, target) {
        action.extend(["?redirect=", &percent::encode(target)]);
    }
    let main = format!(
        "{}{}{}<label for=login-user>User name</label>\n\
         <input id=login-user name=user value=\"{}\" autocomplete=username autocapitalize=none required>\n\
         <label for=login-password>Password</label>\n\
         <input id=login-password name=password type=password autocomplete=current-password required>\n\
         <label><input id=login-remember name=remember type=checkbox value=true> Remember me</label>\n\
         <button id=login-button>Log in</button>\n</form>\n",
        alert(said),
        form(&action, &token),
        hidden("redirect", target),
        escaped(user),
    );
    Ok(page(call, status, "OctoPrint Login", &main))
}

/// Whether the caller is the user, has the permissions and a password as recent as the query asks for.
async fn is_signed_in_as_asked(call: &Call<'_>) -> Result<bool, Failure> {
    let asked = call.value("user_id").filter(|asked| !asked.is_empty());
    let again =
        call.value("reauthenticate").is_some_and(|again| again.eq_ignore_ascii_case("true"));
    let named = call.value("permissions").unwrap_or_default();
    let mut wanted: Vec<_> =
        named.split(',').filter_map(|key| Permission::find(key.trim())).collect();
    if wanted.is_empty() {
        wanted.extend(NEEDED.into_iter().filter_map(Permission::find));
    }
    let right = asked.is_none() || asked == call.name();
    let needs = call.needs().await?;
    let allowed = wanted.into_iter().all(|permission| needs.allow(permission));
    Ok(right && allowed && (!again || call.is_password_recent()))
}
