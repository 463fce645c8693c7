//! The methods about the server itself, which everybody may call.

use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::wire::attributes::time_zone;

/// `getTimezone`: the caller's own, or the server's.
pub(crate) fn timezone(call: &Call<'_>) -> Php {
    Php::from(call.caller.user().and_then(time_zone).unwrap_or("UTC"))
}

/// `getVersion`.
pub(crate) fn version(call: &Call<'_>) -> Php {
    Php::from(call.options.differences().reported)
}

/// `getDefaultTaskColor`.
pub(crate) fn default_color(_: &Call<'_>) -> Php {
    Php::from(COLORS[0].0)
}

/// `getDefaultTaskColors`.
pub(crate) fn colors(_: &Call<'_>) -> Php {
    Php::map(COLORS.map(|color| (color.0, shades(color))))
}

/// `getColorList`.
pub(crate) fn color_names(_: &Call<'_>) -> Php {
    names(&COLORS.map(|(id, name, ..)| (id, name)))
}

/// `getApplicationRoles`.
pub(crate) fn application_roles(_: &Call<'_>) -> Php {
    names(&APPLICATION_ROLES)
}

/// `getProjectRoles`.
pub(crate) fn project_roles(_: &Call<'_>) -> Php {
    names(&PROJECT_ROLES)
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
