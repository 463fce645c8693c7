//! Users and user groups as RhodeCode's answers show them.

pub(crate) mod groups;
pub(crate) mod tokens;
pub(crate) mod users;

use crate::mapping::Dict;
use crate::python::Py;

/// The answer of a method that changes something: a sentence, and the subject under its name.
pub(crate) fn done(sentence: impl Into<String>, name: &str, subject: impl Into<Py>) -> Py {
    Dict::default().with("msg", sentence.into()).with(name, subject).into()
}
