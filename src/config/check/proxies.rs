//! Checks the trusted proxies, and the routes that need one.

use crate::config::check::report::Check;
use crate::config::finding::Key;

pub(super) fn check(check: &mut Check<'_>) {
    let settings = &check.loaded.settings;
    let proxies = &settings.server.trusted_proxies;
    if let Some(network) = proxies.everybody() {
        let problem = format!("{network} trusts every client as a proxy");
        let key = Key::of(&["server", "trusted_proxies"]);
        check.refuse(&key, problem, "the addresses or networks of the proxies only");
    }
    for (index, route) in settings.route.iter().enumerate() {
        let vouches = check
            .systems
            .make_dialect(&route.dialect, &route.dialect_options())
            .is_ok_and(|dialect| dialect.vouching().proxy);
        if vouches && proxies.is_empty() {
            let problem = "the options let a proxy name the user, and no proxy is trusted";
            let expected = "[server] trusted_proxies with the address of the proxy";
            check.warn(&Key::route(index, &["options"]), problem, expected);
        }
    }
}
