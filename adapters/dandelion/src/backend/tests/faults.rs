//! Faults: an outage is no absence, a refusal of the gateway's own key is no fault of the caller,
//! and an answer that cannot be interpreted is never guessed at.

use super::*;
use isogloss_interop::password;
use isogloss_testkit::scripted::upstream::System;

use super::server::requests;

const COMPLETED: &str = r#"{"errorcode":0,"status":"Completed","module":"users","data":"#;

fn data(data: &Value) -> (u16, String) {
    (200, format!("{COMPLETED}{data},\"requestTime\":\"1ms\"}}"))
}

fn error(status: u16, code: u8, text: &str) -> (u16, String) {
    let body = json!({"errorcode": code, "status": text, "module": null, "data": text});
    (status, body.to_string())
}

fn row(id: &Value, username: &str) -> Value {
    json!({"id": id, "fullname": "X", "username": username, "group_id": "1",
        "created": "2026-11-21", "initial_login": "0", "theme": "", "disabled": "0"})
}

fn kind(result: Result<Outcome, Fault>) -> FaultKind {
    result.unwrap_err().kind
}

/// Every command that the backend sends to a server.
fn commands() -> Vec<Command> {
    let name = UserPatch { display_name: Some(Some("X".to_owned())), ..UserPatch::default() };
    vec![
        Command::GetUser(someone()),
        Command::GetUser(UserRef::Name("x".to_owned())),
        Command::ListUsers,
        new("x", "X", &json!({})),
        change(name),
        Command::ActivateUser(someone()),
        Command::DeactivateUser(someone()),
        Command::DeleteUser(someone()),
        Command::ChangePassword(someone(), Some("x".into())),
        Command::VerifyPassword(someone(), "x".into()),
    ]
}

#[test]
fn an_outage_is_no_absence() {
    let outages = [
        error(200, 1, "API key is not valid"),
        error(200, 2, "Public API disabled"),
        error(200, 3, "Action requires logged in session"),
        error(200, 4, "Invalid user"),
        error(200, 4, "Your account doesn't have the proper permissions"),
        (502, "<h1>Bad Gateway</h1>".to_owned()),
        (503, String::new()),
        (500, String::new()),
        (500, "<b>Fatal error</b>".to_owned()),
        (404, "<h2>Page Not Found</h2>".to_owned()),
        (401, String::new()),
        (403, String::new()),
        (429, String::new()),
        (302, String::new()),
    ];
    for (status, body) in outages {
        for command in commands() {
            let again = vec![(status, body.clone()); 4];
            let backend = backend(&System::in_turn(again));
            let fault = run(&backend, command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unavailable, "{status} {body}: {command:?}");
        }
    }
    for command in commands() {
        let silent = backend(&System::in_turn::<String>([]));
        assert_eq!(kind(run(&silent, command)), FaultKind::Timeout);
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_unexpected() {
    let whole = data(&json!([row(&json!("51"), "x")])).1;
    let mut garbled: Vec<String> = [
        json!([]),
        json!({}),
        json!("completed"),
        json!(null),
        json!(true),
        json!([[]]),
        json!([row(&json!(null), "x")]),
        json!([row(&json!("0"), "x")]),
        json!([row(&json!(1.5), "x")]),
        json!({"a": row(&json!("51"), "x")}),
        json!([{"id": "51", "username": "x"}]),
        json!([{"id": "51", "username": "x", "group_id": "1", "disabled": "maybe"}]),
    ]
    .iter()
    .map(|shape| data(shape).1)
    .collect();
    garbled.extend((0..whole.len()).map(|end| whole[..end].to_owned()));
    garbled.extend(
        [
            r#"{"errorcode":0,"status":"Completed"}"#,
            r#"{"status":"Completed","data":"Completed"}"#,
            r#"{"errorcode":0,"status":"?","data":"Completed"}"#,
            r#"{"errorcode":null,"status":"Completed","data":"Completed"}"#,
            r#"{"errorcode":99,"status":"Completed","data":"Completed"}"#,
            "[]",
            "null",
            "Completed",
        ]
        .map(str::to_owned),
    );
    for body in garbled {
        for command in commands() {
            let backend = backend(&System::in_turn(vec![(200, body.clone()); 4]));
            let fault = run(&backend, command.clone()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected, "{body}: {command:?}");
        }
    }
}

#[test]
fn another_users_record_is_refused() {
    let backend = backend(&System::in_turn([data(&json!([row(&json!("1"), "admin")]))]));
    assert_eq!(kind(run(&backend, Command::GetUser(someone()))), FaultKind::Unexpected);
}

#[test]
fn older_shapes_are_read() {
    let older = json!({"0": {"id": 51, "fullname": null, "username": "x", "group_id": 2,
        "created": "0000-00-00", "initial_login": 1, "theme": "", "disabled": false}});
    let oldest = json!({"0": {"id": "51", "username": "x", "group_id": "9"}});
    let read = |shape: &Value| {
        // A group that the server was not installed with is read too. Here there is none.
        let group = data(&json!({"permissions": null, "permissionNames": {}}));
        let backend = backend(&System::in_turn([data(shape), group]));
        user(run(&backend, Command::GetUser(someone())))
    };
    let one = read(&older);
    assert_eq!((one.role, one.active, one.display_name), (Role::Administrator, true, None));
    let other = read(&oldest);
    assert_eq!((other.role, other.active), (Role::User, true));
    assert!(!read(&json!({"0": {"id": 51, "username": "x", "group_id": 1, "disabled": 1}})).active);
}

#[test]
fn a_failed_creation_is_a_conflict_only_if_the_name_exists() {
    let broken = || error(500, 6, "Internal Server Error");
    let there = || data(&json!([row(&json!("1"), "admin"), row(&json!("7"), "TR_dup  ")]));
    let other = || data(&json!([row(&json!("1"), "admin")]));
    let create = |answers: [(u16, String); 2]| {
        let server = System::in_turn([other()].into_iter().chain(answers));
        let fault = run(&backend(&server), new("tr_dup", "X", &json!({}))).unwrap_err();
        (fault.kind, fault.subject)
    };
    let conflict = (FaultKind::Conflict, Some(Subject::Username));
    assert_eq!(create([broken(), there()]), conflict);
    // The released 6.1.1 answers with an empty body.
    assert_eq!(create([(500, String::new()), there()]), conflict);
    assert_eq!(create([broken(), other()]), (FaultKind::Unexpected, None));
    assert_eq!(create([(500, String::new()), other()]), (FaultKind::Unavailable, None));
    assert_eq!(create([broken(), (503, String::new())]), (FaultKind::Unavailable, None));
    let made = data(&json!("User created successfully"));
    assert_eq!(create([made, other()]), (FaultKind::Unexpected, None));
}

#[test]
fn a_failed_change_is_an_absence_only_if_a_read_confirms_it() {
    let broken = || error(500, 6, "Internal Server Error");
    let switch = |answers: [(u16, String); 2]| {
        run(&backend(&System::in_turn(answers)), Command::ActivateUser(someone())).unwrap_err()
    };
    assert!(switch([broken(), data(&json!("Completed"))]).is_absence_of(Subject::User));
    assert_eq!(switch([broken(), data(&row(&json!("51"), "x"))]).kind, FaultKind::Unexpected);
    assert_eq!(switch([broken(), (503, String::new())]).kind, FaultKind::Unavailable);
    assert_eq!(switch([broken(), broken()]).kind, FaultKind::Unavailable);
}

#[test]
fn a_deletion_is_confirmed_by_a_read() {
    let there = || data(&row(&json!("51"), "x"));
    let delete = |answer: (u16, String), after: (u16, String)| {
        run(&backend(&System::in_turn([there(), answer, after])), Command::DeleteUser(someone()))
    };
    let done = || data(&json!("User deleted successfully"));
    let itself = || error(200, 5, "Can't delete yourself");
    let gone = || data(&json!("Completed"));
    assert!(delete(done(), gone()).is_ok());
    assert_eq!(kind(delete(done(), there())), FaultKind::Unsupported);
    assert_eq!(kind(delete(itself(), there())), FaultKind::Unsupported);
    assert_eq!(kind(delete(error(500, 6, "x"), there())), FaultKind::Unexpected);
    assert_eq!(kind(delete(done(), (503, String::new()))), FaultKind::Unavailable);
    assert!(absent(delete(error(200, 5, "Error deleting user"), gone())));
}

#[test]
fn an_inactive_user_who_cannot_be_disabled_is_deleted() {
    let user = NewUser { username: "x".to_owned(), inactive: true, ..NewUser::default() };
    let server = System::in_turn([
        data(&json!([row(&json!("1"), "admin")])),
        data(&json!("User created successfully")),
        data(&json!([row(&json!("1"), "admin"), row(&json!("51"), "x")])),
        (503, String::new()),
        data(&json!("User saved successfully")),
        data(&json!("User deleted successfully")),
        data(&json!("Completed")),
    ]);
    let result = run(&backend(&server), Command::CreateUser(Box::new(user)));
    assert_eq!(kind(result), FaultKind::Unavailable);
    let requests = requests(&server);
    assert!(requests[1].contains("&fullname=Known%2520as%2520x&role=1&"), "{}", requests[1]);
    let password = password::unknown(&[0xab; 32]);
    assert!(requests[1].contains(&format!("&password={}&", password.expose())), "{}", requests[1]);
    assert!(requests[5].starts_with("/api/users/delete "), "{}", requests[5]);
}

#[test]
fn the_group_is_sent_only_if_it_changes() {
    let in_group = |group: &str| {
        let mut row = row(&json!("51"), "x");
        row["group_id"] = json!(group);
        data(&row)
    };
    let guests = || GroupChange {
        namespace: NAMESPACE,
        groups: vec![GroupRef::Native(NAMESPACE, "3".to_owned())],
    };
    let change_to = |group: &str, role: Option<Role>, groups: Option<GroupChange>| {
        let saved = data(&json!("User saved successfully"));
        let server = System::in_turn([in_group(group), saved.clone(), in_group(group)]);
        let patch = UserPatch { role, groups, ..UserPatch::default() };
        drop(run(&backend(&server), change(patch)));
        requests(&server).swap_remove(1)
    };
    let sent = |group: &str, role: Role| change_to(group, Some(role), None);
    assert!(change_to("1", None, Some(guests())).ends_with("&role=3"));
    assert!(change_to("2", Some(Role::User), Some(guests())).ends_with("&role=3"));
    let ordinary = GroupChange { groups: Vec::new(), ..guests() };
    assert!(change_to("3", None, Some(ordinary)).ends_with("&role=1"));
    // A change without a role leaves an administrator and a guest as they are.
    assert!(change_to("2", None, Some(guests())).starts_with("/api/users/getuser "));
    assert!(sent("3", Role::Manager).starts_with("/api/users/getuser "));
    assert!(sent("9", Role::Administrator).ends_with("&role=2"));
    assert!(sent("2", Role::Manager).ends_with("&role=1"));
    // With a role alone, a user loses the rights of one of the server's own groups.
    assert!(sent("9", Role::User).ends_with("&role=1"));
    assert!(sent("2", Role::Administrator).starts_with("/api/users/getuser "));
}

#[test]
fn a_removed_full_name_becomes_the_default() {
    let saved = data(&json!("User saved successfully"));
    let row = || data(&row(&json!("51"), "x"));
    let server = System::in_turn([row(), saved, row()]);
    let patch = UserPatch { display_name: Some(None), ..UserPatch::default() };
    run(&backend(&server), change(patch)).unwrap();
    assert!(requests(&server)[1].ends_with("&fullname=Known%2520as%2520x"));
}

#[test]
fn values_that_the_server_ignores_are_not_sent() {
    let server = System::in_turn::<String>([]);
    let backend = backend(&server);
    for password in ["", "0"] {
        let set = Command::ChangePassword(someone(), Some(password.into()));
        assert_eq!(kind(run(&backend, set)), FaultKind::Invalid);
    }
    assert_eq!(kind(run(&backend, new(&"u".repeat(256), "X", &json!({})))), FaultKind::Invalid);
    let rename = UserPatch { username: Some("y".to_owned()), ..UserPatch::default() };
    assert_eq!(kind(run(&backend, change(rename))), FaultKind::Unsupported);
    assert_eq!(kind(run(&backend, Command::ListLocks(someone()))), FaultKind::Unsupported);
    assert!(requests(&server).is_empty());
}

#[test]
fn a_password_is_also_tried_as_dandelions_clients_send_it() {
    let server = System::in_turn([(200, "false"), (200, "2")]);
    let verify = Command::VerifyPassword(UserRef::Name("x".to_owned()), "a+b".into());
    assert_eq!(run(&backend(&server), verify).unwrap(), Outcome::Verified(true));
    let requests = requests(&server);
    assert_eq!(requests, ["/login user=x&pass=a%252Bb", "/login user=x&pass=a%2Bb"]);
}

#[test]
fn a_row_that_cannot_be_read_hides_no_other() {
    let bad = json!({"id": "7", "username": "x", "group_id": "1", "disabled": "maybe"});
    let list = || data(&json!([row(&json!("1"), "admin"), bad, row(&json!("8"), "y")]));
    let ask = |command| run(&backend(&System::in_turn([list()])), command);
    let listed = ask(Command::ListUsers).unwrap();
    assert!(matches!(listed, Outcome::UsersInPart(..)));
    let listed = listed.listed().unwrap();
    assert_eq!((listed.users.len(), listed.unread.len()), (2, 1));
    assert!(listed.unread[0].contains('7'), "{:?}", listed.unread);
    let named = |name: &str| Command::GetUser(UserRef::Name(name.to_owned()));
    assert_eq!(user(ask(named("y"))).username, "y");
    // The unread row may be the user who was asked for.
    assert_eq!(kind(ask(named("x"))), FaultKind::Unexpected);
}
