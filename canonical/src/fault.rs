//! Why a command failed: a closed set of kinds, so that every dialect can encode each.
//!
//! `detail` and `source` are for the log only, and no code decides by them. A caller never sees a
//! backend's sentence: the dialect encodes the kind, the subject and the refusal.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The request cannot be read.
    Malformed,
    /// The request is larger than allowed.
    TooLarge,
    /// There is no such method.
    UnknownMethod,
    /// A value is not acceptable.
    Invalid,
    /// The caller is not authenticated; see [`Refusal`].
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// It does not exist; see [`Subject`].
    NotFound,
    /// It exists already; see [`Subject`].
    Conflict,
    /// The backend cannot do this.
    Unsupported,
    /// There were too many requests.
    Throttled,
    /// The backend cannot be reached, or refuses the gateway.
    Unavailable,
    /// The backend took too long.
    Timeout,
    /// The backend or the gateway has a defect.
    Unexpected,
}

impl FaultKind {
    /// Every kind, for the tables that must have a row for each.
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::TooLarge,
        Self::UnknownMethod,
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Unsupported,
        Self::Throttled,
        Self::Unavailable,
        Self::Timeout,
        Self::Unexpected,
    ];

    /// Whether the caller caused it. Any other fault must never be reported as absence.
    #[must_use]
    pub const fn is_callers(self) -> bool {
        !matches!(self, Self::Unavailable | Self::Timeout | Self::Unexpected | Self::Throttled)
    }
}

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    User,
    /// A user name.
    Username,
    /// An e-mail address.
    Email,
    /// A password.
    Password,
    /// A group.
    Group,
    /// A membership.
    Membership,
    /// A key.
    Key,
    /// The directory (LDAP) of the configuration.
    Directory,
}

/// Why a caller's credentials were refused. A dialect may tell the caller less than this, never more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There were no credentials.
    Missing,
    /// No such key, user or password.
    Unknown,
    /// The key has expired.
    Expired,
    /// The person is inactive.
    Inactive,
    /// Too many failures: locked for a while.
    Locked,
    /// The caller's address is not allowed.
    Address,
    /// The key may not be used for this.
    Scope,
    /// A password alone is not enough.
    SecondFactor,
}

/// Whether the system may have executed a command that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It executed nothing: no request was sent, or the system refused the command.
    Never,
    /// It may have executed the command, or a part of it.
    Maybe,
}

/// A failure of a command.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Why the credentials were refused.
    pub refusal: Option<Refusal>,
    /// Whether the system may have executed the command.
    pub sent: Sent,
    /// For the log.
    pub detail: Cow<'static, str>,
    /// For the log: the cause.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault of this kind; the detail is for the log. If the caller caused it, nothing was
    /// executed. Otherwise that is unknown.
    #[must_use]
    pub fn new(kind: FaultKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let sent = if kind.is_callers() { Sent::Never } else { Sent::Maybe };
        let detail = detail.into();
        Self { kind, subject: None, refusal: None, sent, detail, source: None }
    }

    /// The same fault, with this knowledge of whether the system executed the command.
    #[must_use]
    pub const fn with_sent(mut self, sent: Sent) -> Self {
        self.sent = sent;
        self
    }

    /// Sets its subject.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(cause));
        self
    }

    /// A `NotFound` fault about this subject.
    #[must_use]
    pub fn not_found(subject: Subject) -> Self {
        Self::new(FaultKind::NotFound, "").about(subject)
    }

    /// A `Conflict` fault about this subject.
    #[must_use]
    pub fn conflict(subject: Subject) -> Self {
        Self::new(FaultKind::Conflict, "").about(subject)
    }

    /// The caller may not do this.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(FaultKind::Forbidden, "")
    }

    /// The caller's credentials are refused.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::new(FaultKind::Unauthenticated, "") }
    }

    /// Whether it reports that a thing of this kind does not exist.
    #[must_use]
    pub fn is_absence_of(&self, subject: Subject) -> bool {
        self.kind == FaultKind::NotFound && self.subject == Some(subject)
    }
}

/// `NotFound User`, `Unauthenticated (Expired)`, `Unavailable: connect`: for the log.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        if let Some(subject) = self.subject {
            write!(f, " {subject:?}")?;
        }
        if let Some(refusal) = self.refusal {
            write!(f, " ({refusal:?})")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
