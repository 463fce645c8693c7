//! The encoding of a body, by the name in its content type, as Python 2 knows it.

use std::borrow::Cow;

use isogloss_canonical::http::Request;

use crate::dialect::failure::{CRASH, Failure};

/// How the bytes of a body are read.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    /// The same, without a byte order mark.
    Utf8Signed,
    Latin1,
    /// An encoding that extends ASCII. Only a body in ASCII is read: the letters beyond are in no
    /// table here.
    Ascii,
    /// Two or four bytes a letter: a body in ASCII is no JSON.
    Wide,
}

/// The names that Python knows, in the form of [`normal`]. A name with a star stands for all that
/// begin so.
#[rustfmt::skip]
const NAMES: &[(&str, Encoding)] = &[
    ("", Encoding::Utf8), ("utf-8", Encoding::Utf8), ("utf8", Encoding::Utf8), ("u8", Encoding::Utf8),
    ("utf", Encoding::Utf8), ("utf-8-sig", Encoding::Utf8Signed),
    ("latin-1", Encoding::Latin1), ("latin1", Encoding::Latin1), ("latin", Encoding::Latin1), ("l1", Encoding::Latin1),
    ("iso-8859-1", Encoding::Latin1), ("iso8859-1", Encoding::Latin1), ("8859", Encoding::Latin1), ("cp819", Encoding::Latin1),
    ("utf-16*", Encoding::Wide), ("utf16*", Encoding::Wide), ("u16", Encoding::Wide),
    ("utf-32*", Encoding::Wide), ("utf32*", Encoding::Wide), ("u32", Encoding::Wide),
    ("ascii", Encoding::Ascii), ("us-ascii", Encoding::Ascii), ("646", Encoding::Ascii),
    ("cp125*", Encoding::Ascii), ("windows-125*", Encoding::Ascii), ("cp437", Encoding::Ascii), ("cp85*", Encoding::Ascii),
    ("cp86*", Encoding::Ascii), ("cp932", Encoding::Ascii), ("cp936", Encoding::Ascii), ("cp949", Encoding::Ascii), ("cp950", Encoding::Ascii),
    ("iso-8859-*", Encoding::Ascii), ("iso8859-*", Encoding::Ascii), ("koi8-*", Encoding::Ascii), ("mac-*", Encoding::Ascii),
    ("gb2312", Encoding::Ascii), ("gbk", Encoding::Ascii), ("gb18030", Encoding::Ascii), ("big5", Encoding::Ascii),
    ("shift-jis", Encoding::Ascii), ("sjis", Encoding::Ascii), ("euc-jp", Encoding::Ascii), ("euc-kr", Encoding::Ascii),
    ("utf-7", Encoding::Ascii), ("utf7", Encoding::Ascii), ("idna", Encoding::Ascii),
];

/// The text of a body; `None`: it is not valid in its encoding.
///
/// # Errors
/// If Python does not know the encoding (a `LookupError`), or if the body has letters beyond ASCII in
/// an encoding that is not read here.
pub(crate) fn decoded(request: &Request) -> Result<Option<Cow<'_, str>>, Failure> {
    let body = request.body.as_ref();
    let text = std::str::from_utf8(body).ok().map(Cow::Borrowed);
    Ok(match named(&normal(request)).ok_or(CRASH)? {
        Encoding::Utf8 => text,
        Encoding::Utf8Signed => {
            let unsigned = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
            text.map(|text| Cow::Owned(unsigned(&text)))
        }
        Encoding::Latin1 => Some(body.iter().copied().map(char::from).collect::<String>().into()),
        Encoding::Ascii if body.is_ascii() => text,
        Encoding::Ascii => return Err(CRASH),
        Encoding::Wide => None,
    })
}

fn named(name: &str) -> Option<Encoding> {
    let fits = |own: &str| match own.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == own,
    };
    NAMES.iter().find(|(own, _)| fits(own)).map(|(_, encoding)| *encoding)
}

/// The name of the encoding, in lower case and with hyphens. A content type that names none, or an
/// empty one, means UTF-8.
fn normal(request: &Request) -> String {
    let kind = request.header("content-type").unwrap_or_default();
    let parameters = kind.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let charset = parameters.filter(|(name, _)| name.eq_ignore_ascii_case("charset")).last();
    let charset = charset.map_or("", |(_, value)| value.trim_matches('"'));
    charset.to_lowercase().replace(['_', ' '], "-")
}
