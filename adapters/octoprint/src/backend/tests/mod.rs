//! Plays the recordings of a real server backwards: the backend must send the requests that the
//! server was recorded accepting, and read the recorded answers. Then everything that can fail.

mod faults;
mod keys;
mod older;
mod server;
mod steps;

use std::sync::Arc;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Evidence, NewUser, User, UserPatch, UserRef};
use isogloss_testkit::scripted::now;
use isogloss_testkit::scripted::upstream::System;

use server::{Recorded, backend, keyed};

fn run(backend: &Arc<dyn Backend>, command: Command) -> Result<Outcome, Fault> {
    now(backend.execute(command))
}

fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

fn new(username: &str) -> Command {
    Command::CreateUser(Box::new(NewUser {
        username: username.to_owned(),
        password: Some(format!("pw-{username}").into()),
        ..NewUser::default()
    }))
}

fn change(username: &str, role: Option<Role>, active: Option<bool>) -> Command {
    let patch = UserPatch { role, active, ..UserPatch::default() };
    Command::UpdateUser(named(username), Box::new(patch))
}

fn user(result: Result<Outcome, Fault>) -> User {
    *result.unwrap().user().unwrap()
}

fn absent(result: Result<Outcome, Fault>) -> bool {
    result.is_err_and(|fault| fault.is_absence_of(Subject::User))
}

fn refused(result: Result<Outcome, Fault>) -> (FaultKind, Option<Subject>) {
    let fault = result.unwrap_err();
    (fault.kind, fault.subject)
}

#[test]
fn users_are_created_and_changed() {
    let server = Recorded::scenario("appkeys");
    let backend = backend(&server);
    let made = user(run(&backend, new("tr_a1")));
    assert_eq!((&*made.username, made.role, made.active), ("tr_a1", Role::User, true));
    let now = user(run(&backend, Command::DeactivateUser(named("tr_a1"))));
    assert!(!now.active);
}

#[test]
fn every_user_is_read_with_their_role() {
    let server = Recorded::scenario("users-create");
    let backend = backend(&server);
    let role = |name: &str| user(run(&backend, Command::GetUser(named(name)))).role;
    for ordinary in ["tr_c1", "tr_c2", "tr_c6", "tr_c7", "tr_c8", "tr_c9"] {
        assert_eq!(role(ordinary), Role::User, "{ordinary}");
    }
    for administrator in ["tr_c3", "tr_c4", "tr_c5"] {
        assert_eq!(role(administrator), Role::Administrator, "{administrator}");
    }
    let all = run(&backend, Command::ListUsers).unwrap().users().unwrap();
    assert_eq!(all.first().map(|user| user.role), Some(Role::Administrator));
}

#[test]
fn a_user_who_does_not_exist_is_absent() {
    let server = Recorded::scenario("users-list-and-get");
    let backend = backend(&server);
    assert_eq!(user(run(&backend, Command::GetUser(named("admin")))).username, "admin");
    for nobody in ["tr_nosuch", "ADMIN", "admin "] {
        assert!(absent(run(&backend, Command::GetUser(named(nobody)))), "{nobody}");
    }
}

#[test]
fn an_administrator_by_permission_becomes_an_ordinary_user() {
    let server = Recorded::scenario("users-update");
    let backend = backend(&server);
    server.skip("permission ADMIN");
    let now = user(run(&backend, change("tr_u1", Some(Role::User), Some(false))));
    assert_eq!((now.role, now.active), (Role::User, false));
}

#[test]
fn activity_is_changed_alone() {
    let server = Recorded::scenario("users-update");
    let backend = backend(&server);
    for active in [false, true] {
        server.skip("create tr_u1");
        assert_eq!(user(run(&backend, change("tr_u1", None, Some(active)))).active, active);
    }
    let gone = Recorded::scenario("users-delete");
    assert!(absent(run(&self::backend(&gone), Command::DeleteUser(named("tr_d1")))));
}

#[test]
fn names_that_the_server_refuses_are_not_sent() {
    // `fixtures/transcripts/octoprint/users-create-errors.json`, and two that harm the server.
    let server = Recorded::scenario("users-create-errors");
    for bad in ["", "  ", " tr_e1", "tr_e1 ", "tr_e1\n", "tr_e1\u{a0}", "_api", "_version"] {
        let fault = refused(run(&backend(&server), new(bad)));
        assert_eq!(fault, (FaultKind::Invalid, Some(Subject::Username)), "{bad:?}");
    }
}

#[test]
fn names_are_percent_encoded() {
    let server = Recorded::scenario("users-create-names");
    let backend = backend(&server);
    for name in ["tr_Ünïcødé☃", "tr_😀", "tr_<b>&amp;\"'", "tr_'; DROP TABLE users;--"] {
        assert_eq!(user(run(&backend, Command::GetUser(named(name)))).username, name);
    }
}

#[test]
fn a_key_does_not_set_its_owners_password() {
    let server = Recorded::scenario("users-password-self");
    let set = |key: &str, name: &str| {
        let set = Command::ChangePassword(named(name), Some("n1".into()));
        refused(run(&keyed(&server, key), set))
    };
    // The server asks for the current password, of administrators too.
    let own = (FaultKind::Unsupported, Some(Subject::Password));
    assert_eq!(set("s1_key", "tr_s1"), own);
    assert_eq!(set("s2_key", "tr_s2"), own);
}

#[test]
fn a_password_is_checked_by_a_login_as_of_a_browser() {
    let server = Recorded::scenario("cookie-session");
    let backend = backend(&server);
    let right = |password: &str| {
        let verify = Command::VerifyPassword(named("tr_h1"), password.into());
        run(&backend, verify).unwrap().verified().unwrap()
    };
    assert!(!right("wrong"));
    server.skip("a second login as the same user: reauthentication");
    assert!(right("pw-tr_h1"));
}

#[test]
fn the_api_key_is_the_evidence_of_a_user() {
    let server = Recorded::scenario("users-list-and-get");
    let backend = backend(&server);
    let proved = user(run(&backend, Command::GetUser(named("admin")))).evidence;
    assert_eq!(proved.secret.as_ref().map(Secret::expose), Some("admin_key"));
    for hidden in ["null", r#""""#] {
        let row = format!(
            r#"{{"name":"ada","active":true,"groups":[],"permissions":[],"apikey":{hidden}}}"#
        );
        let server = System::in_turn([(200, row)]);
        let read = run(&server::backend(&server), Command::GetUser(named("ada")));
        assert_eq!(user(read).evidence, Evidence::default(), "{hidden}");
    }
}
