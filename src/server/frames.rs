//! The frames of a websocket (RFC 6455), read and written by actix's parser.

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};

/// The longest message of a client, in bytes. What clients send is shorter by far.
const LONGEST_MESSAGE: usize = 64 << 10;
/// The longest head of a frame.
const LONGEST_HEAD: usize = 14;

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// A message.
    Message(String),
    /// It asks whether the connection is alive, and expects this back.
    Ping(Bytes),
    /// Something without an answer.
    Nothing,
    /// It closes the connection.
    Close,
}

/// The bytes of a client, as they come, up to the end of a message.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: BytesMut,
    /// The beginning of a message that comes in several frames.
    message: Option<BytesMut>,
}

impl Frames {
    /// Adds bytes. There are at most those of one message and of one piece.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What the bytes say next. `None`: more must come. The error is the code to close with.
    pub(super) fn next(&mut self) -> Result<Option<Received>, CloseCode> {
        let parsed = Parser::parse(&mut self.bytes, true, LONGEST_MESSAGE);
        let Some((is_last, code, payload)) = parsed.map_err(|error| closing(&error))? else {
            // The parser waits for the end of a frame, however long it says it is.
            let is_long = self.bytes.len() > LONGEST_MESSAGE + LONGEST_HEAD;
            return if is_long { Err(CloseCode::Size) } else { Ok(None) };
        };
        let payload = payload.unwrap_or_default();
        match code {
            OpCode::Ping => Ok(Some(Received::Ping(payload.freeze()))),
            OpCode::Pong => Ok(Some(Received::Nothing)),
            OpCode::Close => Ok(Some(Received::Close)),
            // Tornado reads a binary message as a text too.
            OpCode::Text | OpCode::Binary if self.message.is_none() => self.piece(payload, is_last),
            OpCode::Continue if self.message.is_some() => self.piece(payload, is_last),
            OpCode::Text | OpCode::Binary | OpCode::Continue | OpCode::Bad => {
                Err(CloseCode::Protocol)
            }
        }
    }

    /// Adds a piece to the message.
    fn piece(&mut self, piece: BytesMut, is_last: bool) -> Result<Option<Received>, CloseCode> {
        let mut message = self.message.take().unwrap_or_default();
        if message.len() + piece.len() > LONGEST_MESSAGE {
            return Err(CloseCode::Size);
        }
        message.unsplit(piece);
        if !is_last {
            self.message = Some(message);
            return Ok(Some(Received::Nothing));
        }
        let text = String::from_utf8(message.into()).map_err(|_| CloseCode::Invalid)?;
        Ok(Some(Received::Message(text)))
    }
}

fn closing(error: &ProtocolError) -> CloseCode {
    if matches!(error, ProtocolError::Overflow) { CloseCode::Size } else { CloseCode::Protocol }
}

/// A message as a frame.
pub(super) fn text(message: &str) -> Bytes {
    frame(OpCode::Text, message.as_bytes())
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    frame(OpCode::Pong, payload)
}

/// Asks the client whether it is there.
pub(super) fn ping() -> Bytes {
    frame(OpCode::Ping, b"")
}

/// Closes the connection, for this reason.
pub(super) fn close(code: CloseCode) -> Bytes {
    let mut out = BytesMut::new();
    Parser::write_close(&mut out, Some(CloseReason::from(code)), false);
    out.freeze()
}

fn frame(code: OpCode, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    Parser::write_message(&mut out, payload, code, true, false);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of a client.
    fn sent(code: OpCode, payload: &[u8], is_last: bool) -> BytesMut {
        let mut out = BytesMut::new();
        Parser::write_message(&mut out, payload, code, is_last, true);
        out
    }

    fn all(bytes: &[u8], piece: usize) -> Result<Vec<Received>, CloseCode> {
        let (mut frames, mut received) = (Frames::default(), Vec::new());
        for bytes in bytes.chunks(piece) {
            frames.add(bytes);
            while let Some(next) = frames.next()? {
                received.push(next);
            }
        }
        Ok(received)
    }

    #[test]
    fn a_message_is_read_however_it_is_cut() {
        let mut bytes = sent(OpCode::Text, b"one ", false);
        bytes.extend_from_slice(&sent(OpCode::Ping, b"?", true));
        bytes.extend_from_slice(&sent(OpCode::Continue, b"message", true));
        bytes.extend_from_slice(&sent(OpCode::Binary, b"two", true));
        let expected = || {
            vec![
                Received::Nothing,
                Received::Ping(Bytes::from_static(b"?")),
                Received::Message("one message".to_owned()),
                Received::Message("two".to_owned()),
            ]
        };
        for piece in [1, 3, 1000] {
            assert_eq!(all(&bytes, piece), Ok(expected()), "{piece}");
        }
    }

    #[test]
    fn what_is_too_long_or_malformed_closes_the_connection() {
        let long = vec![b'x'; LONGEST_MESSAGE + 1];
        assert_eq!(all(&sent(OpCode::Text, &long, true), 4096), Err(CloseCode::Size));
        let mut pieces = sent(OpCode::Text, &long[..LONGEST_MESSAGE], false);
        pieces.extend_from_slice(&sent(OpCode::Continue, b"xx", true));
        assert_eq!(all(&pieces, 4096), Err(CloseCode::Size));
        assert_eq!(all(&sent(OpCode::Text, b"\xff", true), 4096), Err(CloseCode::Invalid));
        assert_eq!(all(&sent(OpCode::Continue, b"x", true), 4096), Err(CloseCode::Protocol));
        let unmasked = frame(OpCode::Text, b"x");
        assert_eq!(all(&unmasked, 4096), Err(CloseCode::Protocol));
    }

    #[test]
    fn a_frame_that_says_it_is_endless_is_not_waited_for() {
        let mut bytes = vec![0x81, 0xff, 0, 0, 0, 0xff, 0, 0, 0, 0, 1, 2, 3, 4];
        bytes.resize(bytes.len() + LONGEST_MESSAGE + 1, 0);
        assert_eq!(all(&bytes, 1024), Err(CloseCode::Size));
    }
}
