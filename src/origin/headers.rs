//! The headers that are forwarded. Headers about one connection are not forwarded (RFC 9110,
//! section 7.6.1).

use crate::proxies::header_as_read;

/// Headers about one connection, not about the message.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that the gateway replaces: the framing of the body, `Host`, `Via`, and `Expect`, which
/// it answers itself.
const ANEW: [&str; 4] = ["content-length", "expect", "host", "via"];

/// The end-to-end headers of a message: those that go from one side to the other.
#[derive(Debug)]
pub(crate) struct EndToEnd {
    /// The headers that the `Connection` headers name. They are about the connection too.
    named: Vec<String>,
}

impl EndToEnd {
    /// The selection for a message with these `Connection` headers. All of them count.
    pub(crate) fn of<'a>(connection: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut named = Vec::new();
        for value in connection {
            let value = String::from_utf8_lossy(value).to_lowercase();
            named.extend(value.split(',').map(|name| name.trim().to_owned()));
        }
        Self { named }
    }

    /// Whether one of the `Connection` headers names this header.
    pub(crate) fn connection_names(&self, name: &str) -> bool {
        self.named.iter().any(|own| own == name)
    }

    /// Whether a header of a request is forwarded unchanged. The name is in lower case.
    pub(super) fn includes(&self, name: &str) -> bool {
        let read = header_as_read(name);
        !HOP_BY_HOP.contains(&&*read) && !ANEW.contains(&&*read) && !self.connection_names(name)
    }

    /// Whether a header of an answer goes on. The trailers of an answer are forwarded, and so is the
    /// header that announces them; those of a request are not.
    pub(super) fn includes_in_answer(&self, name: &str) -> bool {
        let about_connection = HOP_BY_HOP.contains(&name) && name != "trailer";
        !about_connection && !self.connection_names(name)
    }

    /// Whether these `TE` headers say that the client takes trailers.
    pub(super) fn takes_trailers<'a>(&self, mut values: impl Iterator<Item = &'a [u8]>) -> bool {
        let is_trailers = |word: &[u8]| word.trim_ascii().eq_ignore_ascii_case(b"trailers");
        self.connection_names("te")
            && values.any(|value| value.split(|byte| *byte == b',').any(is_trailers))
    }
}

/// Joins several headers of one name with commas.
pub(super) fn joined<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(", ")
}
