//! `/plugin/appkeys/auth/TOKEN`: the page on which a user decides about a request for a key.

use isogloss_canonical::http::Response;
use isogloss_interop::percent;
use isogloss_interop::python::form::{self as fields, posted};

use crate::dialect::answers::{Answer, redirect};
use crate::dialect::appkeys::pending::Pending;
use crate::dialect::appkeys::requests::{GRANT, text_of};
use crate::dialect::appkeys::slots;
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::csrf::{give_token, is_own_form};
use crate::dialect::failure::Failure;
use crate::dialect::login::sign_in_passively;
use crate::dialect::pages::frame::{TOKEN, alert, form, page};
use crate::dialect::site::decoded_path;

const TITLE: &str = "Access request";
/// The key is issued when the program asks for it, and its issue can fail. Only the program hears that.
const ALLOWED: &str = "<p>You have allowed it. The program fetches its key by itself, within a few seconds. \
                       If it says that it got none, no key was issued.</p>\n<p>You can close this page.</p>\n";
const DENIED: &str =
    "<p>You have denied it. The program gets no key. You can close this page.</p>\n";
const EXPIRED: &str =
    "This page was open for too long, or your browser refuses cookies. Decide again.";

/// `GET /plugin/appkeys/auth/TOKEN`: says who asks, with a button to allow and one to deny. Somebody who
/// may not decide, or has not sent a password recently, is led to the login page first.
pub(crate) async fn dialog(call: &mut Call<'_>) -> Answer {
    let pending = slots::by_token(call, &call.parameter).await?.ok_or(Failure::of(404))?;
    sign_in_passively(call).await?;
    if let Some(login) = login_first(call).await? {
        return Ok(redirect(302, &login));
    }
    let (asked, own) = (call.value("user"), call.name());
    if !pending.names(asked) && !pending.names(asked.or(own)) {
        return Err(Failure::of(404));
    }
    shown(call, 200, &pending, None)
}

/// `POST /plugin/appkeys/auth/TOKEN`: receives the decision from the form. OctoPrint's own page sends a
/// script's request to `/plugin/appkeys/decision` instead; this form needs no script.
pub(crate) async fn submit(call: &mut Call<'_>) -> Answer {
    let sent = posted(call.request);
    let field = |name| fields::value(&sent, name).unwrap_or_default();
    let Some(pending) = slots::by_token(call, &call.parameter).await? else {
        return Ok(gone(call));
    };
    if let Some(login) = login_first(call).await? {
        return Ok(redirect(303, &login));
    }
    let user = call.caller.user().filter(|user| pending.is_for(&user.username));
    let Some(user) = user.map(|user| user.id) else { return Ok(gone(call)) };
    if !is_own_form(call, field(TOKEN))? {
        return shown(call, 400, &pending, Some(EXPIRED));
    }
    let granted = match field("decision") {
        "allow" => true,
        "deny" => false,
        _ => return shown(call, 400, &pending, None),
    };
    slots::decide(call, pending, granted.then_some(user)).await?;
    Ok(page(call, 200, TITLE, if granted { ALLOWED } else { DENIED }))
}

/// The page about a request which nobody can decide any more.
fn gone(call: &Call<'_>) -> Response {
    let main = "<p>There is no such request, or the program has stopped waiting. Start again in the \
                program.</p>\n";
    page(call, 404, TITLE, main)
}

/// The page with its form.
fn shown(call: &mut Call<'_>, status: u16, pending: &Pending, said: Option<&str>) -> Answer {
    let token = give_token(call)?;
    let app = escaped(&text_of(&pending.app()));
    let (address, own) = (escaped(&pending.address), escaped(call.name().unwrap_or_default()));
    let main = format!(
        "{}<p>A program that calls itself <strong>{app}</strong> asks for a key. It asks from the \
         address <code>{address}</code>.</p>\n\
         <p>You are signed in as <strong>{own}</strong>. With the key the program can do all that you \
         can do here. Allow it only if you have just started it yourself.</p>\n\
         {}<button id=auth-grant name=decision value=allow>Allow</button>\n\
         <button id=auth-reject name=decision value=deny>Deny</button>\n</form>\n",
        alert(said),
        form(&own_address(call), &token),
    );
    Ok(page(call, status, TITLE, &main))
}

/// The address of this page, with its query.
fn own_address(call: &Call<'_>) -> String {
    let root = &call.site.root;
    let path = percent::encode_path(&decoded_path(&call.request.path, root));
    let query = call.request.query.as_deref().unwrap_or_default();
    format!("{root}{path}?{query}")
}

/// The address of the login page, for a caller who is another user, who may not decide or whose password
/// is not recent. It leads back to this page.
async fn login_first(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let (asked, own) = (call.value("user"), call.name());
    let allowed = call.needs().await?.allow_key(GRANT);
    let other = asked.filter(|asked| own != Some(*asked));
    if allowed && other.is_none() && call.is_password_recent() {
        return Ok(None);
    }
    let back = percent::encode(&own_address(call));
    let mut login = format!("{}/login/?redirect={back}", call.site.root);
    if !allowed {
        login.push_str("&permissions=PLUGIN_APPKEYS_GRANT");
    }
    if allowed && other.is_none() {
        login.push_str("&reauthenticate=true");
    }
    if let Some(other) = other {
        login.push_str("&user_id=");
        login.push_str(&percent::encode(other));
    }
    Ok(Some(login))
}
