//! Commands about the records of a remote backend. The remote system is a second gateway, which
//! speaks Kanboard's API and has its own store.

use serde_json::{Value, json};

use crate::workdir::{Server, Workdir};

/// A gateway, and the remote system of its backend.
struct Old {
    system: Workdir,
    server: Server,
    workdir: Workdir,
}

impl Old {
    /// A system with these users and its administrator.
    fn with(names: &[&str]) -> Self {
        let (system, workdir) = (Workdir::new(), Workdir::new());
        let made = json(&system.ok(&["init", "--json"]));
        for name in names {
            system.ok(&["user", "add", name]);
        }
        workdir.ok(&["init"]);
        let server = system.serve(&[]);
        let token = made["kanboard"]["api_token"].as_str().unwrap();
        let url = server.url("/kanboard");
        workdir.write(
            "gateway.toml",
            &format!(
                "[backend.old]\nsystem = \"kanboard\"\nurl = \"{url}\"\nsecret = \"{token}\"\n\
                 [[route]]\npath = \"/octoprint\"\ndialect = \"octoprint\"\nbackend = \"old\"\n"
            ),
        );
        let old = Self { system, server, workdir };
        old.ok(&["user", "list"]);
        old
    }

    fn place<'w>(words: &[&'w str]) -> Vec<&'w str> {
        [words, &["--backend", "old", "--config", "gateway.toml"]].concat()
    }

    fn ok(&self, words: &[&str]) -> String {
        self.workdir.ok(&Self::place(words))
    }

    fn json(&self, words: &[&str]) -> Value {
        json(&self.ok(&[words, &["--json"]].concat()))
    }

    fn fails(&self, words: &[&str]) -> String {
        self.workdir.fails(&Self::place(words))
    }

    /// The newest record of a name: its id, its state, and its id in the system.
    fn record(&self, name: &str) -> (String, String, String) {
        let all = self.json(&["identity", "list"]);
        let all = all.as_array().unwrap();
        let record = all.iter().rfind(|record| record["username"] == name).unwrap();
        let text = |member: &str| record[member].as_str().unwrap().to_owned();
        (text("id"), text("state"), text("native"))
    }

    /// Removes a user in the system, and lets the gateway read the absence.
    fn lose(&self, name: &str) {
        self.system.ok(&["user", "remove", name]);
        self.ok(&["user", "list"]);
    }

    fn key(&self, name: &str) -> String {
        let made = self.json(&["key", "add", name, "--dialect", "octoprint"]);
        made["key"].as_str().unwrap().to_owned()
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_record_is_confirmed_only_if_the_system_has_the_user() {
    let old = Old::with(&["bob"]);
    let (id, state, native) = old.record("bob");
    assert_eq!(state, "active");
    let told = old.fails(&["identity", "confirm", &id]);
    assert!(told.contains("this one is active; nothing was changed"), "{told}");
    old.lose("bob");
    let told = old.fails(&["identity", "confirm", &id]);
    let wanted = format!("kanboard {native}: no such user; nothing was changed");
    assert!(told.contains(&wanted), "{told}");
    assert_eq!(old.record("bob").1, "suspended");
    old.server.stop();
}

#[test]
fn a_record_is_bound_to_a_user_of_another_name_only_as_renamed() {
    let old = Old::with(&["fay"]);
    let ((id, ..), (_, _, admin)) = (old.record("fay"), old.record("admin"));
    let told = old.fails(&["identity", "bind", &id, "--to", &admin]);
    for word in ["\"admin\" (administrator)", "\"fay\"", "--renamed", "nothing was changed"] {
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(old.record("admin").1, "active");
    let (replaced, ..) = old.record("admin");
    let told = old.ok(&["identity", "bind", &id, "--to", &admin, "--renamed"]);
    let wanted = format!("{replaced} (admin, there {admin}) is now a tombstone");
    assert!(told.contains(&wanted), "{told}");
    old.server.stop();
}

#[test]
fn keys_of_records_that_are_not_active_are_listed_with_the_state() {
    let old = Old::with(&["bob", "ada", "eve"]);
    for name in ["bob", "ada", "eve"] {
        old.key(name);
    }
    let owner = |name: &str| {
        let keys = old.json(&["key", "list", name]);
        assert_eq!(keys.as_array().map(Vec::len), Some(1), "{keys}");
        (keys[0]["owner"].clone(), keys[0]["owner_state"].clone())
    };
    old.lose("ada");
    let (id, ..) = old.record("bob");
    old.system.ok(&["user", "remove", "bob"]);
    old.ok(&["identity", "tombstone", &id]);
    let told = old.ok(&["identity", "tombstone", &id]);
    assert!(told.contains("is a tombstone already"), "{told}");
    assert_eq!(owner("bob"), (json!("bob"), json!("tombstone")));
    assert_eq!(owner("ada"), (json!("ada"), json!("suspended")));
    assert_eq!(owner("eve"), (json!("eve"), json!("active")));
    let table = old.ok(&["key", "list"]);
    assert!(table.contains("bob (tombstone)") && table.contains("ada (suspended)"), "{table}");
    assert!(!table.contains("(application)") && !table.contains("eve ("), "{table}");
    assert!(old.fails(&["key", "list", "nobody"]).contains("no such user"));
    old.server.stop();
}

#[test]
fn a_tombstone_that_is_bound_has_no_keys() {
    let old = Old::with(&["bob"]);
    old.key("bob");
    let (id, _, native) = old.record("bob");
    old.ok(&["identity", "tombstone", &id]);
    let told = old.ok(&["identity", "bind", &id, "--to", &native]);
    assert!(told.contains("keys, sessions and remembered passwords are revoked"), "{told}");
    assert_eq!(old.record("bob"), (id, "active".to_owned(), native));
    assert_eq!(old.json(&["key", "list"]), json!([]));
    old.server.stop();
}

#[test]
fn a_suspension_is_logged_with_the_record_the_name_and_the_backend() {
    let old = Old::with(&["bob"]);
    let key = old.key("bob");
    let (id, ..) = old.record("bob");
    let gateway = old.workdir.serve(&["--config", "gateway.toml"]);
    old.system.ok(&["user", "remove", "bob"]);
    gateway.get_with("/octoprint/api/currentuser", &format!("X-Api-Key: {key}"));
    let said = format!("{}{}", gateway.said(), gateway.complained());
    let line = said.lines().find(|line| line.contains("the record is suspended"));
    let line = line.unwrap_or_else(|| panic!("no suspension in {said}"));
    for word in ["INFO", id.as_str(), "bob", "old"] {
        assert!(line.contains(word), "{word}: {line}");
    }
    assert!(!said.contains("ERROR"), "{said}");
    gateway.stop();
    old.server.stop();
}

/// The owner's record may be suspended or a tombstone, and the system may be down.
#[test]
fn a_key_is_revoked_whatever_the_state_of_its_owners_record() {
    let old = Old::with(&["bob", "ada", "eve"]);
    for name in ["bob", "ada", "eve"] {
        old.key(name);
    }
    old.lose("bob");
    let (ada, ..) = old.record("ada");
    old.ok(&["identity", "tombstone", &ada]);
    let keys = old.json(&["key", "list"]);
    let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| &key["owner_state"]).collect();
    assert_eq!(states, ["suspended", "tombstone", "active"]);
    old.server.stop();
    for key in keys.as_array().unwrap() {
        let id = key["id"].as_str().unwrap();
        let words = ["key", "revoke", id, "--backend", "old", "--config", "gateway.toml"];
        let told = old.workdir.ok(&words);
        assert!(told.contains(&format!("revoked {id}")), "{told}");
        assert!(old.workdir.fails(&words).contains("no such key"));
    }
}
