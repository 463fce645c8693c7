//! The options of a route, checked: everything that the dialect knows of its configuration.

pub(crate) mod version;

use isogloss_canonical::adapter::{OptionError, OptionRow, RouteOptions};
use isogloss_canonical::namespace::IdNamespace;
use serde_json::Value;

use crate::options::version::{Differences, Version};

/// The option that switches off the API by key.
const PUBLIC_API_DISABLED: &str = "public_api_disabled";
/// The option that empties the answers of errors.
pub(crate) const EMPTY_ERRORS: &str = "empty_errors";

/// The options that a route may set, for the manual.
pub(crate) const OPTIONS: &[OptionRow] = &[
    OptionRow {
        name: PUBLIC_API_DISABLED,
        takes: "true or false",
        about: "Refuses every call by API key, as a server with publicApiEnabled off. Sessions \
                are not affected.",
    },
    OptionRow {
        name: EMPTY_ERRORS,
        takes: "true or false",
        about: "Answers nearly every error with HTTP 500 and an empty body, as the released \
                6.1.1 does.",
    },
];

/// The checked options of a route.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The id namespace whose user ids the clients use.
    pub(crate) namespace: IdNamespace,
    /// The version that the clients were written for.
    pub(crate) version: Version,
    /// Whether the API by key is switched off.
    pub(crate) public_api_disabled: bool,
    /// Whether errors are answered as the released 6.1.1 does: HTTP 500 and an empty body.
    pub(crate) empty_errors: bool,
}

impl Options {
    /// What differs in the version that the clients were written for.
    pub(crate) const fn differences(&self) -> &'static Differences {
        self.version.differences()
    }

    /// Checks the values of options whose names are known.
    pub(crate) fn of(options: &RouteOptions) -> Result<Self, OptionError> {
        for (name, value) in &options.settings {
            if !matches!(value, Value::Bool(_)) {
                return Err(format!("{name} is {value}; expected true or false"));
            }
        }
        Ok(Self {
            namespace: options.namespace.clone(),
            version: Version::named(options.version.as_deref()),
            public_api_disabled: options.flag(PUBLIC_API_DISABLED),
            empty_errors: options.flag(EMPTY_ERRORS),
        })
    }
}
