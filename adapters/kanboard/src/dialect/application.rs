//! The procedures about the application itself, which everybody may call.

use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::procedure::{Access, Procedure, Run};
use crate::php::Php;
use crate::wire::time_zone;

const fn fact(name: &'static str, about: &'static str, run: Run) -> Procedure {
    let method = MethodInfo { name, verbs: &[], about };
    Procedure { method, parameters: &[], access: Access::Everybody, run }
}

/// The rows.
pub(crate) static PROCEDURES: [Procedure; 7] = [
    fact("getTimezone", "Gives the time zone of the caller, or of the server.", |call| {
        let zone = call.caller.user().and_then(time_zone).unwrap_or("UTC");
        Box::pin(async move { Ok(Php::from(zone)) })
    }),
    fact("getVersion", "Gives the version of Kanboard that is spoken.", |call| {
        let version = if call.dialect.shape.strings { "1.0.48" } else { "1.2.53" };
        Box::pin(async move { Ok(Php::from(version)) })
    }),
    fact("getDefaultTaskColor", "Gives the colour of a new task.", |_| {
        Box::pin(async { Ok(Php::from(COLORS[0].0)) })
    }),
    fact("getDefaultTaskColors", "Gives the colours of tasks, each with its shades.", |_| {
        Box::pin(async { Ok(Php::map(COLORS.map(|color| (color.0, shades(color))))) })
    }),
    fact("getColorList", "Gives the names of the colours of tasks.", |_| {
        Box::pin(async { Ok(names(&COLORS.map(|(id, name, ..)| (id, name)))) })
    }),
    fact("getApplicationRoles", "Gives the names of the roles of users.", |_| {
        Box::pin(async { Ok(names(&APPLICATION_ROLES)) })
    }),
    fact("getProjectRoles", "Gives the names of the roles within projects.", |_| {
        Box::pin(async { Ok(names(&PROJECT_ROLES)) })
    }),
];

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
