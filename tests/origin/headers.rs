//! The headers of what is forwarded. What a client says of where it found the gateway counts only if
//! it is a trusted proxy.

use crate::gateway::{GatewayProcess, Plan, get, rpc};
use crate::recorder::Recorder;

/// All headers that OctoPrint accepts from a proxy.
const FORGED: &str = "X-Script-Name: /forged\r\nX-Forwarded-Prefix: /forged\r\n\
                      X-Forwarded-Host: forged.example\r\nX-Forwarded-Proto: forged\r\n\
                      X-Scheme: forged\r\nForwarded: host=forged.example;proto=forged\r\n";

/// Answers whose cookies and addresses show the assumed public address.
fn answers(server: &str) -> Vec<String> {
    let gateway = GatewayProcess::with(&Plan { dialect: "octoprint", server, ..Plan::default() });
    ["/login/", "/"].map(|path| gateway.send(&get(path, FORGED))).into()
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

/// A server behind CGI or WSGI reads `X_Script_Name` as `X-Script-Name`, and can accept the user
/// that such a header names.
#[test]
fn a_stranger_names_nobody_and_no_root_to_the_origin() {
    let forged = "X_Script_Name: /q\r\nX_Script-Name: /q\r\nX_Forwarded_For: forged\r\n\
                  X-Remote-User: forged\r\nX_Remote_User: forged\r\nREMOTE_USER: forged\r\n\
                  X-Who: forged\r\nX_Who: forged\r\nTransfer_Encoding: forged\r\nX-Else: kept\r\n";
    for server in ["", "trusted_proxies = [\"127.0.0.1\"]"] {
        let origin = Recorder::start();
        let more = "[route.options]\nremote_user = true\nremote_user_header = \"X-Who\"\n";
        let plan =
            Plan { dialect: "octoprint", origin: &origin.url, server, more, ..Plan::default() };
        let answer = GatewayProcess::with(&plan).send(&get("/index.html", forged));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let head = origin.arrived(1)[0].head.to_lowercase();
        assert!(head.contains("x-else: kept") && !head.contains("transfer_encoding"), "{head}");
        let believed = head.contains("x-who: forged") && head.contains("remote_user: forged");
        assert_eq!(believed, !server.is_empty(), "{head}");
        assert!(!server.is_empty() || !head.contains("forged") && !head.contains("/q"), "{head}");
    }
}

/// The value of a header in a head, or nothing.
fn value(head: &str, name: &str) -> String {
    let prefix = format!("{name}: ");
    let found = head.lines().find_map(|line| line.strip_prefix(prefix.as_str()));
    found.unwrap_or_default().to_owned()
}

/// The heads that arrive at the origin: one of a page, one of a call that the dialect forwards.
fn heads(server: &str, origin_keys: &str, more: &str) -> (String, Vec<String>) {
    let origin = Recorder::start();
    let plan = Plan {
        dialect: "kanboard",
        path: "/kb",
        origin: &origin.url,
        server,
        more: origin_keys,
        ..Plan::default()
    };
    let gateway = GatewayProcess::with(&plan);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"createTask"}"#;
    for request in [
        get("/kb/login", more),
        rpc(call).replace("POST /", "POST /kb/").replace("Host:", &format!("{more}Host:")),
    ] {
        let answer = gateway.send(&request);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
    }
    let host = origin.url.trim_start_matches("http://").to_owned();
    let heads = origin.arrived(2).iter().map(|one| one.head.to_lowercase()).collect();
    (host, heads)
}

const BROWSER: &str = "Origin: http://people.example\r\nReferer: http://people.example/kb/login?x\r\n\
                       Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 1.1.1.1\r\nX-Request-Id: told\r\n\
                       X-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /outer\r\nVia: 1.0 other\r\n";

#[test]
fn a_page_and_a_call_go_with_the_same_headers() {
    let (host, heads) = heads("", "", BROWSER);
    for head in heads {
        for (name, expected) in [
            ("host", host.as_str()),
            ("origin", &format!("http://{host}")),
            ("referer", &format!("http://{host}/login?x")),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-host", "people.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/kb"),
            ("x-script-name", "/kb"),
            ("forwarded", "for=127.0.0.1;host=people.example;proto=http"),
        ] {
            assert_eq!(value(&head, name), expected, "{name} in {head}");
            assert_eq!(head.matches(&format!("\r\n{name}: ")).count(), 1, "{name} in {head}");
        }
        let via = value(&head, "via");
        assert!(via.starts_with("1.0 other, 1.1 isogloss-"), "{head}");
        assert_eq!(value(&head, "x-request-id").len(), 36, "{head}");
    }
}

#[test]
fn what_a_trusted_proxy_says_comes_first() {
    let trusted = "trusted_proxies = [\"127.0.0.1\"]";
    for head in heads(trusted, "", BROWSER).1 {
        for (name, expected) in [
            ("x-forwarded-for", "1.1.1.1, 127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/outer/kb"),
            ("x-script-name", "/outer/kb"),
            ("forwarded", "for=1.1.1.1, for=127.0.0.1;host=people.example;proto=https"),
            ("x-request-id", "told"),
        ] {
            assert_eq!(value(&head, name), expected, "{name} in {head}");
        }
    }
}

#[test]
fn the_host_of_the_client_can_be_preserved() {
    for head in heads("", "preserve_host = true\n", BROWSER).1 {
        assert_eq!(value(&head, "host"), "people.example", "{head}");
        assert_eq!(value(&head, "origin"), "http://people.example", "{head}");
    }
}

/// Else a page of another site could use the cookies of a user at the origin.
#[test]
fn a_page_of_another_site_stays_one() {
    let foreign = "Origin: http://evil.example\r\nReferer: http://evil.example/people.example\r\n";
    for head in heads("", "", foreign).1 {
        assert_eq!(value(&head, "origin"), "http://evil.example", "{head}");
        assert_eq!(value(&head, "referer"), "http://evil.example/people.example", "{head}");
    }
}

#[test]
fn redirects_and_cookies_are_below_the_path_of_the_route() {
    let origin = Recorder::answering(
        "HTTP/1.1 302 Found\r\nLocation: /login?next=/\r\nSet-Cookie: a=1; Path=/; HttpOnly\r\n\
         Set-Cookie: b=2; path=/kb/\r\nContent-Length: 2\r\n\r\nok",
    );
    let plan = Plan { dialect: "kanboard", path: "/kb", origin: &origin.url, ..Plan::default() };
    let gateway = GatewayProcess::with(&plan);
    let call =
        rpc(r#"{"jsonrpc":"2.0","id":1,"method":"createTask"}"#).replace("/json", "/kb/json");
    for request in [get("/kb/page", ""), call] {
        let answer = gateway.send(&request).to_lowercase();
        for line in
            ["location: /kb/login?next=/", "set-cookie: a=1; path=/kb/; httponly", "b=2; path=/kb/"]
        {
            assert!(answer.contains(&format!("{line}\r\n")), "{line} is not in {answer}");
        }
    }
}
