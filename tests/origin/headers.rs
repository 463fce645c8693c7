//! Headers about the public address of the gateway. Only those of a trusted proxy are used.

use crate::gateway::{GatewayProcess, Plan, get};
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
