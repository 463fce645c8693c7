//! The schemas by which version 4.26 validates new users and user groups.
//!
//! The errors are an object. Its keys are the schema's names, which are not the parameters':
//! fixtures/transcripts/rhodecode/create-user-emails.json.

use isogloss_interop::python::value::Py;

use crate::dialect::failure::Failure;
use crate::wire::{Object, values};

const USERNAME: &str = "Username may only contain alphanumeric characters underscores, periods \
                        or dashes and must begin with alphanumeric character or underscore";
const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// A validation: the errors so far.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    errors: Option<Object>,
    /// Whether Python 2 fails to format one of the errors.
    unformattable: bool,
}

impl Schema {
    fn fail(&mut self, field: &'static str, why: impl Into<String>) {
        self.errors.get_or_insert_default().set(field, why.into());
    }

    /// Ends the validation: fails if there was an error.
    pub(crate) fn done(self) -> Result<(), Failure> {
        if self.unformattable {
            return Err(Failure::Exception("UnicodeEncodeError"));
        }
        self.errors.map_or(Ok(()), |errors| Err(Failure::Invalid(errors)))
    }

    /// Reads a text, which may be empty.
    pub(crate) fn text(&mut self, field: &'static str, value: &Py) -> String {
        if !value.truthy() {
            return String::new();
        }
        if let Py::Str(text) = value {
            return text.clone();
        }
        let value = value.to_text();
        self.fail(field, format!("{value} is not a string: {{'{field}': ''}}"));
        String::new()
    }

    /// Reads a text, which must not be empty and must pass a check. The check returns the error.
    pub(crate) fn required(
        &mut self,
        field: &'static str,
        value: &Py,
        check: fn(&str) -> Option<String>,
    ) -> String {
        if !value.truthy() {
            self.fail(field, "Required");
            return String::new();
        }
        let text = self.text(field, value);
        if !text.is_empty()
            && let Some(why) = check(&text)
        {
            self.fail(field, why);
        }
        text
    }

    /// Reads a flag, which may be a word.
    pub(crate) fn flag(&mut self, field: &'static str, value: &Py) -> bool {
        let word = match value {
            Py::Bool(on) => return *on,
            Py::Str(word) => word.to_lowercase(),
            Py::None | Py::Int(_) | Py::Float(_) | Py::Halves(_) | Py::List(_) | Py::Dict(_) => {
                self.fail(field, format!("{} is not a string", value.repr()));
                return false;
            }
        };
        if !TRUE.contains(&word.as_str()) && !FALSE.contains(&word.as_str()) {
            self.unformattable |= !word.is_ascii();
            self.fail(field, format!("{word} value cannot be translated to bool"));
        }
        TRUE.contains(&word.as_str())
    }
}

/// The error of a user name.
pub(crate) fn username(name: &str) -> Option<String> {
    (!values::is_username(name)).then(|| USERNAME.to_owned())
}

/// The error of a user group's name.
pub(crate) fn group_name(given: &str) -> Option<String> {
    (!values::is_group_name(given)).then(|| {
        format!(
            "Allowed in name are letters, numbers, and `-`, `_`, `.` \
             Name must start with a letter or number. Got `{given}`"
        )
    })
}

/// The error of an e-mail address.
pub(crate) fn email(address: &str) -> Option<String> {
    (!values::is_email(address)).then(|| "Invalid email address".to_owned())
}
