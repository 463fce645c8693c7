//! What is read and written, and what that costs.

use std::time::{Duration, Instant};

use crate::python::dict::Dict;
use crate::python::json::read::{Unreadable, read, read_body};
use crate::python::json::write::{NotANumber, Style, shown_length, write, write_as};
use crate::python::stored::{from_json, to_json};
use crate::python::value::Py;

fn check(text: &str, written: &str) {
    let value = read(text.as_bytes()).expect(text);
    assert_eq!(write(&value).expect(text), format!("{written}\n"), "{text}");
    let stored = from_json(&to_json(&value));
    assert_eq!(write(&stored).expect(text), format!("{written}\n"), "{text} stored");
}

#[test]
fn writes_what_python_writes() {
    check("{}", "{}");
    check("[]", "[]");
    check("{\"b\":1,\"a\":[1,{}]}", "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": 1\n}");
    check("12345678901234567890123", "12345678901234567890123");
    check("-0", "0");
    check("-0.0", "-0.0");
    check("1e100", "1e+100");
    check("1e16", "1e+16");
    check("123456789012345.0", "123456789012345.0");
    check("1E-5", "1e-05");
    check("0.0001", "0.0001");
    check("1.5e300", "1.5e+300");
    check("\"\\u00fc\u{7f}\u{1F600}\\n\"", "\"\\u00fc\\u007f\\ud83d\\ude00\\n\"");
    check("{\"a\":1,\"a\":2}", "{\n  \"a\": 2\n}");
    check("{\"\\u0000\":\"NaN\"}", "{\n  \"\\u0000\": \"NaN\"\n}");
}

#[test]
fn refuses_what_python_refuses() {
    for text in ["", "{bad", "{} x", "01", "1.", "'x'", "\"\n\"", "[1,]", "nul", "\"\\x\"", "-"] {
        assert_eq!(read(text.as_bytes()), Err(Unreadable::Malformed), "{text}");
    }
    assert_eq!(read(b"\"\\ud800\""), Err(Unreadable::Surrogate));
    assert_eq!(read("[".repeat(5000).as_bytes()), Err(Unreadable::TooDeep));
    assert_eq!(read("9".repeat(4301).as_bytes()), Err(Unreadable::Malformed));
}

#[test]
fn keeps_half_a_surrogate_pair() {
    for text in ["\"\\ud800\"", "\"a\u{fc}\\udc00\\ud83d\\ude00b\\ud800\"", "\"\\ud800\\u0041\""] {
        let body = read_body(text.as_bytes()).expect(text);
        assert!(!body.lacks_entries && body.value.truthy() && body.value.as_str().is_none());
        let shown = text.replace('\u{fc}', "\\u00fc").replace("\\u0041", "A");
        assert_eq!(write(&body.value).expect(text), format!("{shown}\n"));
        assert!(from_json(&to_json(&body.value)) == body.value, "{text} stored");
        assert!(shown.len() <= shown_length(&body.value, 0), "{text}");
    }
    let body = read_body(b"{\"a\":1,\"\\ud800\":2}").expect("two entries");
    assert!(body.lacks_entries && body.value == Py::dict([("a", Py::number("1"))]));
}

#[test]
fn the_length_is_known_before_it_is_written() {
    let nested = format!("{}0,0{}", "[".repeat(90), "]".repeat(90));
    for text in ["[0,1.5,null]", "{\"\u{fc}\u{7f}\":{\"a\":[true,\"\u{1F600}\"]}}", &nested] {
        let value = read(text.as_bytes()).expect(text);
        let written = write(&value).expect(text).len();
        let length = shown_length(&value, 0);
        assert!(written <= length + 1 && length < 4 * written + 100, "{text}: {length}");
    }
}

#[test]
fn reads_but_does_not_write_nan() {
    for text in ["NaN", "[Infinity]", "{\"x\":-Infinity}", "1e999"] {
        let value = read(text.as_bytes()).expect(text);
        assert_eq!(write(&value), Err(NotANumber), "{text}");
        assert_eq!(write(&from_json(&to_json(&value))), Err(NotANumber), "{text}");
    }
}

#[test]
fn reads_many_names_in_one_pass() {
    let names = (0..1 << 16).map(|n| format!("\"{n:x}\":1")).collect::<Vec<_>>();
    let text = format!("{{{},\"0\":2}}", names.join(","));
    let started = Instant::now();
    let value = read(text.as_bytes()).expect("many names");
    let took = started.elapsed();
    assert_eq!(value.get("0"), Some(&Py::Int("2".to_owned())));
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn guesses_the_encoding() {
    let utf16: Vec<u8> = "{\"a\": \"ü\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let read_back = Ok(Py::dict([("a", Py::text("ü"))]));
    assert_eq!(read(&utf16), read_back);
    assert_eq!(read(&[&[0xff, 0xfe], &utf16[..]].concat()), read_back);
    let utf32: Vec<u8> = "[1]".chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
    assert_eq!(read(&utf32), Ok(Py::List(vec![Py::Int("1".to_owned())])));
    assert_eq!(read("\u{feff}{}".as_bytes()), Ok(Py::Dict(Dict::default())));
}

#[test]
fn writes_as_python_2() {
    let style = Style { comma: ", ", end: "", nan: true };
    let value = read(b"{\"b\": [1, NaN], \"a\": \"\"}").expect("a value");
    let written = write_as(&value, style).expect("NaN is written");
    assert_eq!(written, "{\n  \"a\": \"\", \n  \"b\": [\n    1, \n    NaN\n  ]\n}");
}
