//! People, keys and ids, looked after while the gateway runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::desk::Desk;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn people_are_looked_after_while_the_gateway_runs() {
    let desk = Desk::new();
    desk.ok(&["init"]);
    let server = desk.serve(&[]);
    desk.write("password", "correct horse\n");
    let added = json(&desk.ok(&[
        "user",
        "add",
        "ada",
        "--password-file",
        "password",
        "--display-name",
        "Ada Lovelace",
        "--email",
        "ada@example.org",
        "--role",
        "manager",
        "--json",
    ]));
    assert_eq!(added["added"]["role"], json!("manager"));
    assert!(desk.fails(&["user", "add", "ada"]).contains("already"));
    assert!(desk.fails(&["user", "add", " "]).contains("empty"));
    desk.ok(&["user", "set", "ada", "--inactive", "--rename", "lovelace"]);
    let shown = json(&desk.ok(&["user", "show", "lovelace", "--json"]));
    assert_eq!((&shown["active"], &shown["id"]), (&json!(false), &added["added"]["id"]));
    assert!(desk.fails(&["user", "set", "lovelace"]).contains("nothing to change"));
    assert!(desk.ok(&["user", "list"]).contains("lovelace"));
    desk.ok(&["user", "remove", "lovelace", "--json"]);
    assert!(desk.fails(&["user", "show", "lovelace"]).contains("no such user"));
    server.stop();
}

#[test]
fn a_key_opens_at_once_and_is_void_at_once() {
    let desk = Desk::new();
    desk.ok(&["init"]);
    let server = desk.serve(&[]);
    desk.ok(&["user", "add", "ada"]);
    let issued = json(&desk.ok(&["key", "add", "ada", "--dialect", "octoprint", "--json"]));
    let key = issued["key"].as_str().unwrap();
    let who =
        |key: &str| server.get_with("/octoprint/api/currentuser", &format!("X-Api-Key: {key}"));
    assert!(who(key).contains("\"ada\""));
    let listed = json(&desk.ok(&["key", "list", "ada", "--json"]));
    assert!(!listed.to_string().contains(key), "the list shows values");
    desk.ok(&["key", "revoke", listed[0]["id"].as_str().unwrap()]);
    assert!(!who(key).contains("\"ada\""));
    let wrong = ["key", "add", "ada", "--dialect", "octoprint", "--address", "here"];
    assert!(desk.fails(&wrong).contains("10.0.0.0/8"));
    assert!(desk.fails(&["key", "add", "ada", "--dialect", "latin"]).contains("known: octoprint"));
    server.stop();
}

#[test]
fn keys_and_ids_that_clients_hold_are_taken_over() {
    let desk = Desk::new();
    desk.ok(&["init"]);
    desk.ok(&["user", "add", "ada"]);
    let server = desk.serve(&[]);
    desk.write("keys.csv", "username,dialect,key,label,scope\nada,octoprint,brought-along,,\n");
    desk.ok(&["key", "import", "keys.csv"]);
    let who = server.get_with("/octoprint/api/currentuser", "X-Api-Key: brought-along");
    assert!(who.contains("\"ada\""), "{who}");
    desk.write("wrong.csv", "username,dialect,key\nada,octoprint,a\nnobody,octoprint,b\n");
    assert!(desk.fails(&["key", "import", "wrong.csv"]).contains("line 3"));
    desk.ok(&["key", "import", "keys.csv"]);
    desk.write("twice.csv", "username,dialect,key\nada,octoprint,c\nadmin,octoprint,c\n");
    let told = desk.fails(&["key", "import", "twice.csv"]);
    assert!(told.contains("line 3: the same key as in line 2"), "{told}");
    desk.write("taken.csv", "username,dialect,key\nadmin,octoprint,brought-along\n");
    let told = desk.fails(&["key", "import", "taken.csv"]);
    assert!(told.contains("line 2: this key belongs to another user"), "{told}");
    desk.write("ids.csv", "id_namespace,id,username\nkanboard,700,ada\nkanboard,2,admin\n");
    desk.ok(&["identity", "import", "ids.csv"]);
    let table = desk.ok(&["identity", "export"]);
    assert!(table.contains("kanboard,700,ada") && table.contains("kanboard,2,admin"), "{table}");
    desk.write("taken.csv", "id_namespace,id,username\ndandelion,55,ada\nkanboard,2,ada\n");
    let told = desk.fails(&["identity", "import", "taken.csv"]);
    assert!(told.contains("nothing was imported: line 3: kanboard id 2 is"), "{told}");
    for (row, why) in [
        ("kanboard,9223372036854775807,ada", "a whole number"),
        ("kanboard,0,ada", "a whole number"),
        ("kanboard,007,ada", "a whole number"),
        ("kanboard,ada,ada", "a whole number"),
        ("octoprint,ada,ada", "are the user names"),
        ("kanbord,7,ada", "known: "),
        ("dandelion,55,nobody", "called \"nobody\""),
        ("dandelion,54,admin", "is in line 2 too"),
        ("dandelion,56,ada", "in line 2"),
    ] {
        desk.write("wrong.csv", &format!("id_namespace,id,username\ndandelion,54,ada\n{row}\n"));
        let told = desk.fails(&["identity", "import", "wrong.csv"]);
        assert!(told.contains("line 3: ") && told.contains(why), "{row}: {told}");
    }
    assert_eq!(desk.ok(&["identity", "export"]), table, "nothing was imported");
    desk.write("last.csv", "id_namespace,id,username\nkanboard,9223372036854775806,ada\n");
    desk.ok(&["identity", "import", "last.csv"]);
    desk.ok(&["user", "add", "somebody-later"]);
    assert!(desk.fails(&["identity", "list"]).contains("embedded store"));
    server.stop();
}

#[test]
fn an_address_binds_a_person_and_a_key_whatever_the_proof() {
    let desk = Desk::new();
    let person = |name: &str, network: &str| json!({"username": name, "password": "secret1", "addresses": [network]});
    let bound = |value: &str, network: &str| json!({"dialect": "kanboard", "value": value, "addresses": [network]});
    let accounts = json!({
        "users": [person("near", "127.0.0.0/8"), person("far", "10.11.12.13/32")],
        "application_keys": [bound("near-token", "127.0.0.1"), bound("far-token", "10.0.0.0/8")],
    });
    desk.write("accounts.json", &accounts.to_string());
    desk.ok(&["init", "--accounts", "accounts.json"]);
    let server = desk.serve(&[]);
    let calls = [
        ("bmVhcjpzZWNyZXQx", true),
        ("ZmFyOnNlY3JldDE=", false),
        ("anNvbnJwYzpuZWFyLXRva2Vu", true),
        ("anNvbnJwYzpmYXItdG9rZW4=", false),
    ];
    for (pair, lets_in) in calls {
        let answer = server.call(pair, r#"{"jsonrpc":"2.0","id":1,"method":"getVersion"}"#);
        assert_eq!(answer.starts_with("HTTP/1.1 200"), lets_in, "{pair}: {answer}");
    }
    server.stop();
}

#[test]
fn an_operator_sees_and_lifts_a_lock() {
    let desk = Desk::new();
    desk.ok(&["init"]);
    desk.write("password", "right\n");
    desk.ok(&["user", "add", "ada", "--password-file", "password"]);
    let server = desk.serve(&[]);
    let listed = || desk.ok(&["user", "list"]).contains("active, locked");
    let sign_in = |secret: &str| {
        let pair = STANDARD.encode(format!("ada:{secret}"));
        server.call(&pair, r#"{"jsonrpc": "2.0", "id": 1, "method": "getMe"}"#)
    };
    for unlock in [&["user", "unlock", "ada"][..], &["user", "set", "ada", "--active"]] {
        while !listed() {
            assert!(sign_in("wrong").contains("Unauthorized"));
        }
        assert!(sign_in("right").contains("Unauthorized"));
        desk.ok(unlock);
        assert!(!listed());
        assert!(sign_in("right").contains("\"ada\""));
    }
    assert!(desk.fails(&["user", "unlock", "nobody"]).contains("no such user"));
    server.stop();
}
