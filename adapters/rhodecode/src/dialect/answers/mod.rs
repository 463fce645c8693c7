//! Users and user groups as RhodeCode's answers show them.

use isogloss_interop::python::value::Py;

use crate::wire::Object;

pub(crate) mod groups;
pub(crate) mod tokens;
pub(crate) mod users;

/// The answer of a method that changes something: a sentence, and the subject under its name.
pub(crate) fn done(sentence: impl Into<String>, name: &'static str, subject: impl Into<Py>) -> Py {
    Object::default().with("msg", sentence.into()).with(name, subject).into()
}
