//! Finds all errors in the values of a configuration, before `serve` would fail on them. Only the
//! binding of addresses is left to the start.

mod backends;
mod directory;
mod limits;
mod listeners;
mod log;
mod proxies;
pub mod report;
mod routes;
mod state;
mod store;

use crate::config::check::report::{Check, Scope};
use crate::config::environment;
use crate::config::finding::Findings;
use crate::config::load::Loaded;
use crate::systems::Systems;

pub use self::log::filter;
pub use self::store::check_files;

/// All findings of a configuration, in its structure and in its values.
#[must_use]
pub fn check(loaded: &Loaded, scope: Scope, systems: Systems) -> Findings {
    let mut check = Check { loaded, systems, findings: loaded.findings.clone() };
    limits::check(&mut check);
    log::check(&mut check);
    store::check(&mut check);
    state::check(&mut check);
    proxies::check(&mut check);
    backends::check(&mut check, scope);
    routes::check(&mut check);
    listeners::check(&mut check);
    directory::check(&mut check);
    let settings = &loaded.settings;
    for stray in &loaded.strays {
        let named = |source: &crate::config::secret::SecretSource| source.variable() == Some(stray);
        let backends = settings.backend.values().filter_map(|backend| backend.secret.as_ref());
        let directory = settings.directory.iter().filter_map(|one| one.bind_password.as_ref());
        let state = settings.state.url.iter();
        if !backends.chain(directory).chain(state).any(named) {
            check.findings.add(environment::stray(stray));
        }
    }
    check.findings
}
