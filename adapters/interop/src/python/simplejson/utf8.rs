//! UTF-8 as Python 2 decodes it, with its error messages.

/// Appends bytes that should be UTF-8. If they are not, the error is the message of Python's
/// `UnicodeDecodeError`, with positions from the start of the chunk.
pub(super) fn push(out: &mut String, chunk: &[u8]) -> Result<(), String> {
    let mut start = 0;
    while let Some(rest) = chunk.get(start..).filter(|rest| !rest.is_empty()) {
        let fault = match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                return Ok(());
            }
            Err(fault) => fault,
        };
        let valid = rest.get(..fault.valid_up_to()).unwrap_or_default();
        out.push_str(&String::from_utf8_lossy(valid));
        start += valid.len();
        // Half a surrogate pair is a letter to Python 2.
        if !matches!(chunk.get(start..), Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, ..])) {
            return Err(undecodable(chunk, start));
        }
        out.push(char::REPLACEMENT_CHARACTER);
        start += 3;
    }
    Ok(())
}

fn undecodable(chunk: &[u8], start: usize) -> String {
    let rest = chunk.get(start..).unwrap_or_default();
    let first = rest.first().copied().unwrap_or_default();
    let continued = |at: usize| rest.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let (why, end) = if length == 1 {
        ("invalid start byte", start + 1)
    } else if rest.len() < length {
        // Python adds up the places instead of counting them.
        let tail: usize = (1..rest.len()).take_while(|at| continued(*at)).sum();
        ("unexpected end of data", start + 1 + tail)
    } else {
        let tail = (1..length - 1).take_while(|at| continued(*at)).count();
        ("invalid continuation byte", start + 1 + tail)
    };
    if end - start == 1 {
        return format!("'utf8' codec can't decode byte {first:#04x} in position {start}: {why}");
    }
    let last = end - 1;
    format!("'utf8' codec can't decode bytes in position {start}-{last}: {why}")
}
