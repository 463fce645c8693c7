//! Failures: an outage is no absence, a refusal of the gateway's own key is an outage, and an answer
//! that cannot be read is never guessed at.

use isogloss_canonical::fault::Refusal;
use serde_json::{Value, json};

use super::*;
use isogloss_testkit::scripted::upstream::System;

use super::server::{asked, older};

const GONE: &str = r#"{"error":"The requested URL was not found on the server."}"#;
const HTML: &str = "<!doctype html><title>404 Not Found</title>";

fn person(name: &str, groups: &[&str], permissions: &[&str], active: bool) -> Value {
    json!({"name": name, "active": active, "groups": groups, "permissions": permissions,
        "admin": false, "apikey": null, "needs": {}, "roles": ["user"], "settings": {}})
}

fn ann() -> Value {
    person("ann", &["users"], &[], true)
}

fn ok(shape: &Value) -> (u16, String) {
    (200, shape.to_string())
}

fn list(people: &[Value]) -> (u16, String) {
    ok(&json!({"users": people}))
}

fn error(status: u16, sentence: &str) -> (u16, String) {
    (status, json!({"error": sentence}).to_string())
}

/// Every command that the backend can do.
fn commands() -> Vec<Command> {
    vec![
        Command::GetUser(named("ann")),
        Command::ListUsers,
        new("ann"),
        change("ann", Some(Role::Administrator), None),
        change("ann", None, Some(false)),
        Command::ActivateUser(named("ann")),
        Command::DeactivateUser(named("ann")),
        Command::DeleteUser(named("ann")),
        Command::ChangePassword(named("ann"), Some("x".into())),
        Command::VerifyPassword(named("ann"), "x".into()),
    ]
}

fn answered(answer: &(u16, String), command: Command) -> Result<Outcome, Fault> {
    run(&backend(&System::in_turn(vec![answer.clone(); 4])), command)
}

#[test]
fn an_outage_is_no_absence() {
    let outages = [
        error(500, "The server encountered an internal error"),
        (500, String::new()),
        (502, "<h1>Bad Gateway</h1>".to_owned()),
        (503, "OctoPrint is currently starting up".to_owned()),
        (401, String::new()),
        (403, "<h1>Forbidden</h1>".to_owned()),
        (403, "Invalid API key".to_owned()),
    ];
    for outage in outages {
        for command in commands() {
            let fault = answered(&outage, command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unavailable, "{outage:?}: {command:?}");
        }
    }
    for command in commands() {
        let throttled = answered(&error(429, "too many"), command.clone()).unwrap_err();
        assert_eq!(throttled.kind, FaultKind::Throttled, "{command:?}");
        let silent = backend(&System::in_turn::<String>([]));
        assert_eq!(run(&silent, command).unwrap_err().kind, FaultKind::Timeout);
    }
}

#[test]
fn a_refused_key_is_an_outage() {
    // The sentences of the server: `fixtures/transcripts/octoprint/auth-missing.json`.
    let (read, write) = (error(403, "You don't have"), error(400, "CSRF validation failed"));
    for command in commands() {
        if matches!(command, Command::VerifyPassword(..)) {
            continue;
        }
        for refusal in [&read, &write] {
            let fault = answered(refusal, command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unavailable, "{refusal:?}: {command:?}");
        }
    }
}

#[test]
fn a_garbled_answer_is_unexpected() {
    let whole = list(&[ann()]).1;
    let mut garbled: Vec<String> = (0..whole.len()).map(|end| whole[..end].to_owned()).collect();
    let shapes = [
        json!([]),
        json!({}),
        json!(null),
        json!({"users": {}}),
        json!({"users": [null]}),
        json!({"users": [{}]}),
        json!({"users": [{"name": "ann", "active": true}]}),
        json!({"users": [{"name": "ann", "groups": []}]}),
        json!({"users": [{"name": "ann", "active": "true", "groups": []}]}),
        json!({"users": [{"name": "ann", "active": true, "groups": "users"}]}),
        json!({"users": [{"name": "ann", "active": true, "groups": [1]}]}),
        json!({"users": [{"name": "ann", "active": true, "groups": [], "permissions": null}]}),
        json!({"users": [{"name": "", "active": true, "groups": []}]}),
        json!({"name": "ann"}),
    ];
    garbled.extend(shapes.iter().map(Value::to_string));
    for body in garbled {
        for command in commands() {
            // The server answers this to a new password.
            if matches!(command, Command::ChangePassword(..)) && body == "{}" {
                continue;
            }
            let fault = answered(&(200, body.clone()), command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected, "{body}: {command:?}");
        }
    }
    for status in [201, 204, 302, 307, 308, 400, 405, 415] {
        for command in commands() {
            let fault = answered(&(status, "{}".to_owned()), command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected, "{status}: {command:?}");
        }
    }
}

#[test]
fn only_the_api_says_that_a_user_is_absent() {
    for command in commands() {
        let about_one = !matches!(
            command,
            Command::ListUsers | Command::CreateUser(_) | Command::VerifyPassword(..)
        );
        let result = answered(&(404, GONE.to_owned()), command.clone());
        assert_eq!(absent(result), about_one, "{command:?}");
        // Another 404 need not be the API's, so the backend reads the list.
        let fault = answered(&(404, HTML.to_owned()), command.clone()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unexpected, "{command:?}");
    }
    let page = || (404, HTML.to_owned());
    let get = |answers: [(u16, String); 2]| {
        run(&backend(&System::in_turn(answers)), Command::GetUser(named("ann")))
    };
    assert!(absent(get([page(), list(&[])])));
    assert_eq!(get([page(), list(&[ann()])]).unwrap_err().kind, FaultKind::Unexpected);
    assert_eq!(get([page(), (503, String::new())]).unwrap_err().kind, FaultKind::Unavailable);
}

#[test]
fn the_row_of_another_user_is_refused() {
    let bob = ok(&person("bob", &["users"], &[], true));
    let fault = answered(&bob, Command::GetUser(named("ann"))).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unexpected);
    let fault = answered(&bob, Command::VerifyPassword(named("ann"), "x".into())).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unexpected);
}

#[test]
fn a_change_that_the_answer_does_not_show_is_refused() {
    let seen = |shape: Value, command: Command| {
        let answers = [list(std::slice::from_ref(&shape))];
        run(&backend(&System::in_turn(answers)), command).map_err(|fault| fault.kind)
    };
    let unexpected = Err(FaultKind::Unexpected);
    assert_eq!(seen(ann(), Command::DeactivateUser(named("ann"))), unexpected);
    assert_eq!(seen(person("ann", &["admins"], &[], true), new("ann")), unexpected);
    assert_eq!(seen(person("bob", &["users"], &[], true), new("ann")), unexpected);
    let server = System::in_turn([ok(&ann()), list(&[ann()])]);
    let kept = run(&backend(&server), Command::DeleteUser(named("ann")));
    assert_eq!(kept.unwrap_err().kind, FaultKind::Unexpected);
}

/// The request of a change of role for a user with these groups and permissions.
fn sent(groups: &[&str], permissions: &[&str], role: Role) -> String {
    let off = person("ann", groups, permissions, false);
    let known = ok(&person("ann", groups, permissions, true));
    let more = role == Role::Administrator;
    let answers = if more { vec![list(std::slice::from_ref(&off)), ok(&off)] } else { vec![known] };
    let server = System::in_turn(answers);
    drop(run(&backend(&server), change("ann", Some(role), Some(false))));
    if more {
        // The user is never an active administrator in between.
        assert!(asked(&server.asked())[0].ends_with(r#" {"active":false}"#));
    }
    asked(&server.asked()).pop().unwrap()
}

#[test]
fn a_role_leaves_other_groups_alone() {
    let put = |body: &str| format!("PUT /api/access/users/ann {body}");
    let more = sent(&["users", "night-shift"], &["PRINT"], Role::Administrator);
    assert_eq!(more, put(r#"{"groups":["users","night-shift","admins"]}"#));
    let less = sent(&["users", "admins", "night-shift"], &["ADMIN", "PRINT"], Role::User);
    assert_eq!(
        less,
        put(r#"{"groups":["users","night-shift"],"permissions":["PRINT"],"active":false}"#)
    );
    let least = sent(&["admins"], &[], Role::Manager);
    assert_eq!(least, put(r#"{"groups":["users"],"active":false}"#));
    assert_eq!(sent(&["readonly"], &[], Role::User), put(r#"{"active":false}"#));
}

#[test]
fn a_new_user_has_the_groups_of_their_role() {
    let asked = |new: NewUser| {
        let server = System::in_turn::<String>([]);
        drop(run(&backend(&server), Command::CreateUser(Box::new(new))));
        asked(&server.asked()).pop().unwrap()
    };
    let chief = NewUser {
        username: "ann".to_owned(),
        role: Role::Administrator,
        inactive: true,
        ..NewUser::default()
    };
    let sent = asked(chief);
    assert!(sent.starts_with(r#"POST /api/access/users {"name":"ann","password":""#), "{sent}");
    assert!(sent.ends_with(r#"","active":false,"groups":["admins","users"]}"#), "{sent}");
    // A user without a password gets a random one, not an empty one.
    assert!(!sent.contains(r#""password":"""#), "{sent}");
}

#[test]
fn a_name_is_taken_or_refused() {
    let create = |answer: (u16, String)| refused(answered(&answer, new("ann")));
    assert_eq!(create(error(409, "A conflict")), (FaultKind::Conflict, Some(Subject::Username)));
    let taken = (409, "User already exists".to_owned());
    assert_eq!(create(taken), (FaultKind::Conflict, Some(Subject::Username)));
    let invalid = (FaultKind::Invalid, Some(Subject::Username));
    assert_eq!(create(error(400, "Username invalid")), invalid);
}

#[test]
fn a_name_without_a_path_is_read_from_the_list_and_not_changed() {
    let unsupported = (FaultKind::Unsupported, Some(Subject::Username));
    for name in ["a/b", ".", ".."] {
        let server = System::in_turn([list(&[person(name, &["users"], &[], true)])]);
        let backend = backend(&server);
        assert_eq!(user(run(&backend, Command::GetUser(named(name)))).username, name);
        let set = Command::ChangePassword(named(name), Some("x".into()));
        for change in [new(name), change(name, None, Some(true)), set] {
            assert_eq!(refused(run(&backend, change)), unsupported);
        }
        assert_eq!(refused(run(&backend, Command::DeleteUser(named(name)))), unsupported);
        assert_eq!(asked(&server.asked()), ["GET /api/access/users"]);
    }
    assert!(absent(answered(&list(&[]), Command::GetUser(named("a/b")))));
}

#[test]
fn what_the_server_would_refuse_is_not_sent() {
    let server = System::in_turn::<String>([]);
    let backend = backend(&server);
    let set = |password: &str| {
        let set = Command::ChangePassword(named("ann"), Some(password.into()));
        refused(run(&backend, set))
    };
    let invalid = (FaultKind::Invalid, Some(Subject::Password));
    assert_eq!((set(""), set(&"p".repeat(4097))), (invalid, invalid));
    let long = Command::VerifyPassword(named("ann"), "p".repeat(4097).into());
    assert_eq!(run(&backend, long).unwrap(), Outcome::Verified(false));
    let patch = |patch: UserPatch| Command::UpdateUser(named("ann"), Box::new(patch));
    let rename = UserPatch { username: Some("bob".to_owned()), ..UserPatch::default() };
    let email = UserPatch { email: Some(None), ..UserPatch::default() };
    for change in [patch(rename), patch(email)] {
        assert_eq!(run(&backend, change).unwrap_err().kind, FaultKind::Unsupported);
    }
    let locks = run(&backend, Command::ListLocks(named("ann")));
    assert_eq!(locks.unwrap_err().kind, FaultKind::Unsupported);
    assert!(server.asked().is_empty());
}

#[test]
fn a_login_is_wrong_only_if_the_server_says_so() {
    let verify = |answer: (u16, String)| {
        let page = (200, "<html>".to_owned());
        let server = System::in_turn([page, answer]);
        run(&backend(&server), Command::VerifyPassword(named("ann"), "x".into()))
    };
    assert_eq!(verify(ok(&ann())).unwrap(), Outcome::Verified(true));
    assert_eq!(verify(error(403, "You don't have")).unwrap(), Outcome::Verified(false));
    let older = (403, "User unknown or password incorrect".to_owned());
    assert_eq!(verify(older).unwrap(), Outcome::Verified(false));
    let proxy = verify((403, "<h1>Forbidden</h1>".to_owned()));
    assert_eq!(proxy.unwrap_err().kind, FaultKind::Unavailable);
    assert_eq!(verify(error(429, "later")).unwrap_err().kind, FaultKind::Throttled);
    assert_eq!(verify(error(400, "CSRF")).unwrap_err().kind, FaultKind::Unexpected);
    // The server asks for the second factor only after a right password.
    let second = json!({"error": "Two-factor authentication required", "mfa": ["totp"]});
    let second = verify((403, second.to_string())).unwrap_err();
    assert_eq!(second.refusal, Some(Refusal::SecondFactor));
}

#[test]
fn the_gateways_own_account_is_not_deleted() {
    let server = System::in_turn([ok(&ann()), error(400, "You cannot delete yourself")]);
    let fault = run(&backend(&server), Command::DeleteUser(named("ann")));
    assert_eq!(refused(fault), (FaultKind::Unsupported, Some(Subject::User)));
}

#[test]
fn servers_before_1_4_have_a_switch() {
    let person = |admin: bool, active: bool| {
        json!({"name": "ann", "active": active, "admin": admin, "user": true, "apikey": null,
            "settings": {}})
    };
    let server = System::in_turn([
        list(&[person(true, true)]),
        ok(&person(true, true)),
        list(&[person(true, false)]),
        ok(&person(true, false)),
        list(&[person(false, false)]),
    ]);
    let backend = older(&server, "1.3");
    let chief = NewUser {
        username: "ann".to_owned(),
        password: Some("x".into()),
        role: Role::Administrator,
        ..NewUser::default()
    };
    let made = user(run(&backend, Command::CreateUser(Box::new(chief))));
    assert_eq!(made.role, Role::Administrator);
    assert!(!user(run(&backend, Command::DeactivateUser(named("ann")))).active);
    let now = user(run(&backend, change("ann", Some(Role::User), None)));
    assert_eq!((now.role, now.active), (Role::User, false));
    assert_eq!(
        asked(&server.asked()),
        [
            r#"POST /api/users {"name":"ann","password":"x","active":true,"admin":true}"#,
            "GET /api/users/ann",
            r#"PUT /api/users/ann {"admin":true,"active":false}"#,
            "GET /api/users/ann",
            r#"PUT /api/users/ann {"admin":false,"active":false}"#,
        ]
    );
}
