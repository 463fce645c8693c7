//! The options of a route, checked: everything that the dialect knows of its configuration.

use isogloss_canonical::adapter::{OptionError, OptionRow, RouteOptions};
use isogloss_canonical::namespace::IdNamespace;
use serde_json::Value;

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

/// The versions, the default first.
pub(crate) const VERSIONS: [&str; 2] = ["6.1", "6.0"];

/// A version of Dandelion whose answers the dialect reproduces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    /// 6.1, recorded from a server.
    #[default]
    V6_1,
    /// 6.0, from its manual.
    V6_0,
}

impl Version {
    /// The version of this name, or the default.
    fn named(name: Option<&str>) -> Self {
        if name == Some(VERSIONS[1]) { Self::V6_0 } else { Self::V6_1 }
    }

    /// The release that `dandelion/version` answers.
    pub(crate) const fn release(self) -> &'static str {
        match self {
            Self::V6_1 => "6.1.1",
            Self::V6_0 => "6.0.4",
        }
    }
}

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
