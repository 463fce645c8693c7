#![doc = include_str!("../README.md")]

mod backend;
mod dialect;
mod options;
mod roles;
mod secrets;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{
    Adapter, BackendKind, OptionError, RemoteBackend, RouteOptions, Untranslated,
};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::role::Role;
use serde_json::Value;

use crate::dialect::OctoPrint;
use crate::options::version::VERSIONS;
use crate::options::{OPTIONS, Options};
use crate::roles::groups::{ADMINS, BUILT_IN, BuiltIn, DEFAULT, PERMISSION_KEYS, SUBGROUPS, TITLE};

/// OctoPrint's adapter.
pub const ADAPTER: Adapter = Adapter {
    name: "octoprint",
    users: Numbering::Names,
    groups: Numbering::Names,
    versions: &VERSIONS,
    options: OPTIONS,
    backend: Some(BackendKind::Remote(RemoteBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`/api/currentuser`. Before 1.4 the keys in the users' rows, which do not show the owner of an application's key. The global key has no owner",
    })),
    dialect: Some(dialect),
    foundation,
    mint: secrets::key,
    shows_keys: true,
    key_word: "api_key",
    rights: &[PERMISSION_KEYS, SUBGROUPS, DEFAULT],
    application_key: false,
    untranslated: UNTRANSLATED,
};

/// What its clients ask for and the dialect does not translate.
const UNTRANSLATED: &[Untranslated] = &[
    Untranslated {
        what: "`GET` about the printer: `/api/settings`, `/api/connection`, `/api/printer`, `/api/job`, `/api/printerprofiles`, `/api/files`, `/api/system/commands`, `/api/timelapse`, `/api/languages`, `/api/slicing`",
        embedded: "as a server of 1.11.8 without a printer; before 1.11: 404",
        remote: "404",
    },
    Untranslated {
        what: "commands to the printer, uploads, other plugins and all other paths",
        embedded: "404",
        remote: "404",
    },
    Untranslated {
        what: "`/sockjs/info`, `/sockjs/NNN/SESSION/websocket` and `/sockjs/websocket`",
        embedded: "as a server of 1.11.8 without a printer, without events; before 1.11: 404",
        remote: "404",
    },
    Untranslated {
        what: "the other transports below `/sockjs`: `xhr`, `xhr_streaming`, `eventsource`, `htmlfile`, `jsonp`, `iframe.html`",
        embedded: "404",
        remote: "404",
    },
    Untranslated {
        what: "the web pages `/` and `/login/`",
        embedded: "pages of the gateway's own",
        remote: "pages of the gateway's own",
    },
];

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    Ok(Arc::new(OctoPrint::new(Options::of(options)?)))
}

/// The groups of a fresh server. Their permissions are stored once they are changed.
fn foundation() -> Vec<NewGroup> {
    let group = |row: &BuiltIn| NewGroup {
        namespace: Some(IdNamespace::named("octoprint")),
        name: row.key.to_owned(),
        unique_name: true,
        description: Some(row.about.to_owned()),
        confers: (row.key == ADMINS).then_some(Role::Administrator),
        attributes: [(TITLE.to_owned(), Value::from(row.title))].into_iter().collect(),
        ..NewGroup::default()
    };
    BUILT_IN.iter().map(group).collect()
}
