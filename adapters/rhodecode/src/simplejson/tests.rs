//! What is read and written, and what that costs.

use super::*;
use crate::mapping::Dict;

fn fault(text: &str) -> String {
    match decode(text.as_bytes()) {
        Err(Unreadable::Malformed(sentence)) => sentence,
        _ => String::new(),
    }
}

#[test]
fn says_what_is_wrong_as_simplejson_does() {
    for (text, sentence) in [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("{", "Expecting property name enclosed in double quotes or '}': line 1 column 2 (char 1)"),
        ("{\"a\"}", "Expecting ':' delimiter: line 1 column 5 (char 4)"),
        (
            "{\"id\": 1,}",
            "Expecting property name enclosed in double quotes: line 1 column 10 (char 9)",
        ),
        ("[1,", "Expecting value: line 1 column 4 (char 3)"),
        ("[", "Expecting value or ']': line 1 column 2 (char 1)"),
        ("[1 2]", "Expecting ',' delimiter or ']': line 1 column 4 (char 3)"),
        ("{\"id\":1}\n x", "Extra data: line 2 column 2 - line 2 column 3 (char 10 - 11)"),
        ("{\"id\": \"abc", "Unterminated string starting at: line 1 column 8 (char 7)"),
        ("{\"id\": \"\\x\"}", r"Invalid \X escape sequence '\\': line 1 column 9 (char 8)"),
        ("\"\\u12\"", r"Invalid \uXXXX escape sequence: line 1 column 3 (char 2)"),
        ("\"a\nb\"", r"Invalid control character '\n' at: line 1 column 3 (char 2)"),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        ("01", "Extra data: line 1 column 2 - line 1 column 3 (char 1 - 2)"),
    ] {
        assert_eq!(fault(text), sentence, "{text}");
    }
}

#[test]
fn the_size_is_known_before_it_is_written() {
    for text in ["7", "[[0,0],{\"a\":[]}]", "\"\u{7f}\\u0001\u{e9}\"", "{\"a\":{\"b\":[1.5,null]}}"]
    {
        let value = decode(text.as_bytes()).unwrap();
        let body = Py::Dict(Dict::default().with("id", value.clone()));
        let written = encode(&body).len() - "{\n    \"id\": \n}".len();
        assert!(fits(&value, written) && !fits(&value, written - 1), "{text}");
    }
    let nested = format!("{}{}{}", "[".repeat(899), "0,".repeat(40_000) + "0", "]".repeat(899));
    assert!(!fits(&decode(nested.as_bytes()).unwrap(), 8 * nested.len()));
}

#[test]
fn a_document_is_read_in_linear_time() {
    let million = |item: &str| format!("[{}1]", item.repeat((1 << 20) / item.len()));
    for text in [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        million("1,"),
        million("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","),
        format!("[{}\"{}\"]", " ".repeat(1 << 19), "\\n".repeat(1 << 18)),
        format!("\"{}", "\\n".repeat(1 << 19)),
        "9".repeat(1 << 20),
        "\n".repeat(1 << 20),
    ] {
        let begun = std::time::Instant::now();
        let read = decode(text.as_bytes());
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(3), "{text:.20}: {took:?}");
        drop(read);
    }
    assert_eq!(decode("[".repeat(1 << 20).as_bytes()), Err(Unreadable::TooMany));
    assert_eq!(decode("[".repeat(2000).as_bytes()), Err(Unreadable::TooDeep));
}

#[test]
fn writes_what_it_read() {
    let text = "{\"id\": 1.0, \"x\": [12345678901234567890123, \"\\u017c\\ud83d\\ude00\", {}, []]}";
    let written = "{\n    \"x\": [\n        12345678901234567890123,\n        \
                   \"\\u017c\\ud83d\\ude00\",\n        {},\n        []\n    ],\n    \"id\": 1.0\n}";
    let read = decode(text.as_bytes()).map(|value| encode(&value));
    assert_eq!(read.as_deref(), Ok(written));
}
