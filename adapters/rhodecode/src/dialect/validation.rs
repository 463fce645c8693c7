//! The schemas that version 4.26 checks new people and user groups with.
//!
//! Errors are an object keyed by the schema's names, which are not the method's:
//! fixtures/transcripts/rhodecode/create-user-emails.json.

use crate::dialect::call::Raised;
use crate::mapping::Mapping;
use crate::python::Py;

const USERNAME: &str = "Username may only contain alphanumeric characters underscores, periods \
                        or dashes and must begin with alphanumeric character or underscore";
const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// What was wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    errors: Option<Mapping>,
    /// A word that Python 2 cannot put into its sentence.
    unspeakable: bool,
}

impl Schema {
    fn fail(&mut self, field: &str, why: impl Into<String>) {
        self.errors.get_or_insert_default().set(field, why.into());
    }

    /// All errors, if there are any.
    pub(crate) fn done(self) -> Result<(), Raised> {
        if self.unspeakable {
            return Err(Raised::Exception("UnicodeEncodeError"));
        }
        self.errors.map_or(Ok(()), |errors| Err(Raised::Invalid(errors)))
    }

    /// A text that may be missing.
    pub(crate) fn text(&mut self, field: &str, value: &Py) -> String {
        if !value.truthy() {
            return String::new();
        }
        if let Py::Str(text) = value {
            return text.clone();
        }
        let value = value.text();
        self.fail(field, format!("{value} is not a string: {{'{field}': ''}}"));
        String::new()
    }

    /// A text that must be there and pass a check, which answers what is wrong.
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

    /// A truth value, also as a word.
    pub(crate) fn flag(&mut self, field: &str, value: &Py) -> bool {
        let word = match value {
            Py::Bool(on) => return *on,
            Py::Str(word) => word.to_lowercase(),
            other => {
                self.fail(field, format!("{} is not a string", other.repr()));
                return false;
            }
        };
        if !TRUE.contains(&word.as_str()) && !FALSE.contains(&word.as_str()) {
            self.unspeakable |= !word.is_ascii();
            self.fail(field, format!("{word} value cannot be translated to bool"));
        }
        TRUE.contains(&word.as_str())
    }
}

/// What is wrong with a user name. As in Python, `$` lets one line end pass.
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

/// What is wrong with the name of a user group.
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

/// What is wrong with an e-mail address: the expression is that of HTML 5.
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
    fn takes_what_the_expressions_take() {
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
