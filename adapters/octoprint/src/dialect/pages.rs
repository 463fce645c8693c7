//! The few pages that clients fetch: for the token against forged requests.

use super::answers::{Reply, escaped, json, page, redirect};
use super::csrf::give_token;
use super::form;
use super::login::settle_passively;
use super::visit::Visit;
use crate::permissions::Permission;
use crate::pyjson::Py;

/// The version that is spoken.
const VERSION: &str = "1.11.8";

/// What it takes to see the first page.
const FOR_THE_INDEX: [&str; 2] = ["STATUS", "SETTINGS_READ"];

/// `GET /login/`: gives the token against forged requests. Whoever has what they came for is
/// sent on.
pub(crate) async fn login(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    settle_passively(visit).await?;
    let field = |name: &str| form::value(&visit.values, name).map(str::to_owned);
    let asked = field("user_id").filter(|asked| !asked.is_empty());
    let again = field("reauthenticate").is_some_and(|again| again.eq_ignore_ascii_case("true"));
    let named = field("permissions").unwrap_or_default();
    let mut wanted: Vec<_> =
        named.split(',').filter_map(|key| Permission::find(key.trim())).collect();
    if wanted.is_empty() {
        wanted.extend(FOR_THE_INDEX.into_iter().filter_map(Permission::find));
    }
    let right = asked.is_none() || asked.as_deref() == visit.name();
    let needs = visit.needs().await?;
    let allowed = wanted.into_iter().all(|permission| needs.allow(permission));
    if right && allowed && (!again || visit.recent()) {
        return Ok(redirect(302, &destination(visit)));
    }
    give_token(visit)?;
    Ok(page(
        "<!doctype html>\n<html lang=en>\n<title>OctoPrint Login</title>\n<h1>OctoPrint Login</h1>\n",
    ))
}

/// Only to pages of our own that are known.
fn destination(visit: &Visit<'_>) -> String {
    let root = &visit.site.root;
    let wished = form::value(&visit.values, "redirect").unwrap_or_default();
    let dialog = format!("{root}/plugin/appkeys/auth/");
    let token = |letter: char| letter.is_ascii_alphanumeric() || "-_?=".contains(letter);
    match wished.strip_prefix(&dialog) {
        Some(rest) if rest.chars().all(token) => wished.to_owned(),
        _ => format!("{root}/"),
    }
}

/// `GET /`: so does this, and sends those who may not look to the login.
pub(crate) async fn index(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    settle_passively(visit).await?;
    give_token(visit)?;
    let needs = visit.needs().await?;
    if FOR_THE_INDEX.into_iter().all(|key| needs.allow_key(key)) {
        let name = escaped(visit.name().unwrap_or_default());
        return Ok(page(format!(
            "<!doctype html>\n<html lang=en>\n<title>OctoPrint</title>\n<h1>OctoPrint</h1>\n<p>{name}</p>\n"
        )));
    }
    let root = visit.site.root.clone();
    let login = format!("{root}/login/?redirect={root}/?&permissions=STATUS,SETTINGS_READ");
    Ok(redirect(302, &login))
}

/// `GET /api/currentuser`
pub(crate) async fn current_user(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    let member = visit.member().await?;
    let needs = visit.needs().await?;
    let name = visit.name().map_or(Py::None, Py::text);
    let rights = visit.rights().await?;
    let allowed = rights.permissions().filter(|permission| needs.allow(permission));
    json(&Py::dict([
        ("name", name),
        ("permissions", Py::texts(allowed.map(|permission| permission.key))),
        ("groups", Py::texts(member.groups)),
    ]))
}

/// `GET /api/version`
pub(crate) async fn version(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require("STATUS").await?;
    json(&Py::dict([
        ("api", Py::text("0.1")),
        ("server", Py::text(VERSION)),
        ("text", Py::text(format!("OctoPrint {VERSION}"))),
    ]))
}

/// `GET /api/server`
pub(crate) async fn server(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require("STATUS").await?;
    json(&Py::dict([("safemode", Py::None), ("version", Py::text(VERSION))]))
}
