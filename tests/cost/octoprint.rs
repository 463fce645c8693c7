//! How much one account can store in its settings.

use crate::gateway::{Gateway, KEY, Options, path};

/// The status of an answer.
fn status(answer: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(answer.get(..12).unwrap_or_default()).into_owned();
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn ask(gateway: &Gateway, verb: &str, body: &str) -> Vec<u8> {
    let at = path("octoprint", "1.11");
    let head = format!(
        "{verb} {at}/api/access/users/ann/settings HTTP/1.1\r\nHost: gateway\r\n\
         Connection: close\r\nX-Api-Key: {KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    gateway.ask(format!("{head}{body}").as_bytes())
}

#[test]
fn one_account_keeps_a_megabyte_of_settings_and_no_more() {
    let gateway = Gateway::start(&Options::default());
    let text = "x".repeat(100_000);
    let merge = |key: usize| status(&ask(&gateway, "PATCH", &format!("{{\"k{key}\":\"{text}\"}}")));
    for key in 0..10 {
        assert_eq!(merge(key), 200, "{key}");
    }
    assert_eq!(merge(10), 400);
    // A value that replaces an earlier one is accepted.
    assert_eq!(merge(3), 200);
    assert!(ask(&gateway, "GET", "").len() < (1 << 20) + 4096);
}

#[test]
fn settings_that_would_be_shown_at_length_are_refused() {
    let gateway = Gateway::start(&Options::default());
    let nested = |items: usize| {
        let items = vec!["0"; items].join(",");
        format!("{{\"a\":{}{items}{}}}", "[".repeat(90), "]".repeat(90))
    };
    assert_eq!(status(&ask(&gateway, "PATCH", &nested(40_000))), 400);
    assert_eq!(status(&ask(&gateway, "PATCH", "{\"a\":{\"b\":[[[0,1.5,null]]]}}")), 200);
    assert!(ask(&gateway, "GET", "").len() < 2048);
}
