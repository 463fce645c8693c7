//! What a client may say of where it found the gateway: nothing, unless a trusted proxy says it.

use crate::front::{Front, Plan, get};

/// All that OctoPrint believes of a proxy.
const FORGED: &str = "X-Script-Name: /forged\r\nX-Forwarded-Prefix: /forged\r\n\
                      X-Forwarded-Host: forged.example\r\nX-Forwarded-Proto: forged\r\n\
                      X-Scheme: forged\r\nForwarded: host=forged.example;proto=forged\r\n";

/// The answers whose cookies and addresses tell where the client is thought to be.
fn answers(server: &str) -> Vec<String> {
    let front = Front::with(&Plan { dialect: "octoprint", server, ..Plan::default() });
    ["/login/", "/"].map(|path| front.send(&get(path, FORGED))).into()
}

#[test]
fn a_stranger_does_not_say_where_the_gateway_is() {
    for answer in answers("") {
        assert!(answer.contains("set-cookie: ") || answer.contains("location: "), "{answer}");
        assert!(!answer.contains("forged"), "{answer}");
    }
}

#[test]
fn a_trusted_proxy_does() {
    for answer in answers("trusted_proxies = [\"127.0.0.1\"]") {
        assert!(answer.contains("forged"), "{answer}");
    }
}
