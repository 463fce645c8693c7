//! The names of the steps. `docs/dialects/names.md` has the rules for names.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::NewUser;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use super::{KEY, LOGIN, accounts};
use crate::block_on;
use crate::calls::{Class, dandelion, kanboard, octoprint, quoted, rhodecode};
use crate::gateway::{PreparedStore, TestGateway};

/// ASCII, other letters, composed and combining accents, upper and lower case, blanks, digits,
/// names with a meaning in one of the systems, and a very long name.
pub(super) const NAMES: &[&str] = &[
    "anna",
    "Anna",
    "ANNA",
    "anna ",
    " anna",
    "bob",
    "ren\u{e9}e",
    "rene\u{301}e",
    "REN\u{c9}E",
    "stra\u{df}e",
    "strasse",
    "\u{130}stanbul",
    "istanbul",
    "\u{65e5}\u{672c}",
    "7",
    "default",
    "jsonrpc",
    "guest",
    "o'neill \"x\" <b>",
    "a/b",
    "100%",
    "a-name-of-one-hundred-and-ninety-letters-0123456789-0123456789-0123456789-0123456789-0123456789-\
     0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-012345",
];

/// Names that every dialect accepts.
pub(super) const PLAIN: &[&str] = &["anna", "bob", "strasse", "istanbul", "guest"];

/// Pairs of names that Kanboard, OctoPrint and RhodeCode treat as different, and Dandelion as
/// equal.
const ALIKE: [(&str, &str); 4] =
    [("anna", "ANNA"), ("anna", "anna "), ("ren\u{e9}e", "REN\u{c9}E"), ("anna ", "Anna")];
/// Pairs of names that all four treat as different.
const APART: [(&str, &str); 4] = [
    ("ren\u{e9}e", "rene\u{301}e"),
    ("stra\u{df}e", "strasse"),
    ("anna", " anna"),
    ("\u{130}stanbul", "istanbul"),
];

/// The team of the steps.
pub(super) fn team() -> Command {
    Command::CreateGroup(Box::new(NewGroup { name: "crew".to_owned(), ..NewGroup::default() }))
}

pub(super) fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), Failed>| {
        trial(format!("consistency::names::{name}"), run)
    };
    vec![
        trial("dandelion-gives-no-name-that-is-like-another", || block_on(alike())),
        trial("what-differs-otherwise-is-two-people", || block_on(apart())),
        trial("a-spelling-that-two-people-share-is-nobody", || block_on(nobody_else())),
        trial("ids-at-their-limits", || block_on(limits())),
        trial("a-password-of-more-than-72-bytes-is-one-everywhere", || block_on(long_passwords())),
    ]
}

async fn by_kanboard(gateway: &TestGateway, name: &str, password: &str) -> Class {
    let params = json!({"username": name, "password": password});
    gateway.send(kanboard(LOGIN, "createUser", &params)).await.class()
}

/// Creates a user in the store itself, so that no dialect can refuse the name.
async fn bring(gateway: &TestGateway, name: &str) {
    let user = NewUser { username: name.to_owned(), ..NewUser::default() };
    gateway.ask(Command::CreateUser(Box::new(user))).await;
}

async fn by_dandelion(gateway: &TestGateway, name: &str, password: &str) -> Class {
    let form = json!({"username": name, "password": password, "fullname": "N", "role": "1"});
    gateway.send(dandelion(KEY, "POST /api/users/create", &form)).await.class()
}

async fn alike() -> Result<(), Failed> {
    let prepared = PreparedStore::of(&accounts()).await;
    for (one, other) in ALIKE {
        let gateway = prepared.open().await;
        bring(&gateway, one).await;
        assert_eq!(by_dandelion(&gateway, other, "secret").await, Class::Failed, "{other:?}");
        bring(&gateway, other).await;
        assert_eq!(by_dandelion(&gateway, one, "secret").await, Class::Failed, "{one:?}");
        assert_ne!(gateway.user(one).await.id, gateway.user(other).await.id);
    }
    Ok(())
}

async fn apart() -> Result<(), Failed> {
    let prepared = PreparedStore::of(&accounts()).await;
    for (one, other) in APART {
        let gateway = prepared.open().await;
        assert_eq!(by_dandelion(&gateway, one, "secret").await, Class::Done, "{one:?}");
        assert_eq!(by_dandelion(&gateway, other, "secret").await, Class::Done, "{other:?}");
        assert_ne!(gateway.user(one).await.id, gateway.user(other).await.id);
    }
    Ok(())
}

/// The user that Dandelion signs in with a name and a password.
async fn let_in(gateway: &TestGateway, name: &str, password: &str) -> Value {
    let form = json!({"user": name, "pass": password});
    let session = gateway.send(dandelion("", "POST /login", &form)).await;
    let me = dandelion("", "GET /api/i/users/getuser", &json!({})).within(&session.cookies);
    gateway.send(me).await.json["data"][0]["username"].clone()
}

async fn nobody_else() -> Result<(), Failed> {
    let gateway = PreparedStore::of(&accounts()).await.open().await;
    assert_eq!(by_kanboard(&gateway, "anna", "secret 1").await, Class::Done);
    assert_eq!(let_in(&gateway, "ANNA", "secret 1").await, json!("anna"));
    assert_eq!(by_kanboard(&gateway, "Anna", "secret 2").await, Class::Done);
    assert_eq!(let_in(&gateway, "ANNA", "secret 1").await, Value::Null);
    assert_eq!(let_in(&gateway, "anna", "secret 1").await, json!("anna"));
    assert_eq!(let_in(&gateway, "Anna", "secret 2").await, json!("Anna"));
    assert_eq!(let_in(&gateway, "Anna", "secret 1").await, Value::Null);
    let login = gateway.send(kanboard("ANNA:secret 1", "getMe", &json!([]))).await;
    assert_eq!(login.class(), Class::Refused, "{}", login.text);
    let user = gateway.send(octoprint(KEY, "GET /api/access/users/ANNA", &Value::Null)).await;
    assert_eq!(user.status, 404, "{}", user.text);
    Ok(())
}

/// The largest ids that the columns of Dandelion and Kanboard can store, and larger ones.
async fn limits() -> Result<(), Failed> {
    let mut accounts = accounts();
    let ids =
        json!({"kanboard": 2_147_483_646, "rhodecode": 2_147_483_646, "dandelion": 2_147_483_646});
    let last = json!({"username": "last", "password": "secret", "ids": ids});
    accounts["users"].as_array_mut().unwrap().push(last);
    let gateway = PreparedStore::of(&accounts).await.open().await;
    for name in ["one", "two"] {
        by_kanboard(&gateway, name, "secret").await;
    }
    for name in ["last", "one", "two"] {
        let Some(user) = gateway.users().await.into_iter().find(|user| user.username == name)
        else {
            continue;
        };
        let id = |namespace| user.ids[&IdNamespace::named(namespace)].parse::<i64>().unwrap();
        let row = gateway.send(kanboard(LOGIN, "getUser", &json!([id("kanboard")]))).await;
        assert_eq!(row.json["result"]["username"], json!(name), "{}", row.text);
        let row = json!({"userid": id("rhodecode")});
        let row = gateway.send(rhodecode(KEY, "get_user", &row)).await;
        assert_eq!(row.json["result"]["username"], json!(name), "{}", row.text);
        let row = json!({"uid": id("dandelion").to_string()});
        let row = gateway.send(dandelion(KEY, "GET /api/users/getuser", &row)).await;
        let shown = row.json["data"]["username"].as_str().unwrap_or("nobody");
        // An id that does not fit into the column is the id of no user.
        let fits = i32::try_from(id("dandelion")).is_ok();
        assert_eq!(shown, if fits { name } else { "nobody" }, "{}", row.text);
    }
    Ok(())
}

/// Only the first 72 bytes of a password count: `fixtures/transcripts/kanboard/auth-basic.json`.
async fn long_passwords() -> Result<(), Failed> {
    let gateway = PreparedStore::of(&accounts()).await.open().await;
    assert_eq!(by_kanboard(&gateway, "anna", "at first").await, Class::Done);
    let user = gateway.user("anna").await;
    let id = |namespace| user.ids[&IdNamespace::named(namespace)].clone();
    for (dialect, letter) in
        ["octoprint", "rhodecode", "dandelion"].into_iter().zip(["a", "\u{fc}", "z"])
    {
        let password = letter.repeat(40 * 2) + dialect;
        let set = match dialect {
            "octoprint" => {
                let line = format!("PUT /api/access/users/{}/password", quoted("anna"));
                octoprint(KEY, &line, &json!({"password": password}))
            }
            "rhodecode" => {
                let args = json!({"userid": id("rhodecode").parse::<i64>().unwrap(),
                    "password": password});
                rhodecode(KEY, "update_user", &args)
            }
            _ => {
                let form = json!({"uid": id("dandelion"), "pw": password});
                dandelion(KEY, "POST /api/users/resetpassword", &form)
            }
        };
        assert_eq!(gateway.send(set).await.class(), Class::Done, "{dialect}");
        assert_eq!(let_in(&gateway, "anna", &password).await, json!("anna"), "{dialect}");
        for tail in ["", " and more"] {
            let login = format!("anna:{password}{tail}");
            let me = gateway.send(kanboard(&login, "getMe", &json!([]))).await;
            assert_eq!(me.class(), Class::Done, "{dialect}: {}", me.text);
        }
        let short: String = password.chars().take(30).collect();
        let me = gateway.send(kanboard(&format!("anna:{short}"), "getMe", &json!([]))).await;
        assert_eq!(me.class(), Class::Refused, "{dialect}: {}", me.text);
    }
    Ok(())
}
