//! Checks the place of the state database.

use crate::config::check::report::Check;
use crate::config::finding::Key;
use crate::config::values;
use isogloss_store::Location;

/// The valid URLs, for messages.
const URL: &str = "sqlite:DIRECTORY or postgres://USER@HOST/DATABASE";

pub(super) fn check(check: &mut Check<'_>) {
    let state = &check.loaded.settings.state;
    let at = |step: &str| Key::of(&["state", step]);
    let place = match &state.url {
        None => None,
        Some(url) => match url.resolve() {
            Err(why) => return check.refuse(&at("url"), why, URL),
            Ok(url) => match values::location(&url) {
                Err(why) => return check.refuse(&at("url"), why, URL),
                Ok(place) => Some(place),
            },
        },
    };
    if state.secret_file.is_some() && !matches!(place, Some(Location::Server(_))) {
        let problem = "the secret of a SQLite database is secret.key in its directory";
        check.refuse(&at("secret_file"), problem, "a database server as url");
    }
}
