//! Commands about users, keys and ids while the gateway runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::workdir::{Server, Workdir};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn people_are_looked_after_while_the_gateway_runs() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let server = workdir.serve(&[]);
    workdir.write("password", "correct horse\n");
    let added = json(&workdir.ok(&[
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
    assert!(workdir.fails(&["user", "add", "ada"]).contains("already"));
    assert!(workdir.fails(&["user", "add", " "]).contains("empty"));
    workdir.ok(&["user", "set", "ada", "--inactive", "--rename", "lovelace"]);
    let shown = json(&workdir.ok(&["user", "show", "lovelace", "--json"]));
    assert_eq!((&shown["active"], &shown["id"]), (&json!(false), &added["added"]["id"]));
    assert!(workdir.fails(&["user", "set", "lovelace"]).contains("nothing to change"));
    assert!(workdir.ok(&["user", "list"]).contains("lovelace"));
    workdir.ok(&["user", "remove", "lovelace", "--json"]);
    assert!(workdir.fails(&["user", "show", "lovelace"]).contains("no such user"));
    server.stop();
}

#[test]
fn a_key_opens_at_once_and_is_void_at_once() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let server = workdir.serve(&[]);
    workdir.ok(&["user", "add", "ada"]);
    let issued = json(&workdir.ok(&["key", "add", "ada", "--dialect", "octoprint", "--json"]));
    let key = issued["key"].as_str().unwrap();
    let who =
        |key: &str| server.get_with("/octoprint/api/currentuser", &format!("X-Api-Key: {key}"));
    assert!(who(key).contains("\"ada\""));
    let listed = json(&workdir.ok(&["key", "list", "ada", "--json"]));
    assert!(!listed.to_string().contains(key), "the list shows values");
    workdir.ok(&["key", "revoke", listed[0]["id"].as_str().unwrap()]);
    assert!(!who(key).contains("\"ada\""));
    let wrong = ["key", "add", "ada", "--dialect", "octoprint", "--address", "here"];
    assert!(workdir.fails(&wrong).contains("10.0.0.0/8"));
    assert!(
        workdir.fails(&["key", "add", "ada", "--dialect", "latin"]).contains("known: octoprint")
    );
    server.stop();
}

#[test]
fn keys_and_ids_that_clients_hold_are_taken_over() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.ok(&["user", "add", "ada"]);
    let server = workdir.serve(&[]);
    workdir.write("keys.csv", "username,dialect,key,label,scope\nada,octoprint,brought-along,,\n");
    workdir.ok(&["key", "import", "keys.csv"]);
    let who = server.get_with("/octoprint/api/currentuser", "X-Api-Key: brought-along");
    assert!(who.contains("\"ada\""), "{who}");
    workdir.write("wrong.csv", "username,dialect,key\nada,octoprint,a\nnobody,octoprint,b\n");
    assert!(workdir.fails(&["key", "import", "wrong.csv"]).contains("line 3"));
    workdir.ok(&["key", "import", "keys.csv"]);
    // A file without a heading: its only row was taken for one, and lost.
    workdir.write("bare.csv", "ada,octoprint,c\n");
    for kind in ["key", "identity"] {
        assert!(workdir.fails(&[kind, "import", "bare.csv"]).contains("there is no column"));
    }
    workdir.write("blank.csv", "username,dialect,key\nada,octoprint,\"  \"\n");
    assert!(workdir.fails(&["key", "import", "blank.csv"]).contains("line 2: the key is empty"));
    workdir.write("twice.csv", "username,dialect,key\nada,octoprint,c\nadmin,octoprint,c\n");
    let told = workdir.fails(&["key", "import", "twice.csv"]);
    assert!(told.contains("line 3: the same key as in line 2"), "{told}");
    workdir.write("taken.csv", "username,dialect,key\nadmin,octoprint,brought-along\n");
    let told = workdir.fails(&["key", "import", "taken.csv"]);
    assert!(told.contains("line 2: this key belongs to another user"), "{told}");
    workdir.write("ids.csv", "id_namespace,id,username\nkanboard,700,ada\nkanboard,2,admin\n");
    workdir.ok(&["identity", "import", "ids.csv"]);
    let table = workdir.ok(&["identity", "export"]);
    assert!(table.contains("kanboard,700,ada") && table.contains("kanboard,2,admin"), "{table}");
    workdir.write("taken.csv", "id_namespace,id,username\ndandelion,55,ada\nkanboard,2,ada\n");
    let told = workdir.fails(&["identity", "import", "taken.csv"]);
    assert!(
        told.contains("nothing was imported: line 3: kanboard id 2 belongs to another user"),
        "{told}"
    );
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
        workdir.write("wrong.csv", &format!("id_namespace,id,username\ndandelion,54,ada\n{row}\n"));
        let told = workdir.fails(&["identity", "import", "wrong.csv"]);
        assert!(told.contains("line 3: ") && told.contains(why), "{row}: {told}");
    }
    assert_eq!(workdir.ok(&["identity", "export"]), table, "nothing was imported");
    workdir.write("last.csv", "id_namespace,id,username\nkanboard,9223372036854775806,ada\n");
    workdir.ok(&["identity", "import", "last.csv"]);
    workdir.ok(&["user", "add", "somebody-later"]);
    assert!(workdir.fails(&["identity", "list"]).contains("embedded store"));
    server.stop();
}

#[test]
fn an_address_binds_a_person_and_a_key_whatever_the_proof() {
    let workdir = Workdir::new();
    let person = |name: &str, network: &str| json!({"username": name, "password": "secret1", "addresses": [network]});
    let bound = |value: &str, network: &str| json!({"dialect": "kanboard", "value": value, "addresses": [network]});
    let accounts = json!({
        "users": [person("near", "127.0.0.0/8"), person("far", "10.11.12.13/32")],
        "application_keys": [bound("near-token", "127.0.0.1"), bound("far-token", "10.0.0.0/8")],
    });
    workdir.write("accounts.json", &accounts.to_string());
    workdir.ok(&["init", "--accounts", "accounts.json"]);
    let server = workdir.serve(&[]);
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
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("password", "right\n");
    workdir.ok(&["user", "add", "ada", "--password-file", "password"]);
    let server = workdir.serve(&[]);
    let listed = || workdir.ok(&["user", "list"]).contains("active, locked");
    let sign_in = |secret: &str| {
        let pair = STANDARD.encode(format!("ada:{secret}"));
        server.call(&pair, r#"{"jsonrpc": "2.0", "id": 1, "method": "getMe"}"#)
    };
    for unlock in [&["user", "unlock", "ada"][..], &["user", "set", "ada", "--active"]] {
        while !listed() {
            assert!(sign_in("wrong").contains("Unauthorized"));
        }
        assert!(sign_in("right").contains("Unauthorized"));
        workdir.ok(unlock);
        assert!(!listed());
        assert!(sign_in("right").contains("\"ada\""));
    }
    assert!(workdir.fails(&["user", "unlock", "nobody"]).contains("no such user"));
    server.stop();
}

/// A gateway behind a trusted proxy, with a user `ada`.
fn behind_a_proxy(auth: &str) -> (Workdir, Server) {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("password", "right\n");
    workdir.ok(&["user", "add", "ada", "--password-file", "password"]);
    let config = format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[auth]\n{auth}\n");
    workdir.write("gateway.toml", &config);
    let server = workdir.serve(&["--config", "gateway.toml"]);
    (workdir, server)
}

/// `locked` and `waiting_addresses` of `ada`. `user list` and `user show` must agree.
fn restrictions(workdir: &Workdir) -> (bool, u64) {
    let at = ["--json", "--config", "gateway.toml"];
    let list = json(&workdir.ok(&[&["user", "list"][..], &at].concat()));
    let shown = json(&workdir.ok(&[&["user", "show", "ada"][..], &at].concat()));
    let listed = list.as_array().unwrap().iter().find(|one| one["username"] == "ada").unwrap();
    assert_eq!(listed, &shown);
    (shown["locked"].as_bool().unwrap(), shown["waiting_addresses"].as_u64().unwrap())
}

#[test]
fn an_operator_sees_how_many_addresses_wait() {
    let (workdir, server) = behind_a_proxy("guesses = 3");
    let listed = || workdir.ok(&["user", "list", "--config", "gateway.toml"]);
    for (from, expected) in
        [("203.0.113.1", "1 address waits"), ("203.0.113.2", "2 addresses wait")]
    {
        for _ in 0..4 {
            server.sign_in_from(from, "ada", "wrong");
        }
        assert!(listed().contains(&format!("active, {expected}")), "{}", listed());
    }
    server.sign_in_from("203.0.113.3", "ada", "wrong");
    assert_eq!(restrictions(&workdir), (false, 2));
    let unlocked =
        json(&workdir.ok(&["user", "unlock", "ada", "--json", "--config", "gateway.toml"]));
    assert_eq!(unlocked["unlocked"]["waiting_addresses"], json!(0), "{unlocked}");
    assert_eq!(restrictions(&workdir), (false, 0));
    server.stop();
}

#[test]
fn list_and_show_agree_on_who_is_locked() {
    let (workdir, server) = behind_a_proxy("guesses = 2\naccount_guesses = 5");
    assert_eq!(restrictions(&workdir), (false, 0));
    for number in 0..5 {
        server.sign_in_from(&format!("203.0.113.{number}"), "ada", "wrong");
    }
    assert_eq!(restrictions(&workdir), (true, 0));
    workdir.ok(&["user", "unlock", "ada", "--config", "gateway.toml"]);
    assert_eq!(restrictions(&workdir), (false, 0));
    server.stop();
}

/// Waits until the log has a line with this text. Returns the whole log.
fn logged(server: &Server, text: &str) -> String {
    for _ in 0..1200 {
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
    let (_workdir, server) =
        behind_a_proxy("guesses = 2\naccount_guesses = 5\naddress_guesses = 9");
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
    let (_workdir, server) = behind_a_proxy("guesses = 20");
    for _ in 0..8 {
        let pair = STANDARD.encode("ada:wrong");
        server.call(&pair, r#"{"jsonrpc": "2.0", "id": 1, "method": "getMe"}"#);
    }
    logged(&server, "limit=\"lockout\" account=\"ada\" user_id=");
    server.stop();
}

#[test]
fn unlocking_says_that_the_remote_systems_lock_stays() {
    let old = Workdir::new();
    let system = old.serve(&[]);
    old.ok(&["user", "add", "gus"]);
    let token = old.credentials()["kanboard"]["api_token"].as_str().unwrap().to_owned();
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let config = format!(
        "[backend.old]\nsystem = \"kanboard\"\nurl = \"http://{}/kanboard\"\nsecret = \"{token}\"\n",
        system.address()
    );
    workdir.write("gateway.toml", &config);
    let at = ["user", "unlock", "gus", "--backend", "old", "--config", "gateway.toml"];
    assert_eq!(
        workdir.ok(&at).trim(),
        "unlocked gus\nthe system's own lock, if any, is not lifted"
    );
    let shown = json(&workdir.ok(&[&at[..], &["--json"]].concat()));
    assert_eq!(shown["note"], json!("the system's own lock, if any, is not lifted"));
    workdir.ok(&["user", "add", "ada"]);
    assert_eq!(workdir.ok(&["user", "unlock", "ada"]).trim(), "unlocked ada");
    system.stop();
}
