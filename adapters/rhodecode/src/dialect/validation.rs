//! The schemas by which version 4.26 validates new users and user groups.
//!
//! The errors are an object. Its keys are the schema's names, which are not the parameters':
//! fixtures/transcripts/rhodecode/create-user-emails.json.

use isogloss_interop::python::value::Py;

use crate::dialect::failure::Failure;
use crate::wire::Object;

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
    fn fail(&mut self, field: &str, why: impl Into<String>) {
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
    pub(crate) fn text(&mut self, field: &str, value: &Py) -> String {
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
        field: &str,
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
    pub(crate) fn flag(&mut self, field: &str, value: &Py) -> bool {
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

/// The error of a user name. As in Python, `$` also matches before a final newline.
pub(crate) fn username(name: &str) -> Option<String> {
    let name = name.strip_suffix('\n').unwrap_or(name);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = match name.as_bytes().split_first() {
        Some((first, rest)) => {
            let inner = |byte: &u8| word(*byte) || matches!(byte, b'-' | b'.');
            word(*first) && rest.len() <= 254 && rest.iter().all(inner)
        }
        None => false,
    };
    (!fits).then(|| USERNAME.to_owned())
}

/// The error of a user group's name.
pub(crate) fn group_name(given: &str) -> Option<String> {
    let name = given.strip_suffix('\n').unwrap_or(given);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = match name.as_bytes().split_first() {
        Some((first, rest)) => {
            first.is_ascii_alphanumeric() && !rest.is_empty() && rest.iter().all(inner)
        }
        None => false,
    };
    (!fits).then(|| {
        format!(
            "Allowed in name are letters, numbers, and `-`, `_`, `.` \
             Name must start with a letter or number. Got `{given}`"
        )
    })
}

/// The error of an e-mail address. The pattern is that of HTML 5.
pub(crate) fn email(address: &str) -> Option<String> {
    let trimmed = address.strip_suffix('\n').unwrap_or(address);
    let local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let fits = trimmed.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && name.bytes().all(local) && domain.split('.').all(is_label)
    });
    (!fits).then(|| "Invalid email address".to_owned())
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_patterns_of_rhodecode_match() {
        for (name, fits) in [("a", true), ("_a.b-c", true), ("tr_n\n", true), ("a b", false)] {
            assert_eq!(username(name).is_none(), fits, "{name:?}");
        }
        for (name, fits) in [("a", false), ("ab", true), ("ab\n", true), ("-a", false)] {
            assert_eq!(group_name(name).is_none(), fits, "{name:?}");
        }
        for (name, fits) in [
            ("a@b", true),
            ("o'brien@example.com", true),
            ("a@b-.c", false),
            ("a@b..c", false),
            ("a@b@c", false),
            ("a@b.c\n", true),
        ] {
            assert_eq!(email(name).is_none(), fits, "{name:?}");
        }
    }
}
