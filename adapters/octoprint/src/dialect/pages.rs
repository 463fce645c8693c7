//! The pages that clients fetch to get a CSRF token.

use crate::dialect::answers::{Answer, page, redirect};
use crate::dialect::call::Call;
use crate::dialect::content::escaped;
use crate::dialect::csrf::give_token;
use crate::dialect::failure::Failure;
use crate::dialect::login::sign_in_passively;
use crate::roles::permissions::Permission;

/// The permissions that the first page needs.
const FOR_THE_INDEX: [&str; 2] = ["STATUS", "SETTINGS_READ"];

/// `GET /login/`: gives a CSRF token. A caller who is already the user, and has the permissions, that
/// the query asks for is redirected.
pub(crate) async fn login(call: &mut Call<'_>) -> Answer {
    sign_in_passively(call).await?;
    if is_signed_in_as_asked(call).await? {
        return Ok(redirect(302, &destination(call)));
    }
    give_token(call)?;
    Ok(page(
        "<!doctype html>\n<html lang=en>\n<title>OctoPrint Login</title>\n<h1>OctoPrint Login</h1>\n",
    ))
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
        wanted.extend(FOR_THE_INDEX.into_iter().filter_map(Permission::find));
    }
    let right = asked.is_none() || asked == call.name();
    let needs = call.needs().await?;
    let allowed = wanted.into_iter().all(|permission| needs.allow(permission));
    Ok(right && allowed && (!again || call.is_password_recent()))
}

/// Where the query asks to be redirected, if it is a page of this server; else the first page.
fn destination(call: &Call<'_>) -> String {
    let root = &call.site.root;
    let asked = call.value("redirect").unwrap_or_default();
    let dialog = format!("{root}/plugin/appkeys/auth/");
    let token = |letter: char| letter.is_ascii_alphanumeric() || "-_?=".contains(letter);
    match asked.strip_prefix(&dialog) {
        Some(rest) if rest.chars().all(token) => asked.to_owned(),
        Some(_) | None => format!("{root}/"),
    }
}

/// `GET /`: gives a CSRF token. Callers who may not see the page are redirected to the login.
pub(crate) async fn index(call: &mut Call<'_>) -> Answer {
    sign_in_passively(call).await?;
    give_token(call)?;
    let needs = call.needs().await?;
    if FOR_THE_INDEX.into_iter().all(|key| needs.allow_key(key)) {
        let name = escaped(call.name().unwrap_or_default());
        return Ok(page(format!(
            "<!doctype html>\n<html lang=en>\n<title>OctoPrint</title>\n<h1>OctoPrint</h1>\n<p>{name}</p>\n"
        )));
    }
    let root = &call.site.root;
    let login = format!("{root}/login/?redirect={root}/?&permissions=STATUS,SETTINGS_READ");
    Ok(redirect(302, &login))
}
