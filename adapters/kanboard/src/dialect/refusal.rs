//! How a call that does not succeed ends: in an error of its own, or in one answer for the whole
//! request.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Response;

use crate::dialect::{HTML, JSON};
use crate::php::Php;
use crate::wire::NO_DIRECTORY;

/// An `error` member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorObject {
    code: Code,
    message: Cow<'static, str>,
    data: Option<Cow<'static, str>>,
}

/// An exception's code is a number, but a database's is a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Code {
    Number(i64),
    State(&'static str),
}

/// An answer that takes the place of all others in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The caller has not proved who they are.
    Unauthorized,
    /// The caller may not do this.
    Forbidden,
    /// PHP gave up: an uncaught error has no body.
    Fatal,
    /// The answer cannot be written as JSON.
    Unwritable,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It is answered by its own error; the other calls of the batch go on.
    Here(ErrorObject),
    /// It ends the request.
    Whole(Ending),
}

/// The body is no JSON, or no object or array.
pub(crate) const PARSE_ERROR: ErrorObject = ErrorObject::plain(-32700, "Parse error");
/// It is not a call.
pub(crate) const INVALID_REQUEST: ErrorObject = ErrorObject::plain(-32600, "Invalid Request");
/// The batch is longer than the gateway takes. Kanboard takes any.
pub(crate) const TOO_MANY_CALLS: ErrorObject = ErrorObject {
    code: Code::Number(-32600),
    message: Cow::Borrowed("Invalid Request"),
    data: Some(Cow::Borrowed("Too many calls in one batch")),
};
const UNKNOWN_METHOD: ErrorObject = ErrorObject::plain(-32601, "Method not found");

const DIRECTORY_AWAY: &str = "Unable to connect to LDAP server (Code=\"-1\"; Error=\"Can't contact \
                              LDAP server\"; ExtendedError=\"\")";

impl ErrorObject {
    const fn plain(code: i64, message: &'static str) -> Self {
        Self { code: Code::Number(code), message: Cow::Borrowed(message), data: None }
    }

    /// The whole answer.
    pub(crate) fn written(&self, id: &Php) -> Result<String, Ending> {
        let code = match self.code {
            Code::Number(code) => Php::Int(code),
            Code::State(state) => Php::from(state),
        };
        let mut error = vec![("code", code), ("message", Php::from(self.message.as_ref()))];
        error.extend(self.data.iter().map(|data| ("data", Php::from(data.as_ref()))));
        written(("error", Php::map(error)), id)
    }
}

/// An answer: never both `result` and `error`, which some clients take for a failure.
pub(crate) fn written(member: (&str, Php), id: &Php) -> Result<String, Ending> {
    let answer = Php::map([("jsonrpc", Php::from("2.0")), member, ("id", id.clone())]);
    let mut text = String::new();
    answer.write(&mut text).map_err(|_| Ending::Unwritable)?;
    Ok(text)
}

impl Ending {
    /// The answer for the request.
    pub(crate) fn response(self) -> Response {
        let (status, error) = match self {
            Self::Fatal => return Response::new(500, "").with("content-type", HTML),
            Self::Unauthorized => (401, ErrorObject::plain(401, "Unauthorized")),
            Self::Forbidden => (403, ErrorObject::plain(403, "Forbidden")),
            Self::Unwritable => {
                let data = Some(Cow::Borrowed("Unknown error"));
                (200, ErrorObject { data, ..ErrorObject::plain(-32603, "Internal error") })
            }
        };
        let body = error.written(&Php::Null).unwrap_or_default();
        let response = Response::new(status, body).with("content-type", JSON);
        if self == Self::Unauthorized {
            return response.with("www-authenticate", "Basic realm=\"JsonRPC\"");
        }
        response
    }
}

impl Failure {
    /// There is no such method.
    pub(crate) const fn unknown_method() -> Self {
        Self::Here(UNKNOWN_METHOD)
    }

    /// The parameters do not fit the method.
    pub(crate) fn parameters(data: impl Into<Cow<'static, str>>) -> Self {
        let data = Some(data.into());
        Self::Here(ErrorObject { data, ..ErrorObject::plain(-32602, "Invalid params") })
    }

    /// An exception reached the JSON-RPC server, which shows its message.
    pub(crate) fn exception(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Here(ErrorObject { message: message.into(), ..ErrorObject::plain(0, "") })
    }

    /// No directory was named to the gateway, or the backend has none to ask.
    pub(crate) fn no_directory() -> Self {
        Self::exception(NO_DIRECTORY)
    }

    /// The database's own exception, in front of Kanboard's.
    pub(crate) fn state(state: &'static str, message: String) -> Self {
        let code = Code::State(state);
        Self::Here(ErrorObject { code, message: Cow::Owned(message), data: None })
    }
}

impl From<Ending> for Failure {
    fn from(ending: Ending) -> Self {
        Self::Whole(ending)
    }
}

/// What is nobody's absence must never look like it: every fault that a procedure has no word for
/// becomes an error.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let directory = fault.subject == Some(Subject::Directory);
        match fault.kind {
            FaultKind::Unauthenticated => Self::Whole(Ending::Unauthorized),
            FaultKind::Forbidden => Self::Whole(Ending::Forbidden),
            FaultKind::Unavailable | FaultKind::Timeout if directory => {
                Self::exception(DIRECTORY_AWAY)
            }
            FaultKind::UnknownMethod | FaultKind::Unsupported => Self::unknown_method(),
            FaultKind::Timeout | FaultKind::Throttled => general("5 database is locked"),
            FaultKind::Unavailable => general("14 unable to open database file"),
            FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::Invalid
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unexpected => general("10 disk I/O error"),
        }
    }
}

/// The sentences of a database in trouble.
fn general(why: &str) -> Failure {
    Failure::exception(format!("SQL Error[HY000]: SQLSTATE[HY000]: General error: {why}"))
}

/// What came of a command, or `None` if a value was refused: Kanboard says `false` and no reason.
pub(crate) fn unless_refused<T>(answered: Result<T, Fault>) -> Result<Option<T>, Failure> {
    unless(answered, &[FaultKind::Conflict, FaultKind::Invalid])
}

/// What came of a command, or `None` if what it was about is not there.
pub(crate) fn unless_absent<T>(answered: Result<T, Fault>) -> Result<Option<T>, Failure> {
    unless(answered, &[FaultKind::NotFound])
}

/// What came of a command, or `None` if it is one of the faults that the procedure has a word for.
pub(crate) fn unless<T>(
    answered: Result<T, Fault>,
    kinds: &[FaultKind],
) -> Result<Option<T>, Failure> {
    match answered {
        Ok(value) => Ok(Some(value)),
        Err(fault) if kinds.contains(&fault.kind) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}
