//! Secrets in the configuration: the text itself, or better a reference to a variable or a file.

use std::fmt;

use isogloss_canonical::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text of a secret, or `env:NAME`, or `file:PATH`. A reference is printed as it is, a text is
/// masked.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretSource(String);

impl From<String> for SecretSource {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl SecretSource {
    /// Resolves the secret. The error has the reference, never the value.
    pub fn resolve(&self) -> Result<Secret, String> {
        let (found, place) = if let Some(name) = self.variable() {
            let place = format!("${name}");
            (environment(name).ok_or(format!("{place} is not set, or is not text"))?, place)
        } else if let Some(path) = self.0.strip_prefix("file:") {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            (
                text.lines().next().unwrap_or_default().to_owned(),
                format!("the first line of {path}"),
            )
        } else {
            (self.0.clone(), "the secret".to_owned())
        };
        if found.trim().is_empty() {
            return Err(format!("{place} is empty"));
        }
        if found.chars().any(char::is_control) {
            return Err(format!("{place} holds a control character"));
        }
        Ok(Secret::new(found))
    }

    /// The environment variable that it is read from, if there is one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.0.strip_prefix("env:")
    }

    fn masked(&self) -> &str {
        if self.0.starts_with("env:") || self.0.starts_with("file:") { &self.0 } else { "***" }
    }
}

/// An environment variable, if it is set and is valid text.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var(name).ok()
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.masked())
    }
}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.masked())
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_references_and_masks_values() {
        assert_eq!(format!("{:?}", SecretSource("env:TOKEN".to_owned())), "env:TOKEN");
        assert_eq!(format!("{:?}", SecretSource("hunter2".to_owned())), "***");
    }

    #[test]
    fn says_where_it_looked() {
        let missing = SecretSource("env:ISOGLOSS_NO_SUCH_VARIABLE".to_owned());
        assert_eq!(
            missing.resolve().unwrap_err(),
            "$ISOGLOSS_NO_SUCH_VARIABLE is not set, or is not text"
        );
    }

    #[test]
    fn an_empty_secret_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\nhunter2\n").unwrap();
        let empty_line = format!("file:{}", file.path().display());
        for text in ["", " ", &empty_line, "file:/nowhere/at/all", "a\nb"] {
            assert!(SecretSource(text.to_owned()).resolve().is_err(), "{text:?}");
        }
    }
}
