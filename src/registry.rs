//! The only list of adapters.

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, Options};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::realm::Realm;
use isogloss_store::Numbered;

use crate::config::settings::Route;

/// Every adapter.
pub const ADAPTERS: &[&Adapter] = &[&isogloss_dandelion::ADAPTER];

/// The system name of the embedded store.
pub const STORE: &str = "store";

/// An adapter by name.
#[must_use]
pub fn adapter(name: &str) -> Option<&'static Adapter> {
    ADAPTERS.iter().copied().find(|adapter| adapter.name == name)
}

/// An adapter by name, or a sentence that lists the names.
pub fn adapter_or_known(name: &str) -> Result<&'static Adapter, String> {
    adapter(name).ok_or_else(|| {
        let known: Vec<_> = ADAPTERS.iter().map(|adapter| adapter.name).collect();
        format!("no dialect {name:?}; known: {}", known.join(", "))
    })
}

/// The dialect that a route asks for. The error says what is wrong with it.
pub fn dialect(route: &Route) -> Result<Arc<dyn Dialect>, String> {
    let adapter = adapter_or_known(&route.dialect)?;
    let options = Options {
        realm: route.realm.as_ref().map_or(Realm::named(adapter.name), Realm::new),
        version: route.version.clone(),
        settings: route.options.clone(),
    };
    options.check(adapter)?;
    (adapter.dialect)(&options)
}

/// How each system numbers its people and groups, for the store.
#[must_use]
pub fn numbered() -> Vec<Numbered> {
    ADAPTERS.iter().copied().map(Numbered::from).collect()
}
