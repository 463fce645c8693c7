//! `GET /`: the first page.

use crate::dialect::answers::{Answer, redirect};
use crate::dialect::appkeys::requests::text_of;
use crate::dialect::appkeys::slots;
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::csrf::give_token;
use crate::dialect::failure::Failure;
use crate::dialect::login::sign_in_passively;
use crate::dialect::pages::frame::{LEAVE, form, hidden, page};
use crate::dialect::pages::setup;

/// The permissions that the page needs.
pub(crate) const NEEDED: [&str; 2] = ["STATUS", "SETTINGS_READ"];

/// `GET /`: says who is signed in, and which programs ask for a key. It gives a CSRF token, as
/// OctoPrint's page does. Callers who may not see it are redirected to the login.
pub(crate) async fn index(call: &mut Call<'_>) -> Answer {
    sign_in_passively(call).await?;
    if call.awaits_setup().await? {
        return setup::shown(call, 200, "", None);
    }
    let token = give_token(call)?;
    let needs = call.needs().await?;
    let root = &call.site.root;
    if !NEEDED.into_iter().all(|key| needs.allow_key(key)) {
        let login = format!("{root}/login/?redirect={root}/?&permissions=STATUS,SETTINGS_READ");
        return Ok(redirect(302, &login));
    }
    let name = escaped(call.name().unwrap_or("a guest"));
    let main = format!(
        "<p>You are signed in as <strong>{name}</strong>.</p>\n{}\
         <p>There is no printer, so there is nothing else to see.</p>\n\
         {}{}<button id=logout-button>Log out</button>\n</form>\n",
        requests(call).await?,
        form(&format!("{root}/login/"), &token),
        hidden(LEAVE, "true"),
    );
    Ok(page(call, 200, "OctoPrint", &main))
}

/// The requests for keys that the caller can decide about, each with a link. OctoPrint shows them on its
/// page, and many programs tell their users to look there.
async fn requests(call: &Call<'_>) -> Result<String, Failure> {
    let Some(user) = call.caller.user() else { return Ok(String::new()) };
    let root = escaped(&call.site.root);
    let mut list = String::new();
    for pending in slots::waiting(call).await? {
        if pending.is_for(&user.username) {
            let (app, token) = (escaped(&text_of(&pending.app())), escaped(&pending.user_token));
            let link = format!("{root}/plugin/appkeys/auth/{token}");
            list.extend(["<li><a href=\"", &link, "\">", &app, "</a></li>\n"]);
        }
    }
    Ok(if list.is_empty() {
        "<p>No program asks for a key. Reload this page when one does.</p>\n".to_owned()
    } else {
        format!("<p>These programs ask for a key:</p>\n<ul id=requests>\n{list}</ul>\n")
    })
}
