//! Which Unicode encoding a body is in, as Python's `json` guesses it.

use std::borrow::Cow;

/// The text of a body; `None` if it is not valid in the encoding it seems to have.
pub(super) fn decode(body: &[u8]) -> Option<Cow<'_, str>> {
    let body = match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => return std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xff, 0xfe, 0, 0, rest @ ..] => return utf32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => return utf32(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        body => body,
    };
    match body {
        [0, 0, _, _, ..] => utf32(body, u32::from_be_bytes),
        [0, _, _, _, ..] | [0, _] => utf16(body, u16::from_be_bytes),
        [_, 0, 0, 0, ..] => utf32(body, u32::from_le_bytes),
        [_, 0, _, _, ..] | [_, 0] => utf16(body, u16::from_le_bytes),
        _ => std::str::from_utf8(body).ok().map(Cow::Borrowed),
    }
}

fn utf16(body: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (pairs, []) = body.as_chunks::<2>() else { return None };
    let letters = char::decode_utf16(pairs.iter().copied().map(unit));
    letters.collect::<Result<String, _>>().ok().map(Cow::Owned)
}

fn utf32(body: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Cow<'_, str>> {
    let (quads, []) = body.as_chunks::<4>() else { return None };
    let letters = quads.iter().copied().map(|quad| char::from_u32(unit(quad)));
    letters.collect::<Option<String>>().map(Cow::Owned)
}
