//! URLs in the configuration. Parts that can be secret are never printed.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A URL. Printed without a user, a password, a query and a fragment.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct MaskedUrl(String);

impl MaskedUrl {
    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL without its secret parts.
    #[must_use]
    pub fn masked(&self) -> String {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), self.0.as_str()),
        };
        let (address, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
        if query.contains('@') {
            // The end of the password is unknown.
            return format!("{scheme}***");
        }
        // The password ends at the last at sign, because it can contain a slash that is not
        // encoded.
        let (user, address) = match address.rsplit_once('@') {
            Some((_, address)) => ("***@", address),
            None => ("", address),
        };
        let query = if query.is_empty() { "" } else { "?***" };
        format!("{scheme}{user}{address}{query}")
    }
}

impl From<String> for MaskedUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for MaskedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for MaskedUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::MaskedUrl;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("http://a.example/b", "http://a.example/b"),
            ("http://ada:hunter2@a.example", "http://***@a.example"),
            ("http://ada:hun/ter2@a.example/b", "http://***@a.example/b"),
            ("ada:hunter2@a.example", "***@a.example"),
            ("http://a.example/?apikey=hunter2", "http://a.example/?***"),
            ("http://a.example/#hunter2", "http://a.example/?***"),
            ("http://a.example/?a=b@hunter2", "http://***"),
            ("http://ada:hunter?2@a.example", "http://***"),
        ];
        for (text, shown) in cases {
            assert_eq!(MaskedUrl::from(text.to_owned()).masked(), shown);
        }
    }
}
