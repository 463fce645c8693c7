//! The gateway decides by the path whether to forward a request. It forwards the path byte for
//! byte. It does not forward a path that the origin could read as a path of the dialect.

use crate::gateway::{GatewayProcess, Plan, get, rpc};
use crate::recorder::{Arrived, Recorder};

/// Sends a request for each path. Returns the paths that arrived at the origin.
fn arriving(plan: &Plan<'_>, requests: &[String]) -> Vec<String> {
    let origin = Recorder::start();
    let gateway = GatewayProcess::with(&Plan { origin: &format!("{}/base", origin.url), ..*plan });
    for request in requests {
        let answer = gateway.send(request);
        assert!(answer.starts_with("HTTP/1.1 "), "{request} was not answered: {answer:?}");
    }
    // The last request arrives, so the origin can be reached.
    gateway.send(&get(&format!("{}/the-last", plan.path), ""));
    let all = origin.arrived_by_now();
    let mut asked: Vec<_> = all.iter().map(Arrived::asks).map(str::to_owned).collect();
    assert_eq!(asked.pop().as_deref(), Some("GET /base/the-last"), "{asked:?}");
    asked
}

fn gets(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| get(path, "")).collect()
}

fn none_arrives(dialect: &str, path: &str, requests: &[String]) {
    let arrived = arriving(&Plan { dialect, path, ..Plan::default() }, requests);
    assert!(arrived.is_empty(), "{dialect} at {path:?}: {arrived:#?}");
}

#[test]
fn octoprints_own_paths_are_not_reached_by_another_spelling() {
    none_arrives(
        "octoprint",
        "/octoprint",
        &gets(&[
            "/octoprint/../../admin",
            "/octoprint/%2e%2e/%2E%2e/admin",
            "/octoprint/..%2f..%2fadmin",
            "/octoprint/..\\..\\admin",
            "/octoprint/..%5cadmin",
            "/octoprint/api/./access/users",
            "/octoprint/x/../api/access/users",
            "/octoprint/api/%2e/access/users",
            "/octoprint/%61pi/access/users",
            "/octoprint/%2561pi/access/users",
            "/octoprint//api/access/users",
            "/octoprint/api//access/users",
            "/octoprint/api\\access\\users",
            "/octoprint/API/access/users",
            "/octoprint/octoprint/api/access/users",
            "/octoprint/octoprint/octoprint/api/access/users",
            "/octoprint/base/api/access/users",
            "/octoprint/static/%00.css",
            "/octoprint/st%61tic/a.css",
        ]),
    );
}

#[test]
fn a_root_that_a_header_names_is_not_a_way_around() {
    let named = |path: &str, header: &str| get(path, &format!("{header}\r\n"));
    let requests = [
        named("/foo/api/access/users", "X-Script-Name: /foo"),
        named("/foo/api/access/users", "X-Script-Name: /foo/"),
        named("/fooapi/access/users", "X-Script-Name: /foo"),
        named("/f%6fo/api/access/users", "X-Script-Name: /foo"),
        named("/foo/api/access/users", "X-Forwarded-Prefix: /foo"),
        named("/foo/api/access/users", "X-Script-Name: /bar\r\nX-Script-Name: /foo"),
        named("/foo/bar/api/access/users", "X-Script-Name: /foo/bar"),
    ];
    // The headers of a trusted proxy are forwarded. The gateway reads them as the origin does.
    let server = "trusted_proxies = [\"127.0.0.1\"]\n";
    let plan = Plan { dialect: "octoprint", server, ..Plan::default() };
    let arrived = arriving(&plan, &requests);
    assert!(arrived.is_empty(), "{arrived:#?}");
    // The headers of other clients are not forwarded.
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    for request in &requests {
        gateway.send(request);
    }
    gateway.send(&get(
        "/page",
        "Forwarded: for=1\r\nX-Real-IP: 1.1.1.1\r\nX-Forwarded-For: 1.1.1.1\r\n",
    ));
    for one in origin.arrived_by_now() {
        let head = one.head.to_lowercase();
        for name in
            ["x-script-name", "x-forwarded-prefix", "for=1;", "for=1,", "x-real-ip", "1.1.1.1"]
        {
            assert!(!head.contains(name), "{head}");
        }
    }
}

#[test]
fn kanboards_rhodecodes_and_dandelions_own_paths_are_not_reached_by_another_spelling() {
    none_arrives(
        "kanboard",
        "/kanboard",
        &gets(&[
            "/kanboard/../../admin",
            "/kanboard/x/../jsonrpc.php",
            "/kanboard/%6asonrpc.php",
            "/kanboard/jsonrpc%2ephp",
            "/kanboard/jsonrpc.php%00",
            "/kanboard/JSONRPC.PHP",
            "/kanboard/kanboard/jsonrpc.php",
            "/kanboard/.%2fjsonrpc.php",
            "/kanboard/\\jsonrpc.php",
        ]),
    );
    none_arrives(
        "rhodecode",
        "/rhodecode",
        &gets(&[
            "/rhodecode/./_admin/api",
            "/rhodecode/_admin//api",
            "/rhodecode/_admin/./api",
            "/rhodecode/_admin/x/../api",
            "/rhodecode/rhodecode/_admin/api",
            "/rhodecode/_admin/api/",
        ]),
    );
    let mut dandelion = gets(&[
        "/dandelion/./login",
        "/dandelion//api/users/delete",
        "/dandelion/api//users/delete",
        "/dandelion/api/%75sers/delete",
        "/dandelion/api%2fusers%2fdelete",
        "/dandelion/index.php/api/users/delete",
        "/dandelion/dandelion/api/users/delete",
        "/dandelion/API/users/delete",
    ]);
    dandelion.push(get("/dandelion/login", "X-HTTP-Method-Override: POST\r\n"));
    dandelion.push(get("/dandelion/login", "X-HTTP-Method: post\r\n"));
    dandelion.push(get("/dandelion/login", "").replace("GET ", "post "));
    none_arrives("dandelion", "/dandelion", &dandelion);
}

#[test]
fn another_routes_path_is_not_reached_by_another_spelling_of_its_mount() {
    let origin = Recorder::start();
    let second = "[[route]]\npath = \"/kanboard\"\ndialect = \"kanboard\"\n";
    let gateway = GatewayProcess::with(&Plan {
        dialect: "octoprint",
        origin: &origin.url,
        server: "",
        more: second,
        ..Plan::default()
    });
    for path in ["//kanboard/jsonrpc.php", "/%6banboard/jsonrpc.php", "/x/../kanboard/jsonrpc.php"]
    {
        let answer = gateway.send(&get(path, ""));
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    gateway.send(&get("/the-last", ""));
    let arrived = origin.arrived_by_now();
    assert_eq!(arrived.len(), 1, "{arrived:#?}");
}

#[test]
fn what_is_passed_on_goes_byte_for_byte() {
    let paths = [
        "/octoprint/api/files/local/a%20b%C3%BC.gcode?q='a'&b=%27|x",
        "/octoprint/static/a|b{c}\"d",
        "/octoprint/static/%7Eada/",
        "/octoprint/static//twice.css",
        "/octoprint/static/a...b/.hidden?../../x",
        "/octoprint/static/100%2541",
        "/octoprint/static/a%2Fb",
        "/octoprint/static/sub?",
    ];
    let plan = Plan { dialect: "octoprint", path: "/octoprint", ..Plan::default() };
    let arrived = arriving(&plan, &gets(&paths));
    let expected: Vec<_> = paths
        .iter()
        .map(|path| format!("GET {}", path.replacen("/octoprint", "/base", 1)))
        .collect();
    assert_eq!(arrived, expected);
}

#[test]
fn a_method_of_json_rpc_is_decided_on_the_bytes_that_go_on() {
    let bodies = [
        r#"{"jsonrpc":"2.0","id":1,"method":"createUser","method":"createTask"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"createTask","method":"createUser"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"createUser","\u006dethod":"createTask"}"#,
    ];
    let requests: Vec<_> = bodies.iter().map(|body| rpc(body)).collect();
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    for request in &requests {
        gateway.send(request);
    }
    gateway.send(&rpc(r#"{"jsonrpc":"2.0","id":1,"method":"createTask","params":{"a":1.0}}"#));
    let arrived = origin.arrived_by_now();
    for one in &arrived {
        let body = String::from_utf8(one.body.clone().unwrap()).unwrap();
        assert!(!body.contains("createUser"), "{body}");
    }
    let last = arrived.last().and_then(|one| one.body.clone()).unwrap();
    assert_eq!(last, br#"{"jsonrpc":"2.0","id":1,"method":"createTask","params":{"a":1.0}}"#);
}

#[test]
fn rhodecode_decides_on_the_bytes_that_go_on() {
    let call = |body: &str| {
        format!(
            "POST /_admin/api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("rhodecode", &origin.url);
    let whole = |methods: &str| format!(r#"{{"id":1,"auth_token":"x",{methods},"args":{{}}}}"#);
    gateway.send(&call(&whole(r#""method":"delete_user","method":"of_a_plugin""#)));
    gateway.send(&call(&whole(r#""method":"delete_user","m\u0065thod":"of_a_plugin""#)));
    gateway.send(&call(&whole(r#""method":["delete_user"]"#)));
    let plain = whole(r#""method":"of_a_plugin""#);
    gateway.send(&call(&plain));
    let arrived = origin.arrived_by_now();
    let bodies: Vec<_> = arrived.iter().filter_map(|one| one.body.clone()).collect();
    assert_eq!(bodies, [plain.into_bytes()]);
}
