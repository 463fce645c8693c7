//! The backend against recorded servers: it sends requests that the real server was recorded
//! accepting, and reads the recorded answers. Then: servers that fail.

mod fake;
mod faults;
mod groups;
mod keys;
mod server;
mod steps;

use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{AttributeChanges, GroupChange, NewUser, User, UserPatch, UserRef};
use isogloss_testkit::scripted::now;
use serde_json::{Value, json};

use super::*;
use crate::ids::NAMESPACE;
use crate::wire::attributes::CHEESTO;
use server::{Recorded, backend};

/// A recorded scenario.
macro_rules! scenario {
    ($name:literal) => {
        Recorded::playing(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/transcripts/dandelion/",
            $name,
            ".json"
        )))
    };
}

fn run(backend: &Arc<dyn Backend>, command: Command) -> Result<Outcome, Fault> {
    now(backend.execute(command))
}

fn someone() -> UserRef {
    UserRef::Native(NAMESPACE, "51".to_owned())
}

fn new(username: &str, full_name: &str, attributes: &Value) -> Command {
    Command::CreateUser(Box::new(NewUser {
        username: username.to_owned(),
        password: Some("secret-1".into()),
        display_name: Some(full_name.to_owned()),
        attributes: attributes.as_object().cloned().unwrap(),
        ..NewUser::default()
    }))
}

fn change(patch: UserPatch) -> Command {
    Command::UpdateUser(someone(), Box::new(patch))
}

fn user(result: Result<Outcome, Fault>) -> User {
    *result.unwrap().user().unwrap()
}

fn absent(result: Result<Outcome, Fault>) -> bool {
    result.is_err_and(|fault| fault.is_absence_of(Subject::User))
}

#[test]
fn users_are_created_and_deleted() {
    let server = scenario!("create-user");
    let backend = backend(&server);
    let made =
        user(run(&backend, new("tr_alice_create", "Alice Create", &json!({INITIAL_LOGIN: 1}))));
    assert_eq!(made.native(&NAMESPACE), Some("51"));
    assert_eq!((made.display_name.as_deref(), made.role), (Some("Alice Create"), Role::User));
    assert_eq!(made.created.to_string(), "2026-11-21T00:00:00Z");
    let kept = json!({THEME: "", INITIAL_LOGIN: 1});
    assert_eq!(made.attributes, *kept.as_object().unwrap());
    assert_eq!(user(run(&backend, Command::GetUser(someone()))), made);
    assert_eq!(run(&backend, Command::DeleteUser(someone())).unwrap(), Outcome::Done);
    assert!(absent(run(&backend, Command::GetUser(someone()))));
    assert!(absent(run(&backend, Command::DeleteUser(someone()))));
}

#[test]
fn a_creation_sends_what_differs_from_the_default() {
    let create = |server: Arc<Recorded>, username: &str, name: &str, attributes: Value| {
        let made = user(run(&backend(&server), new(username, name, &attributes)));
        assert_eq!(made.username, username);
    };
    let prompted = || scenario!("create-user-force-reset");
    create(prompted(), "tr_fr_5", "Tr User", json!({INITIAL_LOGIN: 0}));
    create(prompted(), "tr_fr_5", "Tr User", json!({}));
    let absent = json!({CHEESTO: false, INITIAL_LOGIN: 1});
    create(scenario!("create-user-cheesto"), "tr_ch_1", "Cheesto User", absent);
}

#[test]
fn all_users_are_listed() {
    let server = scenario!("getusers");
    let backend = backend(&server);
    server.skip("disable one");
    let all = run(&backend, Command::ListUsers).unwrap().users().unwrap();
    let shown: Vec<_> = all.iter().map(|user| (&*user.username, user.role, user.active)).collect();
    let expected = [
        ("admin", Role::Administrator, true),
        ("tr_list_a", Role::User, false),
        ("tr_list_b", Role::User, true),
    ];
    assert_eq!(shown, expected);
    let named = UserRef::Name("tr_list_b".to_owned());
    assert_eq!(user(run(&backend, Command::GetUser(named))).username, "tr_list_b");
    assert!(absent(run(&backend, Command::GetUser(UserRef::Name("TR_list_b".to_owned())))));
}

#[test]
fn the_account_of_the_key_is_a_list_of_one() {
    let server = scenario!("getuser");
    let backend = backend(&server);
    let get = |id: &str| run(&backend, Command::GetUser(UserRef::Native(NAMESPACE, id.to_owned())));
    assert_eq!(user(get("1")).role, Role::Administrator);
    assert!(absent(get("999999")));
    // The server would ignore an id that it cannot read and answer with the key's own account.
    for id in ["0", "-1", "x", "", "1e0", " 1", "2147483648", "9223372036854775808"] {
        assert!(absent(get(id)), "{id}");
    }
}

#[test]
fn a_user_is_changed() {
    let server = scenario!("edit-user");
    let backend = backend(&server);
    server.skip("getusers: tr_edit is the last one");
    let named = |name: &str| UserPatch {
        display_name: Some(Some(name.to_owned())),
        ..UserPatch::default()
    };
    let with = |name: &str, value: Value| UserPatch {
        attributes: AttributeChanges::from([(name.to_owned(), Some(value))]),
        ..UserPatch::default()
    };
    assert_eq!(
        user(run(&backend, change(named("New Name")))).display_name.as_deref(),
        Some("New Name")
    );
    server.skip("role");
    let themed = user(run(&backend, change(with(THEME, json!("legacy")))));
    assert_eq!(themed.attribute(THEME), Some(&json!("legacy")));
    let prompted = user(run(&backend, change(with(INITIAL_LOGIN, json!(2)))));
    assert_eq!(prompted.attribute(INITIAL_LOGIN), Some(&json!(2)));
}

#[test]
fn an_administrator_is_made_ordinary() {
    let server = scenario!("delete-admin-user");
    let backend = backend(&server);
    server.skip("create an admin");
    let all = run(&backend, Command::ListUsers).unwrap().users().unwrap();
    assert_eq!(all.last().map(|user| user.role), Some(Role::Administrator));
    let patch = UserPatch { role: Some(Role::User), ..UserPatch::default() };
    // The recording has no read after this change, only the deletion that then works.
    assert!(absent(run(&backend, change(patch))));
}

#[test]
fn users_are_disabled_and_enabled() {
    let server = scenario!("enable-disable");
    let backend = backend(&server);
    assert!(!user(run(&backend, Command::DeactivateUser(someone()))).active);
    assert!(!user(run(&backend, Command::GetUser(someone()))).active);
    assert!(user(run(&backend, Command::ActivateUser(someone()))).active);
    assert!(user(run(&backend, Command::GetUser(someone()))).active);
}

#[test]
fn passwords_are_set_and_verified() {
    let server = scenario!("client-user-manager");
    let set = Command::ChangePassword(someone(), Some("new-secret".into()));
    assert_eq!(run(&backend(&server), set).unwrap(), Outcome::Done);

    let server = scenario!("resetpassword");
    let backend = backend(&server);
    let right = |password: &str| {
        let name = UserRef::Name("tr_reset".to_owned());
        let verify = Command::VerifyPassword(name, password.into());
        run(&backend, verify).unwrap().verified().unwrap()
    };
    assert!(right("first") && !right("x"));
    server.skip("reset");
    assert!(!right("first") && right("second"));
    let third = UserPatch {
        password: Some(Some("third".into())),
        attributes: AttributeChanges::from([(INITIAL_LOGIN.to_owned(), Some(json!(1)))]),
        ..UserPatch::default()
    };
    // `users/resetpassword` alone sets the prompt too.
    server.skip("new password: 1");
    assert_eq!(user(run(&backend, change(third))).attribute(INITIAL_LOGIN), Some(&json!(1)));
    assert!(right("third"));
    server.skip("password 'a+b %41': decoded twice");
    assert!(right("a b A"));
    server.skip("non-ASCII");
    assert!(right("pässwörd 漢字"));
}

#[test]
fn the_evidence_is_the_day_of_creation() {
    let server = scenario!("getuser");
    server.skip("getusers: tr_get is the last one");
    let read = run(&backend(&server), Command::GetUser(someone())).unwrap().user().unwrap();
    let created = read.evidence.created.unwrap();
    assert_eq!((created.len(), read.evidence.secret), (10, None));
}
