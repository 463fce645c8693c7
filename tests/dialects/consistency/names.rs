//! The names of the steps. `docs/dialects/names.md` has the rules for names.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::NewUser;
use isogloss_testkit::calls::Names;
use isogloss_testkit::suite::trial;
use isogloss_testkit::variables::Variables;
use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value, json};

use super::steps::{by_root, creation};
use super::{Front, accounts, fronts};
use crate::block_on;
use crate::browser::signed_in;
use crate::calls::Class;
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

/// Pairs of names that a dialect with folded names treats as equal, and the others as different.
const ALIKE: [(&str, &str); 4] =
    [("anna", "ANNA"), ("anna", "anna "), ("ren\u{e9}e", "REN\u{c9}E"), ("anna ", "Anna")];
/// Pairs of names that all treat as different.
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
        trial("a-dialect-with-folded-names-gives-none-that-is-like-another", || block_on(alike())),
        trial("what-differs-otherwise-is-two-people", || block_on(apart())),
        trial("a-spelling-that-two-people-share-is-nobody", || block_on(nobody_else())),
        trial("ids-at-their-limits", || block_on(limits())),
        trial("a-password-of-more-than-72-bytes-is-one-everywhere", || block_on(long_passwords())),
    ]
}

async fn create(gateway: &TestGateway, front: Front, name: &str, password: &str) -> Class {
    gateway.send(creation(front, name, password, false)).await.class()
}

/// Creates a user in the store itself, so that no dialect can refuse the name.
async fn bring(gateway: &TestGateway, name: &str, password: Option<&str>) {
    let password = password.map(Into::into);
    let user = NewUser { username: name.to_owned(), password, ..NewUser::default() };
    gateway.ask(Command::CreateUser(Box::new(user))).await;
}

/// The dialects where names that differ in case only are one.
fn folding() -> impl Iterator<Item = Front> {
    fronts("create").into_iter().filter(|front| front.names == Names::Folded)
}

fn with_sign_in() -> impl Iterator<Item = Front> {
    fronts("create").into_iter().filter(|front| front.sign_in.is_some())
}

async fn alike() -> Result<(), Failed> {
    let prepared = PreparedStore::of(&accounts()).await;
    for (front, (one, other)) in folding().flat_map(|front| ALIKE.map(|pair| (front, pair))) {
        let gateway = prepared.open().await;
        bring(&gateway, one, None).await;
        assert_eq!(create(&gateway, front, other, "secret").await, Class::Failed, "{other:?}");
        bring(&gateway, other, None).await;
        assert_eq!(create(&gateway, front, one, "secret").await, Class::Failed, "{one:?}");
        assert_ne!(gateway.user(one).await.id, gateway.user(other).await.id);
    }
    Ok(())
}

async fn apart() -> Result<(), Failed> {
    let prepared = PreparedStore::of(&accounts()).await;
    for (front, (one, other)) in folding().flat_map(|front| APART.map(|pair| (front, pair))) {
        let gateway = prepared.open().await;
        assert_eq!(create(&gateway, front, one, "secret").await, Class::Done, "{one:?}");
        assert_eq!(create(&gateway, front, other, "secret").await, Class::Done, "{other:?}");
        assert_ne!(gateway.user(one).await.id, gateway.user(other).await.id);
    }
    Ok(())
}

async fn nobody_else() -> Result<(), Failed> {
    let gateway = PreparedStore::of(&accounts()).await.open().await;
    bring(&gateway, "anna", Some("secret 1")).await;
    let signs_in = async |front: Front, name: &str, password: &str| {
        signed_in(&gateway, front.0, (name, password)).await
    };
    for front in with_sign_in() {
        let other = if front.names == Names::Folded { json!("anna") } else { Value::Null };
        assert_eq!(signs_in(front, "ANNA", "secret 1").await, other, "{front:?}");
    }
    bring(&gateway, "Anna", Some("secret 2")).await;
    for front in with_sign_in() {
        assert_eq!(signs_in(front, "ANNA", "secret 1").await, Value::Null, "{front:?}");
        assert_eq!(signs_in(front, "anna", "secret 1").await, json!("anna"), "{front:?}");
        assert_eq!(signs_in(front, "Anna", "secret 2").await, json!("Anna"), "{front:?}");
        assert_eq!(signs_in(front, "Anna", "secret 1").await, Value::Null, "{front:?}");
    }
    for front in fronts("read") {
        let mut about = Variables::default();
        about.set("name", "ANNA");
        let read = front.call("read").unwrap();
        let answer = gateway.send(by_root(front.0, read, &about)).await;
        assert!(!answer.text.contains("\"anna\""), "{front:?}: {}", answer.text);
    }
    Ok(())
}

/// The largest ids that a column can store, and larger ones.
async fn limits() -> Result<(), Failed> {
    let mut accounts = accounts();
    let by_id = || fronts("read_by_id").into_iter();
    let ids: Map<String, Value> =
        by_id().map(|front| (front.dialect.clone(), 2_147_483_646.into())).collect();
    let last = json!({"username": "last", "password": "secret", "ids": ids});
    accounts["users"].as_array_mut().unwrap().push(last);
    let gateway = PreparedStore::of(&accounts).await.open().await;
    for name in ["one", "two"] {
        bring(&gateway, name, None).await;
    }
    for (name, front) in
        ["last", "one", "two"].into_iter().flat_map(|name| by_id().map(move |front| (name, front)))
    {
        let user = gateway.user(name).await;
        let id: i64 = user.native(&IdNamespace::new(&front.dialect)).unwrap().parse().unwrap();
        let mut about = Variables::default();
        about.set("id", id);
        let read = front.call("read_by_id").unwrap();
        let answer = gateway.send(by_root(front.0, read, &about)).await;
        // An id that does not fit into the column is the id of no user.
        let fits = front.users.largest_id.is_none_or(|largest| id <= largest);
        let shown = answer.text.contains(&format!("\"{name}\""));
        assert_eq!(shown, fits, "{front:?}, {id}: {}", answer.text);
    }
    Ok(())
}

/// Only the first 72 bytes of a password count: `fixtures/transcripts/kanboard/auth-basic.json`.
async fn long_passwords() -> Result<(), Failed> {
    let gateway = PreparedStore::of(&accounts()).await.open().await;
    bring(&gateway, "anna", Some("at first")).await;
    let user = gateway.user("anna").await;
    let setting = fronts("set_password").into_iter();
    for (front, letter) in setting.zip(["a", "\u{fc}", "z"].into_iter().cycle()) {
        let password = letter.repeat(40 * 2) + &front.dialect;
        let mut about = Variables::default();
        about.set("name", "anna");
        about.set("id", user.native(&IdNamespace::new(&front.dialect)).unwrap_or("anna"));
        about.set("password", password.as_str());
        let set = by_root(front.0, front.call("set_password").unwrap(), &about);
        assert_eq!(gateway.send(set).await.class(), Class::Done, "{front:?}");
        let short: String = password.chars().take(30).collect();
        for at in with_sign_in() {
            let longer = format!("{password} and more");
            for (password, name) in
                [(&password, json!("anna")), (&longer, json!("anna")), (&short, Value::Null)]
            {
                let shown = signed_in(&gateway, at.0, ("anna", password)).await;
                assert_eq!(shown, name, "set by {front:?}, signs in at {at:?}");
            }
        }
    }
    Ok(())
}
