//! Every way in which a call does not succeed, and how it is encoded.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Response;
use isogloss_interop::php::json::Unwritable;
use isogloss_interop::php::value::Php;

use crate::database::error::SqlError;
use crate::dialect::envelope::{json_response, write_answer};
use crate::options::version::{Version, Wording};
use crate::wire::directory;

/// The content type of answers that PHP or the web server writes.
pub(crate) const HTML: &str = "text/html; charset=UTF-8";

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The call is answered by an error; the other calls of the batch go on.
    Call(ErrorObject),
    /// One answer takes the place of all answers to the request.
    Request(Abort),
}

/// An `error` member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorObject {
    code: Code,
    message: Message,
    data: Option<Cow<'static, str>>,
}

/// The message of an error.
#[derive(Clone, Debug, PartialEq)]
enum Message {
    /// The same in every version.
    Text(Cow<'static, str>),
    /// An error of the database that Kanboard catches and throws again.
    Sql(SqlError),
}

/// The code of an exception is an integer; that of a database's exception is a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Code {
    Number(i64),
    State(&'static str),
}

/// An answer that takes the place of all answers to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abort {
    /// The credentials are wrong or missing.
    Unauthorized,
    /// The caller may not do this.
    Forbidden,
    /// PHP stopped with an uncaught error: status 500 without a body.
    Uncaught,
    /// The answer cannot be written as JSON.
    Unwritable,
}

/// The body is not JSON, or neither an object nor an array.
pub(crate) const PARSE_ERROR: ErrorObject = ErrorObject::plain(-32700, "Parse error");
/// An item is not a call.
pub(crate) const INVALID_REQUEST: ErrorObject = ErrorObject::plain(-32600, "Invalid Request");
/// The batch is longer than the gateway allows. Kanboard has no limit.
pub(crate) const TOO_MANY_CALLS: ErrorObject = ErrorObject {
    code: Code::Number(-32600),
    message: Message::Text(Cow::Borrowed("Invalid Request")),
    data: Some(Cow::Borrowed("Too many calls in one batch")),
};
const UNKNOWN_METHOD: ErrorObject = ErrorObject::plain(-32601, "Method not found");
const INVALID_PARAMETERS: i64 = -32602;

impl ErrorObject {
    const fn plain(code: i64, message: &'static str) -> Self {
        let message = Message::Text(Cow::Borrowed(message));
        Self { code: Code::Number(code), message, data: None }
    }

    /// Writes the answer with this error.
    pub(crate) fn write(&self, id: &Php, wording: Wording) -> Result<String, Unwritable> {
        let code = match self.code {
            Code::Number(code) => Php::Int(code),
            Code::State(state) => Php::from(state),
        };
        let message = match &self.message {
            Message::Text(text) => Php::from(text.as_ref()),
            Message::Sql(error) => Php::Text(error.in_exception(wording)),
        };
        let hides_data =
            self.code == Code::Number(INVALID_PARAMETERS) && !wording.explains_parameters;
        let data = self.data.as_deref().filter(|_| !hides_data);
        let mut error = vec![("code", code), ("message", message)];
        error.extend(data.map(|data| ("data", Php::from(data))));
        write_answer(("error", Php::map(error)), id, wording.json)
    }
}

impl Abort {
    /// The response to the request.
    pub(crate) fn response(self) -> Response {
        match self {
            Self::Uncaught => Response::new(500, "").with("content-type", HTML),
            Self::Unauthorized => {
                let response = error_response(401, &ErrorObject::plain(401, "Unauthorized"));
                response.with("www-authenticate", "Basic realm=\"JsonRPC\"")
            }
            Self::Forbidden => error_response(403, &ErrorObject::plain(403, "Forbidden")),
            Self::Unwritable => {
                let data = Some(Cow::Borrowed("Unknown error"));
                let error = ErrorObject { data, ..ErrorObject::plain(-32603, "Internal error") };
                error_response(200, &error)
            }
        }
    }
}

/// These errors are plain words: every version writes them alike.
fn error_response(status: u16, error: &ErrorObject) -> Response {
    let wording = Version::default().differences().wording;
    json_response(status, error.write(&Php::Null, wording).unwrap_or_default())
}

impl Failure {
    /// There is no such method.
    pub(crate) const fn unknown_method() -> Self {
        Self::Call(UNKNOWN_METHOD)
    }

    /// The parameters do not fit the method.
    pub(crate) fn parameters(data: impl Into<Cow<'static, str>>) -> Self {
        let data = Some(data.into());
        Self::Call(ErrorObject { data, ..ErrorObject::plain(INVALID_PARAMETERS, "Invalid params") })
    }

    /// An exception that Kanboard throws: its JSON-RPC server shows the message.
    pub(crate) fn exception(message: impl Into<Cow<'static, str>>) -> Self {
        let message = Message::Text(message.into());
        Self::Call(ErrorObject { message, ..ErrorObject::plain(0, "") })
    }

    /// An exception of PDO that Kanboard does not catch. Its code is the SQLSTATE.
    pub(crate) fn uncaught_sql(error: SqlError) -> Self {
        let code = Code::State(error.state);
        let message = Message::Text(Cow::Owned(error.message));
        Self::Call(ErrorObject { code, message, data: None })
    }
}

impl From<Abort> for Failure {
    fn from(abort: Abort) -> Self {
        Self::Request(abort)
    }
}

impl From<Unwritable> for Abort {
    fn from(_: Unwritable) -> Self {
        Self::Unwritable
    }
}

/// Kanboard catches the error and throws its own exception.
impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        let message = Message::Sql(error);
        Self::Call(ErrorObject { message, ..ErrorObject::plain(0, "") })
    }
}

/// Faults that a method does not handle. None of them becomes `false` or `null`, which would say
/// that something does not exist.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let directory = fault.subject == Some(Subject::Directory);
        match fault.kind {
            FaultKind::Unauthenticated => Self::Request(Abort::Unauthorized),
            FaultKind::Forbidden => Self::Request(Abort::Forbidden),
            FaultKind::Unavailable | FaultKind::Timeout if directory => {
                Self::exception(directory::NOT_REACHED_WHOLE)
            }
            FaultKind::UnknownMethod | FaultKind::Unsupported => Self::unknown_method(),
            FaultKind::Timeout | FaultKind::Throttled => {
                SqlError::general("5 database is locked").into()
            }
            FaultKind::Unavailable => SqlError::general("14 unable to open database file").into(),
            FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::Invalid
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unexpected => SqlError::general("10 disk I/O error").into(),
        }
    }
}

/// The outcome of a command, or `None` if a value was refused: Kanboard answers `false` and gives
/// no reason.
pub(crate) fn none_if_refused<T>(answered: Result<T, Fault>) -> Result<Option<T>, Failure> {
    match answered {
        Ok(value) => Ok(Some(value)),
        Err(fault) if is_refused_value(&fault) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Whether a fault says that a value is refused: also a name that the system of the accounts cannot
/// hold. The method exists, so that "Method not found" would be untrue.
pub(crate) fn is_refused_value(fault: &Fault) -> bool {
    let names = fault.subject == Some(Subject::Username);
    match fault.kind {
        FaultKind::Conflict | FaultKind::Invalid => true,
        FaultKind::Unsupported => names,
        FaultKind::Unauthenticated
        | FaultKind::Forbidden
        | FaultKind::UnknownMethod
        | FaultKind::NotFound
        | FaultKind::Malformed
        | FaultKind::TooLarge
        | FaultKind::Throttled
        | FaultKind::Unavailable
        | FaultKind::Timeout
        | FaultKind::Unexpected => false,
    }
}

/// The outcome of a command, or `None` if its subject does not exist.
pub(crate) fn none_if_absent<T>(answered: Result<T, Fault>) -> Result<Option<T>, Failure> {
    none_if(answered, &[FaultKind::NotFound])
}

/// The outcome of a command, or `None` for the faults that the method answers in its own way.
pub(crate) fn none_if<T>(
    answered: Result<T, Fault>,
    kinds: &[FaultKind],
) -> Result<Option<T>, Failure> {
    match answered {
        Ok(value) => Ok(Some(value)),
        Err(fault) if kinds.contains(&fault.kind) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}
