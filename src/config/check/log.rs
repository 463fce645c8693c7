//! Checks the level of the log.

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::config::check::report::Check;
use crate::config::finding::Key;

/// The valid levels, for messages.
const EXPECTED: &str =
    "error, warn, info, debug, trace or off, or directives such as \"info,isogloss=debug\"";

pub(super) fn check(check: &mut Check<'_>) {
    let level = &check.loaded.settings.log.level;
    if let Err(problem) = filter(level) {
        check.refuse(&Key::of(&["log", "level"]), problem, EXPECTED);
    }
}

/// The filter for a level. An unknown word is refused: the library would read it as the name of a
/// target and log nothing else.
pub fn filter(level: &str) -> Result<EnvFilter, String> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok() && !word.is_empty();
    for directive in level.split(',') {
        let word = directive.rsplit_once('=').map_or(directive, |(_, word)| word);
        if !is_level(word.trim()) {
            return Err(format!("{directive:?} is no level"));
        }
    }
    EnvFilter::try_new(level).map_err(|error| format!("{level:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for level in ["info", "WARN", "off", "info,isogloss=debug", "isogloss::server=trace,warn"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["loud", "", "info,", "info,loud", "isogloss=loud", "isogloss="] {
            assert!(filter(level).is_err(), "{level}");
        }
    }
}
