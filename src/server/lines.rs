//! Checks the line ends of request heads in the raw bytes of a connection.
//!
//! The HTTP parser accepts a bare LF as the end of a line (RFC 9112, section 2.2, allows it). A
//! proxy in front or the origin may not accept it, and would then read other headers than the
//! gateway. So this module replaces a bare LF by a NUL, which the parser refuses with 400.
//!
//! To find the heads, it skips bodies by the same rules as the parser. After a request that the
//! parser refuses, it stops: the parser closes the connection.

/// The part of a message that the next byte belongs to.
#[derive(Debug, PartialEq, Eq)]
enum At {
    Head,
    Body(u64),
    Chunk(Chunk),
    /// No further byte is in a head: the parser refuses, or the protocol was switched.
    Beyond,
}

/// The position in a chunked body.
#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    Size(u64),
    Extension(u64),
    SizeEnd(u64),
    Data(u64),
    /// How many bytes of CR LF are still expected, and whether the body ends with them.
    End(u8, bool),
}

/// The framing of the body, as far as the head was read.
#[derive(Debug, Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
    websocket: bool,
}

/// The state for one connection.
#[derive(Debug)]
pub(super) struct Lines {
    at: At,
    line: Vec<u8>,
    /// Whether the request line has been read.
    begun: bool,
    framing: Framing,
    heads: u64,
}

impl Lines {
    /// The state of a new connection.
    pub(super) fn new() -> Self {
        let framing = Framing::default();
        Self { at: At::Head, line: Vec::new(), begun: false, framing, heads: 0 }
    }

    /// Whether a later head than the first has begun and is not complete.
    pub(super) fn is_within_a_later_head(&self) -> bool {
        self.heads > 0 && self.at == At::Head && (self.begun || !self.line.is_empty())
    }

    /// Reads new bytes, and replaces each bare LF in a head by a NUL.
    pub(super) fn check(&mut self, bytes: &mut [u8]) {
        let mut index = 0;
        while let Some(byte) = bytes.get_mut(index) {
            match &mut self.at {
                At::Beyond => return,
                At::Body(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX);
                    let skipped = skipped.min(bytes.len() - index);
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.at = At::Head;
                    }
                    index += skipped;
                }
                At::Chunk(Chunk::Data(left)) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX);
                    let skipped = skipped.min(bytes.len() - index);
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.at = At::Chunk(Chunk::End(2, false));
                    }
                    index += skipped;
                }
                At::Chunk(chunk) => {
                    self.at = chunk.after(*byte);
                    index += 1;
                }
                At::Head => {
                    self.head(byte);
                    index += 1;
                }
            }
        }
    }

    fn head(&mut self, byte: &mut u8) {
        if *byte != b'\n' {
            self.line.push(*byte);
            return;
        }
        if self.line.pop() != Some(b'\r') {
            *byte = 0;
            self.at = At::Beyond;
            return;
        }
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() && self.begun {
            if !self.framing.read(&line) {
                self.at = At::Beyond;
            }
        } else if !line.is_empty() {
            self.begun = true;
            if line.starts_with(b"CONNECT ") {
                self.at = At::Beyond;
            }
        } else if self.begun {
            // An empty line before the request line is ignored.
            self.begun = false;
            self.heads += 1;
            self.at = std::mem::take(&mut self.framing).follows();
        }
    }
}

impl Framing {
    /// Reads a header. `false`: the parser refuses it.
    fn read(&mut self, line: &[u8]) -> bool {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let text = std::str::from_utf8(value).unwrap_or_default();
            let length = text.parse().ok().filter(|_| !text.starts_with('+'));
            let first = self.length.is_none();
            self.length = length;
            return first && length.is_some();
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let first = !self.chunked;
            self.chunked = value.eq_ignore_ascii_case(b"chunked");
            return first && self.chunked;
        }
        if name.eq_ignore_ascii_case(b"upgrade") && value.eq_ignore_ascii_case(b"websocket") {
            self.websocket = true;
        }
        true
    }

    /// The part after the head.
    fn follows(self) -> At {
        match (self.chunked, self.length) {
            (true, Some(_)) => At::Beyond,
            (true, None) => At::Chunk(Chunk::Size(0)),
            (false, _) if self.websocket => At::Beyond,
            (false, None | Some(0)) => At::Head,
            (false, Some(length)) => At::Body(length),
        }
    }
}

impl Chunk {
    fn after(&self, byte: u8) -> At {
        At::Chunk(match (self, byte) {
            (Self::Size(size), _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let grown = size.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
                let Some(size) = grown else { return At::Beyond };
                Self::Size(size)
            }
            (Self::Size(size) | Self::Extension(size), b'\r') => Self::SizeEnd(*size),
            (Self::Size(size), b' ' | b'\t' | b';') => Self::Extension(*size),
            (Self::Extension(size), _) if byte != b'\n' => Self::Extension(*size),
            (Self::SizeEnd(0), b'\n') => Self::End(2, true),
            (Self::SizeEnd(size), b'\n') => Self::Data(*size),
            (Self::End(2, last), b'\r') => Self::End(1, *last),
            (Self::End(1, true), b'\n') => return At::Head,
            (Self::End(1, false), b'\n') => Self::Size(0),
            _ => return At::Beyond,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for bytes that arrive in pieces of this size.
    fn checked(text: &str, piece: usize) -> String {
        let mut lines = Lines::new();
        let mut bytes = text.as_bytes().to_vec();
        bytes.chunks_mut(piece).for_each(|piece| lines.check(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_bare_line_feed_in_a_head_is_made_a_nul() {
        let pairs = [
            ("GET / HTTP/1.1\nA: b\r\n\r\n", "GET / HTTP/1.1\0A: b\r\n\r\n"),
            ("GET / HTTP/1.1\r\nA: b\n\r\n", "GET / HTTP/1.1\r\nA: b\0\r\n"),
            ("GET / HTTP/1.1\r\nA: b\r\n\n", "GET / HTTP/1.1\r\nA: b\r\n\0"),
            ("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"),
            (
                "POST / HTTP/1.1\r\nContent-Length:  2\r\n\r\n\n\nGET / HTTP/1.1\n",
                "POST / HTTP/1.1\r\nContent-Length:  2\r\n\r\n\n\nGET / HTTP/1.1\0",
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n2;a=b\r\n\n\n\r\n0\r\n\r\nG\n",
                "POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n2;a=b\r\n\n\n\r\n0\r\n\r\nG\0",
            ),
        ];
        for (text, expected) in pairs {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(checked(text, piece), expected, "{piece}");
            }
        }
    }

    #[test]
    fn nothing_else_is_changed() {
        for text in [
            "\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\n\nPOST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nx\n\n\n\n\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx\n\n\n\n",
        ] {
            for piece in [1, 2, 1000] {
                assert_eq!(checked(text, piece), text, "{piece}");
            }
        }
    }
}
