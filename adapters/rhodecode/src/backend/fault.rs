//! What the errors of a RhodeCode server mean. Its sentences decide nothing but the kind of the
//! fault, and never get into it: a sentence may quote the whole request.

use isogloss_canonical::fault::{Fault, FaultKind, Refusal as Reason, Subject};
use isogloss_canonical::verb::Verb;
use serde_json::{Map, Value};

/// The server cannot be used.
pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

/// The server's answer is none of the recorded ones.
pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

/// A verb that the capability does not have, or not in this form.
pub(super) fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("RhodeCode's API has no {verb}"))
}

/// The API cannot issue this token.
pub(super) fn not_by_api(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unsupported, detail).about(Subject::Key)
}

/// What an error means.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The server refuses the token, for this reason.
    Token(Reason),
    /// The server refuses the call.
    Call(Fault),
}

impl Refusal {
    /// The fault of a call that was made with the gateway's own token. That this is refused is never
    /// the caller's doing.
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Token(_) => unavailable("it refuses the gateway's own token"),
            Self::Call(fault) => fault,
        }
    }
}

/// What a row of the table means.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// A fault about a subject.
    About(FaultKind, Subject),
    /// The token is refused.
    Token(Reason),
    /// The server does not have the method.
    NoMethod,
}

/// How a sentence begins and ends, and what it means. In between is a name that somebody chose, so
/// that it decides nothing.
const SENTENCES: &[(&str, &str, Meaning)] = &[
    ("user `", "` does not exist", Meaning::About(FaultKind::NotFound, Subject::User)),
    ("user group `", "` does not exist", Meaning::About(FaultKind::NotFound, Subject::Group)),
    ("user `", "` already exist", Meaning::About(FaultKind::Conflict, Subject::Username)),
    ("email `", "` already exist", Meaning::About(FaultKind::Conflict, Subject::Email)),
    ("user group `", "` already exist", Meaning::About(FaultKind::Conflict, Subject::Group)),
    ("failed to create user `", "`", Meaning::About(FaultKind::Invalid, Subject::User)),
    ("failed to update user `", "`", Meaning::About(FaultKind::Invalid, Subject::User)),
    ("failed to delete user ID:", "", Meaning::About(FaultKind::Invalid, Subject::User)),
    ("failed to create group `", "`", Meaning::About(FaultKind::Invalid, Subject::Group)),
    ("failed to update user group `", "`", Meaning::About(FaultKind::Invalid, Subject::Group)),
    ("failed to delete user group ID:", "", Meaning::About(FaultKind::Invalid, Subject::Group)),
    ("failed to edit permission for user", "`", Meaning::About(FaultKind::Invalid, Subject::Group)),
    (
        "failed to add member to user group `",
        "`",
        Meaning::About(FaultKind::Invalid, Subject::Group),
    ),
    (
        "failed to remove member from user group `",
        "`",
        Meaning::About(FaultKind::Invalid, Subject::Group),
    ),
    ("Invalid API KEY", "", Meaning::Token(Reason::Unknown)),
    ("API KEY ", " bad role for an API call", Meaning::Token(Reason::Scope)),
    ("Request from this user not allowed", "", Meaning::Token(Reason::Inactive)),
    ("Request from ", " not allowed", Meaning::Token(Reason::Address)),
    ("Access was denied to this resource.", "", Meaning::Token(Reason::Unknown)),
    ("userid is not the same as your user", "", Meaning::Token(Reason::Unknown)),
    ("No such method: ", "", Meaning::NoMethod),
];

/// What an error with this sentence means.
pub(super) fn of_sentence(sentence: &str) -> Refusal {
    let fits = |(begin, end, _): &&(&str, &str, Meaning)| {
        sentence.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end))
    };
    match SENTENCES.iter().find(fits) {
        Some((.., Meaning::About(kind, subject))) => {
            Refusal::Call(Fault::new(*kind, "").about(*subject))
        }
        Some((.., Meaning::Token(reason))) => Refusal::Token(*reason),
        Some((.., Meaning::NoMethod)) => {
            Refusal::Call(Fault::new(FaultKind::Unsupported, "it has no such method"))
        }
        None => Refusal::Call(unexpected("an error that was never recorded")),
    }
}

/// What an error with these fields means. Version 4.26 says of each field what is wrong with it.
pub(super) fn of_fields(fields: &Map<String, Value>) -> Refusal {
    let subject = |name: &String| match name.as_str() {
        "username" => Some(Subject::Username),
        "email" => Some(Subject::Email),
        "password" => Some(Subject::Password),
        name if name.starts_with("user_group") => Some(Subject::Group),
        _ => None,
    };
    let fault = Fault::new(FaultKind::Invalid, "the server's schema refuses it");
    Refusal::Call(match fields.keys().find_map(subject) {
        Some(subject) => fault.about(subject),
        None => fault,
    })
}
