//! The methods about the server itself, which everybody may call. A Kanboard server behind says what it
//! is itself; otherwise the dialect answers as the server of its version.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::outcome::Outcome;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Failure, none_if};
use crate::wire::attributes::{PREFIX, time_zone};

/// What a Kanboard server behind says; `None` if there is none.
async fn fact(call: &Call<'_>, method: &str) -> Result<Option<Php>, Failure> {
    let read = call.exchange.read(Command::ServerFacts).await;
    let facts = none_if(read, &[FaultKind::Unsupported])?.map(Outcome::settings).transpose()?;
    let fact = facts.and_then(|mut facts| facts.remove(&format!("{PREFIX}{method}")));
    Ok(fact.map(Php::from_json))
}

/// `getTimezone`: the caller's own, or the server's.
pub(crate) async fn timezone(call: &Call<'_>) -> Result<Php, Failure> {
    if let Some(own) = call.caller.user().and_then(time_zone) {
        return Ok(Php::from(own));
    }
    Ok(fact(call, "getTimezone").await?.unwrap_or_else(|| Php::from("UTC")))
}

/// `getVersion`.
pub(crate) async fn version(call: &Call<'_>) -> Result<Php, Failure> {
    let own = || Php::from(call.options.differences().reported);
    Ok(fact(call, "getVersion").await?.unwrap_or_else(own))
}

/// `getDefaultTaskColor`.
pub(crate) async fn default_color(call: &Call<'_>) -> Result<Php, Failure> {
    Ok(fact(call, "getDefaultTaskColor").await?.unwrap_or_else(|| Php::from(COLORS[0].0)))
}

/// `getDefaultTaskColors`.
pub(crate) async fn colors(call: &Call<'_>) -> Result<Php, Failure> {
    let own = || Php::map(COLORS.map(|color| (color.0, shades(color))));
    Ok(fact(call, "getDefaultTaskColors").await?.unwrap_or_else(own))
}

/// `getColorList`.
pub(crate) async fn color_names(call: &Call<'_>) -> Result<Php, Failure> {
    let own = || names(&COLORS.map(|(id, name, ..)| (id, name)));
    Ok(fact(call, "getColorList").await?.unwrap_or_else(own))
}

/// `getApplicationRoles`.
pub(crate) async fn application_roles(call: &Call<'_>) -> Result<Php, Failure> {
    Ok(fact(call, "getApplicationRoles").await?.unwrap_or_else(|| names(&APPLICATION_ROLES)))
}

/// `getProjectRoles`.
pub(crate) async fn project_roles(call: &Call<'_>) -> Result<Php, Failure> {
    Ok(fact(call, "getProjectRoles").await?.unwrap_or_else(|| names(&PROJECT_ROLES)))
}

const APPLICATION_ROLES: [(&str, &str); 3] =
    [("app-admin", "Administrator"), ("app-manager", "Manager"), ("app-user", "User")];

const PROJECT_ROLES: [(&str, &str); 3] = [
    ("project-manager", "Project Manager"),
    ("project-member", "Project Member"),
    ("project-viewer", "Project Viewer"),
];

/// Id, name, background, border.
type Color = (&'static str, &'static str, &'static str, &'static str);

const COLORS: [Color; 16] = [
    ("yellow", "Yellow", "rgb(245, 247, 196)", "rgb(223, 227, 45)"),
    ("blue", "Blue", "rgb(219, 235, 255)", "rgb(168, 207, 255)"),
    ("green", "Green", "rgb(189, 244, 203)", "rgb(74, 227, 113)"),
    ("purple", "Purple", "rgb(223, 176, 255)", "rgb(205, 133, 254)"),
    ("red", "Red", "rgb(255, 187, 187)", "rgb(255, 151, 151)"),
    ("orange", "Orange", "rgb(255, 215, 179)", "rgb(255, 172, 98)"),
    ("grey", "Grey", "rgb(238, 238, 238)", "rgb(204, 204, 204)"),
    ("brown", "Brown", "#d7ccc8", "#4e342e"),
    ("deep_orange", "Deep Orange", "#ffab91", "#e64a19"),
    ("dark_grey", "Dark Grey", "#cfd8dc", "#455a64"),
    ("pink", "Pink", "#f48fb1", "#d81b60"),
    ("teal", "Teal", "#80cbc4", "#00695c"),
    ("cyan", "Cyan", "#b2ebf2", "#00bcd4"),
    ("lime", "Lime", "#e6ee9c", "#afb42b"),
    ("light_green", "Light Green", "#dcedc8", "#689f38"),
    ("amber", "Amber", "#ffe082", "#ffa000"),
];

fn names(pairs: &[(&str, &str)]) -> Php {
    Php::map(pairs.iter().map(|(id, name)| (*id, Php::from(*name))))
}

fn shades((_, name, background, border): Color) -> Php {
    Php::map([("name", name.into()), ("background", background.into()), ("border", border.into())])
}
