//! `isogloss explain`: what it says of a request, and that it sends nothing.

use serde_json::{Value, json};

use crate::workdir::Workdir;

/// Routes to every system, one with an origin, and one in the mode `proxy`. Nothing listens there.
const ROUTES: &str = r#"
[backend.printers]
system = "octoprint"
url = "http://127.0.0.1:9"
secret = "the service key"

[backend.boards]
system = "kanboard"
url = "http://127.0.0.1:9"
secret = "the service key"

[backend.code]
system = "rhodecode"
url = "http://127.0.0.1:9"
secret = "the service key"

[backend.logs]
system = "dandelion"
url = "http://127.0.0.1:9"
secret = "the service key"

[[route]]
path = "/kanboard"
dialect = "kanboard"

[[route]]
path = "/printers"
dialect = "kanboard"
backend = "printers"

[[route]]
path = "/code"
dialect = "kanboard"
backend = "code"

[[route]]
path = "/logs"
dialect = "kanboard"
backend = "logs"

[[route]]
path = "/octoprint"
dialect = "octoprint"
backend = "boards"
origin = { url = "http://old.example:5000/base/" }

[[route]]
path = "/proxy"
dialect = "octoprint"
mode = "proxy"
origin = { url = "http://old.example:5000" }

[[route]]
path = "/private"
dialect = "octoprint"
mode = "proxy"
origin = { url = "http://gateway:hidden@old.example:5000" }
"#;

/// Explains a request to one of the routes.
fn explained(route: &str, request: &str) -> Value {
    let workdir = Workdir::new();
    workdir.write("gateway.toml", ROUTES);
    workdir.write("request.http", request);
    let words = ["explain", "--config", "gateway.toml", "--route", route, "--json"];
    serde_json::from_str(&workdir.ok_reading("request.http", &words)).unwrap()
}

fn call(method: &str, parameters: &Value) -> String {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
    format!("POST /jsonrpc.php HTTP/1.1\nAuthorization: Basic anNvbnJwYzphYmM=\n\n{body}")
}

/// The requests as `to: request`.
fn requests(told: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |sent: &Value| format!("{}: {}", text(&sent["to"]), text(&sent["request"]));
    told["requests"].as_array().unwrap().iter().map(line).collect()
}

fn creation() -> String {
    call("createUser", &json!({"username": "ada", "password": "secret1", "email": "a@example.org"}))
}

#[test]
fn a_request_is_explained_in_words_and_without_its_token() {
    let told = explained("/kanboard", &call("removeUser", &json!([7])));
    assert_eq!(told["methods"], json!(["removeUser"]));
    assert_eq!(told["answered_by"], "the dialect");
    assert_eq!(told["credentials"], json!(["a key of kanboard"]));
    let command = json!({
        "verb": "DeleteUser",
        "does": "delete the person with the kanboard id 7",
        "needs": "the grant delete_users",
    });
    assert_eq!(told["commands"], json!([command]));
    assert_eq!(requests(&told), [""; 0], "the store is in the gateway");
    assert!(told["answer"]["body"].as_str().unwrap().contains("\"result\":true"), "{told}");
    assert!(told["faults"].as_array().unwrap().len() > 10);
    assert!(!told.to_string().contains("abc"), "the token is shown");
}

/// A creation does not stop at the request that looks for the name.
#[test]
fn every_request_of_a_creation_is_shown_on_every_system() {
    let last = [
        ("/printers", "POST /api/access/users"),
        ("/code", "\"method\":\"create_user\""),
        ("/logs", "POST /api/users/create"),
    ];
    for (route, creates) in last {
        let told = explained(route, &creation());
        let requests = requests(&told);
        let created = requests.iter().filter(|request| request.contains(creates)).count();
        assert_eq!(created, 1, "{route}: {requests:#?}");
        assert!(requests.iter().all(|request| request.starts_with("the system: ")));
        assert_eq!(told["answer"]["status"], 200, "{told}");
        let body = told["answer"]["body"].as_str().unwrap();
        assert!(!body.contains("\"result\":false"), "{route}: {body}");
        assert!(!told.to_string().contains("the service key"), "{told}");
    }
}

#[test]
fn what_an_origin_answers_is_said() {
    let request = "GET /api/files?recursive=true HTTP/1.1\nX-Api-Key: abc\n\n";
    let told = explained("/octoprint", request);
    assert_eq!(told["answered_by"], "the origin");
    let sent = "the origin: GET http://old.example:5000/base/api/files?recursive=true";
    assert_eq!(requests(&told), [sent]);
    assert_eq!(told["answer"], Value::Null);
    let translated = explained("/octoprint", "GET /api/users HTTP/1.1\nX-Api-Key: abc\n\n");
    assert_eq!(translated["answered_by"], "the dialect");
    let proxied = explained("/proxy", "GET /api/users HTTP/1.1\nX-Api-Key: abc\n\n");
    assert_eq!(proxied["answered_by"], "the origin");
    assert_eq!(requests(&proxied), ["the origin: GET http://old.example:5000/api/users"]);
    assert!(!proxied.to_string().contains("abc"), "the key is shown");
}

#[test]
fn a_password_in_the_address_of_an_origin_is_not_shown() {
    let told = explained("/private", "GET /api/users HTTP/1.1\n\n");
    assert_eq!(requests(&told), ["the origin: GET http://***@old.example:5000/api/users"]);
}
