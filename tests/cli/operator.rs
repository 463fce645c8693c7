//! Commands about users, keys and ids while the gateway runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::desk::{Desk, Server};

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

/// A gateway behind a trusted proxy, with a user `ada`.
fn behind_a_proxy(auth: &str) -> (Desk, Server) {
    let desk = Desk::new();
    desk.ok(&["init"]);
    desk.write("password", "right\n");
    desk.ok(&["user", "add", "ada", "--password-file", "password"]);
    let config = format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[auth]\n{auth}\n");
    desk.write("gateway.toml", &config);
    let server = desk.serve(&["--config", "gateway.toml"]);
    (desk, server)
}

/// `locked` and `waiting_addresses` of `ada`. `user list` and `user show` must agree.
fn restrictions(desk: &Desk) -> (bool, u64) {
    let at = ["--json", "--config", "gateway.toml"];
    let list = json(&desk.ok(&[&["user", "list"][..], &at].concat()));
    let shown = json(&desk.ok(&[&["user", "show", "ada"][..], &at].concat()));
    let listed = list.as_array().unwrap().iter().find(|one| one["username"] == "ada").unwrap();
    assert_eq!(listed, &shown);
    (shown["locked"].as_bool().unwrap(), shown["waiting_addresses"].as_u64().unwrap())
}

#[test]
fn an_operator_sees_how_many_addresses_wait() {
    let (desk, server) = behind_a_proxy("guesses = 3");
    let listed = || desk.ok(&["user", "list", "--config", "gateway.toml"]);
    for (from, expected) in
        [("203.0.113.1", "1 address waits"), ("203.0.113.2", "2 addresses wait")]
    {
        for _ in 0..4 {
            server.sign_in_from(from, "ada", "wrong");
        }
        assert!(listed().contains(&format!("active, {expected}")), "{}", listed());
    }
    server.sign_in_from("203.0.113.3", "ada", "wrong");
    assert_eq!(restrictions(&desk), (false, 2));
    let unlocked = json(&desk.ok(&["user", "unlock", "ada", "--json", "--config", "gateway.toml"]));
    assert_eq!(unlocked["unlocked"]["waiting_addresses"], json!(0), "{unlocked}");
    assert_eq!(restrictions(&desk), (false, 0));
    server.stop();
}

#[test]
fn list_and_show_agree_on_who_is_locked() {
    let (desk, server) = behind_a_proxy("guesses = 2\naccount_guesses = 5");
    assert_eq!(restrictions(&desk), (false, 0));
    for number in 0..5 {
        server.sign_in_from(&format!("203.0.113.{number}"), "ada", "wrong");
    }
    assert_eq!(restrictions(&desk), (true, 0));
    desk.ok(&["user", "unlock", "ada", "--config", "gateway.toml"]);
    assert_eq!(restrictions(&desk), (false, 0));
    server.stop();
}

/// Waits until the log has a line with this text. Returns the whole log.
fn logged(server: &Server, text: &str) -> String {
    for _ in 0..100 {
        if server.complained().contains(text) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let log = server.complained();
    assert!(log.contains(text), "{text}: {log}");
    log
}

#[test]
fn the_log_names_the_limit_and_the_account() {
    let (_desk, server) = behind_a_proxy("guesses = 2\naccount_guesses = 5\naddress_guesses = 9");
    let attempts = |from: &str, name: &str, times: usize| {
        for _ in 0..times {
            server.sign_in_from(from, name, "wrong");
        }
    };
    attempts("203.0.113.1", "ada", 3);
    logged(&server, "limit=\"guesses\" account=\"ada\" user_id=");
    attempts("203.0.113.2", "ada", 2);
    attempts("203.0.113.3", "ada", 1);
    attempts("203.0.113.4", "ada", 1);
    logged(&server, "limit=\"account_guesses\" account=\"ada\" user_id=");
    attempts("203.0.113.5", "hunter2", 3);
    logged(&server, "limit=\"guesses\" account=\"unknown\" address=");
    for number in 0..9 {
        attempts("203.0.113.6", &format!("hunter{number}"), 1);
    }
    attempts("203.0.113.6", "ada", 1);
    let log = logged(&server, "limit=\"address_guesses\" account=\"ada\" user_id=");
    assert!(!log.contains("hunter"), "{log}");
    server.stop();
}

#[test]
fn the_log_names_the_lock_of_a_dialect() {
    let (_desk, server) = behind_a_proxy("guesses = 20");
    for _ in 0..8 {
        let pair = STANDARD.encode("ada:wrong");
        server.call(&pair, r#"{"jsonrpc": "2.0", "id": 1, "method": "getMe"}"#);
    }
    logged(&server, "limit=\"lockout\" account=\"ada\" user_id=");
    server.stop();
}

#[test]
fn unlocking_says_that_the_remote_systems_lock_stays() {
    let old = Desk::new();
    let system = old.serve(&[]);
    old.ok(&["user", "add", "gus"]);
    let token = old.credentials()["kanboard"]["api_token"].as_str().unwrap().to_owned();
    let desk = Desk::new();
    desk.ok(&["init"]);
    let config = format!(
        "[backend.old]\nsystem = \"kanboard\"\nurl = \"http://{}/kanboard\"\nsecret = \"{token}\"\n",
        system.address()
    );
    desk.write("gateway.toml", &config);
    let at = ["user", "unlock", "gus", "--backend", "old", "--config", "gateway.toml"];
    assert_eq!(desk.ok(&at).trim(), "unlocked gus\nthe system's own lock, if any, is not lifted");
    let shown = json(&desk.ok(&[&at[..], &["--json"]].concat()));
    assert_eq!(shown["note"], json!("the system's own lock, if any, is not lifted"));
    desk.ok(&["user", "add", "ada"]);
    assert_eq!(desk.ok(&["user", "unlock", "ada"]).trim(), "unlocked ada");
    system.stop();
}
