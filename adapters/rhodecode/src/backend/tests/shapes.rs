//! Requests and rows that no recording has.

use std::sync::Arc;

use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, UserPatch};
use isogloss_interop::password;
use serde_json::{Value, json};

use crate::backend::make;
use crate::backend::tests::rows::{error, group_row, made, read, result, row, with};
use crate::backend::tests::script::{
    absent, change, create, fails, named, native, new, run, someone, team, text, user,
};
use crate::backend::tests::server::{NAMESPACE, TOKEN, backend, call, calls, scripted, service};
use crate::wire::attribute;

#[test]
fn a_name_that_nobody_can_have_is_not_sent() {
    let server = scripted::<String>([]);
    for name in ["default", "dEFAULT"] {
        let refused = run(&backend(None, &server), create(new(name)));
        fails(refused, FaultKind::Conflict, Subject::Username);
    }
    let nameless = run(&backend(None, &server), create(new("")));
    fails(nameless, FaultKind::Invalid, Subject::Username);
    assert!(calls(&server).is_empty());
}

#[test]
fn a_creation_sends_what_differs_from_the_defaults() {
    let whole = NewUser {
        display_name: Some("Ada  King Lovelace".to_owned()),
        role: Role::Administrator,
        inactive: true,
        attributes: json!({attribute::DESCRIPTION: "d", attribute::FORCE_PASSWORD_CHANGE: true,
            attribute::REPO_GROUP: "ada", attribute::EXTERN_TYPE: "rhodecode", "dandelion.theme": "x"})
        .as_object()
        .cloned()
        .unwrap(),
        ..new("ada")
    };
    let common = json!({"username": "ada", "password": "x", "firstname": "Ada",
        "lastname": "King Lovelace", "active": false, "admin": true, "force_password_change": true,
        "email": "ada@example.com"});
    let mut newer = common.clone();
    newer["description"] = json!("d");
    newer["create_personal_repo_group"] = json!(true);
    for (version, wanted) in [(None, newer), (Some("4.3"), common)] {
        let shown = with(7, "ada", &json!({"active": false, "admin": true}));
        let server = scripted([made(&shown)]);
        run(&backend(version, &server), create(whole.clone())).unwrap();
        assert_eq!(call(&server, 0), ("create_user".to_owned(), wanted));
        let asked = calls(&server);
        assert!(asked.iter().all(|call| call["auth_token"] == TOKEN && call["id"] != 0));
    }
}

/// The password that the gateway makes of the service's random bytes.
fn unknown_password() -> String {
    password::unknown(&(service(None).random)()).expose().to_owned()
}

#[test]
fn a_person_without_a_password_gets_one_that_nobody_knows() {
    for password in [None, Some("".into())] {
        let server = scripted([made(&row(7, "ada"))]);
        run(&backend(None, &server), create(NewUser { password, ..new("ada") })).unwrap();
        assert_eq!(call(&server, 0).1["password"], unknown_password());
    }
    let server = scripted([made(&row(51, "ada"))]);
    let taken = Command::ChangePassword(someone(), None);
    assert_eq!(run(&backend(None, &server), taken).unwrap(), Outcome::Done);
    let wanted = json!({"userid": 51, "password": unknown_password()});
    assert_eq!(call(&server, 0), ("update_user".to_owned(), wanted));
}

#[test]
fn a_taken_default_address_is_replaced_by_another() {
    let taken = error(&json!("email `zo@example.com` already exist"));
    let answers = || [taken.clone(), made(&row(7, "zoë"))];
    let server = scripted(answers());
    let made = run(&backend(None, &server), create(NewUser { email: None, ..new("zoë") }));
    assert_eq!(user(made).username, "zoë");
    assert_eq!(call(&server, 0).1["email"], "zo@example.com");
    assert_eq!(call(&server, 1).1["email"], "zo-abababab@example.com");
    assert_ne!(calls(&server)[0]["id"], calls(&server)[1]["id"]);
    let server = scripted(answers());
    let given = run(&backend(None, &server), create(new("zoë")));
    fails(given, FaultKind::Conflict, Subject::Email);
}

#[test]
fn a_blank_removes_a_first_name() {
    for name in [None, Some(String::new())] {
        let bare = with(51, "ada", &json!({"firstname": " ", "lastname": ""}));
        let server = scripted([made(&bare)]);
        let cleared = UserPatch { display_name: Some(name), ..UserPatch::default() };
        let changed = user(run(&backend(None, &server), change(cleared)));
        assert_eq!(call(&server, 0).1, json!({"userid": 51, "firstname": " ", "lastname": ""}));
        assert_eq!(changed.full_name().as_deref(), Some(""));
    }
}

#[test]
fn a_default_address_is_not_shown() {
    let own = Service {
        defaults: Defaults { email: "{username}@Users.invalid".to_owned(), ..Defaults::default() },
        ..service(None)
    };
    for (address, shown) in [
        ("ada@users.invalid", None),
        ("ada-abababab@users.invalid", None),
        ("ada@example.com", Some("ada@example.com")),
        ("ada@other.invalid", Some("ada@other.invalid")),
    ] {
        let row = with(51, "ada", &json!({"email": address}));
        let server: Arc<dyn Upstream> = scripted([result(&row)]);
        let found = user(run(&make(&own, server), Command::GetUser(someone())));
        assert_eq!(found.email.as_deref(), shown);
    }
}

#[test]
fn a_change_that_fails_because_of_another_user_is_a_conflict() {
    let failed = error(&json!("failed to update user `51`"));
    let all = result(&json!([row(51, "ada"), row(52, "bob")]));
    let name = |name: &str| UserPatch { username: Some(name.to_owned()), ..UserPatch::default() };
    let email = |email: &str| UserPatch { email: Some(text(email)), ..UserPatch::default() };
    for (patch, kind, subject) in [
        (name("bob"), FaultKind::Conflict, Subject::Username),
        (name("ada"), FaultKind::Invalid, Subject::User),
        (email("BOB@example.com"), FaultKind::Conflict, Subject::Email),
        (email("Anonymous@RhodeCode.org"), FaultKind::Conflict, Subject::Email),
        (email("ada@example.com"), FaultKind::Invalid, Subject::User),
        (UserPatch::default(), FaultKind::Invalid, Subject::User),
    ] {
        let server = scripted([failed.clone(), all.clone()]);
        fails(run(&backend(None, &server), change(patch)), kind, subject);
    }
    let groups = json!([group_row(51, "a", &[]), group_row(52, "b", &[])]);
    for (name, kind) in [("b", FaultKind::Conflict), ("a", FaultKind::Invalid)] {
        let failed = error(&json!("failed to update user group `51`"));
        let server = scripted([failed, result(&groups)]);
        let patch = GroupPatch { name: Some(name.to_owned()), ..GroupPatch::default() };
        let changed = Command::UpdateGroup(team(), Box::new(patch));
        fails(run(&backend(None, &server), changed), kind, Subject::Group);
    }
}

#[test]
fn a_name_that_python_reads_as_a_number_is_not_taken_for_an_id() {
    let all =
        result(&json!([row(51, "ada"), row(52, "51"), with(53, "", &json!({"username": null}))]));
    for (name, id) in [("51", Some("52")), (" 51", None), ("+51", None), ("٥١", None)] {
        let server = scripted([all.clone()]);
        let found = run(&backend(Some("4.3"), &server), Command::GetUser(named(name)));
        match id {
            Some(id) => assert_eq!(user(found).native(&NAMESPACE), Some(id)),
            None => absent(found),
        }
        assert_eq!(call(&server, 0).0, "get_users");
    }
    let server = scripted([all]);
    let nameless = user(run(&backend(None, &server), Command::GetUser(named("∅53"))));
    assert_eq!(nameless.attribute(attribute::NAMELESS), Some(&json!("∅53")));
}

#[test]
fn a_name_in_another_case_finds_nobody() {
    let server = scripted([result(&row(51, "ada"))]);
    absent(run(&backend(None, &server), Command::GetUser(named("ADA"))));
    let server = scripted([result(&row(51, "ada"))]);
    absent(run(&backend(None, &server), Command::DeleteUser(named("ADA"))));
    assert_eq!(calls(&server).len(), 1, "nobody else was deleted");
}

#[test]
fn rows_with_nulls_are_read() {
    let odd = with(
        51,
        "ada",
        &json!({"active": null, "admin": null, "email": null,
        "firstname": null, "extern_type": "ldap", "last_login": "2026-11-21T19:34:11.669",
        "ip_addresses": ["10.11.12.13/32"]}),
    );
    let odd = read(&odd);
    assert_eq!((odd.active, odd.role, odd.email), (false, Role::User, None));
    assert_eq!((odd.source.as_deref(), odd.has_password), (Some("ldap"), false));
    assert_eq!(odd.last_login.map(|at| at.to_string()).unwrap(), "2026-11-21T19:34:11.669Z");
    assert_eq!(odd.addresses, ["10.11.12.13/32"]);
    for name in [attribute::ACTIVE, attribute::ADMIN] {
        assert_eq!(odd.attributes.get(name), Some(&Value::Null), "{name}");
    }
    let rename = UserPatch {
        username: Some("∅51".to_owned()),
        attributes: [(attribute::NAMELESS.to_owned(), Some(json!("∅51")))].into(),
        ..UserPatch::default()
    };
    let server = scripted([made(&with(51, "", &json!({"username": null})))]);
    assert_eq!(user(run(&backend(None, &server), change(rename))).username, "∅51");
    assert_eq!(call(&server, 0).1, json!({"userid": 51, "username": null}));
}

#[test]
fn default_is_not_a_person() {
    let default = || row(1, "default");
    let server = scripted([result(&json!([default(), row(51, "ada")]))]);
    let all = run(&backend(None, &server), Command::ListUsers).unwrap().users().unwrap();
    assert_eq!(all.len(), 1);
    let group = group_row(51, "team", &[default(), row(51, "ada")]);
    let server = scripted([result(&group)]);
    let found = run(&backend(None, &server), Command::GetGroup(team())).unwrap().group().unwrap();
    assert_eq!(found.members, 1);
    let server = scripted::<String>([]);
    for way in [native(1), named("default")] {
        absent(run(&backend(None, &server), Command::DeleteUser(way)));
    }
    assert_eq!(calls(&server).len(), 0);
}

#[test]
fn everybody_is_listed_by_id() {
    let server = scripted([result(&json!([row(100, "a"), row(20, "b"), row(3, "c")]))]);
    let all = run(&backend(None, &server), Command::ListUsers).unwrap().users().unwrap();
    let names: Vec<_> = all.iter().map(|one| &*one.username).collect();
    assert_eq!(names, ["c", "b", "a"]);
}

#[test]
fn a_lock_is_listed_by_its_repository() {
    let locked = json!([{"repo_id": 1, "repo_name": "group/repo", "locked_by": "ada"}]);
    let server = scripted([result(&locked)]);
    let locks = run(&backend(None, &server), Command::ListLocks(someone())).unwrap();
    assert_eq!(locks.locks().unwrap(), ["group/repo"]);
}

#[test]
fn only_version_4_26_gets_the_synchronisation_of_a_group() {
    let synced = NewGroup {
        name: "team".to_owned(),
        description: Some("d".to_owned()),
        inactive: true,
        attributes: json!({attribute::SYNC: "manual_api"}).as_object().cloned().unwrap(),
        ..NewGroup::default()
    };
    let mut shown = group_row(51, "team", &[]);
    shown["active"] = json!(false);
    let shown = result(&json!({"msg": "", "user_group": shown}));
    let common = json!({"group_name": "team", "description": "d", "active": false});
    let mut newer = common.clone();
    newer["sync"] = json!(true);
    for (version, wanted) in [(None, newer), (Some("4.3"), common)] {
        let server = scripted([shown.clone()]);
        run(&backend(version, &server), Command::CreateGroup(Box::new(synced.clone()))).unwrap();
        assert_eq!(call(&server, 0), ("create_user_group".to_owned(), wanted));
    }
}
