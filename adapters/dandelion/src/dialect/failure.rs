//! Errors: every way a call can fail, and how the client sees it.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind};

/// The module that an error names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// `null`: the call failed before it reached a module.
    None,
    /// `api`.
    Api,
    /// The module that was called.
    Called,
}

/// An error as the client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The member `errorcode`.
    pub(crate) code: u8,
    /// The member `status`, a sentence.
    pub(crate) text: Cow<'static, str>,
    /// The member `module`.
    pub(crate) module: Module,
}

impl Failure {
    /// The path names no module or no method.
    pub(crate) const BAD_CALL: Self = Self::new(200, 7, "Bad API call", Module::Api);
    /// The API by key is switched off.
    pub(crate) const DISABLED: Self = Self::new(200, 2, "Public API disabled", Module::Api);
    /// There is no session.
    pub(crate) const NO_SESSION: Self =
        Self::new(200, 3, "Action requires logged in session", Module::Api);
    /// The key is unknown.
    pub(crate) const INVALID_KEY: Self = Self::new(200, 1, "API key is not valid", Module::None);
    /// The owner of the key or session is disabled.
    pub(crate) const INVALID_USER: Self = Self::new(200, 4, "Invalid user", Module::None);
    /// There is no such module.
    pub(crate) const NO_MODULE: Self = Self::new(200, 8, "Module not found", Module::None);
    /// The module has no such method.
    pub(crate) const NO_METHOD: Self =
        Self::new(200, 9, "Module doesn't have method", Module::None);
    /// The method takes another HTTP verb.
    pub(crate) const WRONG_VERB: Self = Self::new(405, 7, "Incorrect HTTP method", Module::None);
    /// The group of the caller lacks the right.
    pub(crate) const NO_PERMISSION: Self =
        Self::new(200, 4, "Your account doesn't have the proper permissions", Module::Called);
    /// The database refused or failed. The real server answers the same to a duplicate, to an
    /// unknown id and to an outage.
    pub(crate) const SERVER: Self = Self::new(500, 6, "Internal Server Error", Module::Api);

    const fn new(status: u16, code: u8, text: &'static str, module: Module) -> Self {
        Self { status, code, text: Cow::Borrowed(text), module }
    }

    /// A method refuses the call.
    pub(crate) const fn general(text: &'static str) -> Self {
        Self::new(200, 5, text, Module::Called)
    }

    /// Parameters are missing or cannot be read.
    pub(crate) fn parameters(names: &[&str]) -> Self {
        let text = format!("Invalid parameters '{}'", names.join(", "));
        Self { text: text.into(), ..Self::new(400, 7, "", Module::None) }
    }

    /// A request failed before the dialect could read it.
    pub(crate) fn unread(fault: &Fault) -> Self {
        match fault.kind {
            FaultKind::TooLarge => Self { status: 413, ..Self::BAD_CALL },
            FaultKind::Malformed => Self { status: 400, ..Self::BAD_CALL },
            FaultKind::UnknownMethod
            | FaultKind::Invalid
            | FaultKind::Unauthenticated
            | FaultKind::Forbidden
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unsupported
            | FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Unexpected => Self::SERVER,
        }
    }

    /// Whether the released 6.1.1 answers this error with HTTP 500 and an empty body. It does so
    /// for every error of a method and of the checks right before it, except for an invalid key
    /// (`fixtures/transcripts/dandelion-as-shipped/as-shipped-errors.json`).
    pub(crate) fn is_empty_in_release(&self) -> bool {
        let spared = [Self::INVALID_KEY, Self::BAD_CALL, Self::DISABLED, Self::NO_SESSION];
        !spared.contains(self)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Forbidden => Self::NO_PERMISSION,
            FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::UnknownMethod
            | FaultKind::Invalid
            | FaultKind::Unauthenticated
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unsupported
            | FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Unexpected => Self::SERVER,
        }
    }
}
