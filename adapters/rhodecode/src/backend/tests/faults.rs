//! Failures: an outage is not an absence, a refusal of the gateway's own token makes the server
//! unavailable, and an answer of an unknown shape is unexpected.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserPatch;
use serde_json::json;

use crate::backend::tests::rows::{error, group_row, result, row};
use crate::backend::tests::script::{change, create, fails, named, new, run, someone, team, text};
use crate::backend::tests::server::{SAME_ID, backend, call, scripted};

/// Commands that call the server.
fn commands() -> Vec<Command> {
    let name = UserPatch { given_name: Some(text("X")), ..UserPatch::default() };
    let group = NewGroup { name: "x".to_owned(), ..NewGroup::default() };
    let patch = GroupPatch { active: Some(false), ..GroupPatch::default() };
    vec![
        Command::GetUser(someone()),
        Command::GetUser(named("x")),
        Command::GetUser(named("51")),
        Command::ListUsers,
        create(new("x")),
        change(name),
        Command::ActivateUser(someone()),
        Command::DeactivateUser(someone()),
        Command::DeleteUser(someone()),
        Command::DeleteUser(named("x")),
        Command::ChangePassword(someone(), Some("x".into())),
        Command::ListLocks(someone()),
        Command::CreateGroup(Box::new(group)),
        Command::GetGroup(team()),
        Command::GetGroup(GroupRef::Name(None, "x".to_owned())),
        Command::ListGroups(None),
        Command::UpdateGroup(team(), Box::new(patch)),
        Command::DeleteGroup(team()),
        Command::AddMember(team(), someone()),
        Command::RemoveMember(team(), someone()),
        Command::ListMembers(team()),
        Command::GroupsOf(someone()),
    ]
}

/// Runs a command against a server that always gives the same answer.
fn asked(answer: &(u16, String), command: &Command) -> Result<Outcome, Fault> {
    let server = scripted(vec![answer.clone(); 4]);
    run(&backend(None, &server), command.clone())
}

#[test]
fn an_outage_is_not_an_absence() {
    let refusals = [
        "Invalid API KEY",
        "API KEY has bad role for an API call",
        "API KEY invalid or, has bad role for an API call",
        "Request from this user not allowed",
        "Request from IP:10.99.0.1 not allowed",
        "Access was denied to this resource.",
        "userid is not the same as your user",
    ];
    let pages = [500, 502, 503, 504, 401, 403, 404, 400, 429, 302, 204]
        .map(|status| (status, "<h1>user `51` does not exist</h1>".to_owned()));
    for answer in refusals.map(|sentence| error(&json!(sentence))).iter().chain(&pages) {
        for command in commands() {
            let fault = asked(answer, &command).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unavailable, "{answer:?}: {command:?}");
        }
    }
    for command in commands() {
        let silent = scripted::<String>([]);
        fails(run(&backend(None, &silent), command), FaultKind::Timeout, None);
    }
}

#[test]
fn an_answer_of_another_shape_is_a_fault() {
    let whole = result(&row(51, "x")).1;
    let mut garbled: Vec<String> = vec![
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "true".to_owned(),
        "<html>".to_owned(),
        r#"{"id": 999, "error": null, "result": []}"#.to_owned(),
        r#"{"id": null, "error": "user `51` does not exist", "result": null}"#.to_owned(),
        format!(r#"{{"id": "{SAME_ID}", "error": null, "result": []}}"#),
        format!(r#"{{"id": {SAME_ID}, "error": null}}"#),
        format!(r#"{{"id": {SAME_ID}, "result": []}}"#),
        format!(r#"{{"id": {SAME_ID}, "error": 5, "result": null}}"#),
        format!(r#"{{"id": {SAME_ID}, "error": "user `51` does not exist", "result": []}}"#),
    ];
    garbled.extend((1..whole.len()).step_by(7).map(|end| whole[..end].to_owned()));
    let sentences = [
        "Internal server error",
        "Missing non optional `userid` arg in JSON DATA",
        "Incorrect JSON data. Missing 'args'",
        "Empty body, No Content-Length in request",
        "JSON parse error ERR:Extra data RAW:'user `51` does not exist'",
        "permission `x` does not exist",
        "user `51` does not exist.",
        "",
    ];
    garbled.extend(sentences.map(|sentence| error(&json!(sentence)).1));
    let odd = [json!(null), json!(true), json!({}), json!(5), json!("x"), json!([5]), json!([{}])];
    garbled.extend(odd.map(|odd| result(&odd).1));
    for body in garbled {
        for command in commands() {
            let fault = asked(&(200, body.clone()), &command).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected, "{body}: {command:?}");
        }
    }
}

#[test]
fn a_row_of_another_shape_is_a_fault() {
    let columns = [
        ("user_id", json!("51")),
        ("user_id", json!(51.0)),
        ("user_id", json!(null)),
        ("user_id", json!(52)),
        ("username", json!(5)),
        ("active", json!("true")),
        ("active", json!(1)),
        ("admin", json!("")),
        ("firstname", json!([])),
        ("email", json!(false)),
        ("extern_type", json!(1)),
        ("ip_addresses", json!(null)),
        ("ip_addresses", json!([5])),
        ("last_login", json!("yesterday")),
        ("last_login", json!(0)),
        ("description", json!({})),
    ];
    for (name, value) in columns {
        let mut odd = row(51, "x");
        odd[name] = value;
        let read = asked(&result(&odd), &Command::GetUser(someone()));
        fails(read, FaultKind::Unexpected, None);
    }
    for name in ["user_id", "username", "active", "admin", "email", "extern_type", "ip_addresses"] {
        let mut short = row(51, "x");
        short.as_object_mut().unwrap().remove(name);
        let read = asked(&result(&short), &Command::GetUser(someone()));
        fails(read, FaultKind::Unexpected, None);
    }
    let columns = [
        ("users_group_id", json!(52)),
        ("group_name", json!(null)),
        ("users", json!({})),
        ("users", json!([{"user_id": 5}])),
        ("active", json!(1)),
        ("sync", json!(true)),
    ];
    for (name, value) in columns {
        let mut odd = group_row(51, "x", &[]);
        odd[name] = value;
        fails(asked(&result(&odd), &Command::GetGroup(team())), FaultKind::Unexpected, None);
    }
}

#[test]
fn a_name_inside_a_sentence_does_not_change_its_meaning() {
    for (sentence, kind, subject) in [
        ("user `x` does not exist", FaultKind::NotFound, Subject::User),
        ("user `a` already exist` does not exist", FaultKind::NotFound, Subject::User),
        ("user `a` does not exist` already exist", FaultKind::Conflict, Subject::Username),
        ("email `e` already exist", FaultKind::Conflict, Subject::Email),
        ("user group `g` already exist", FaultKind::Conflict, Subject::Group),
        ("failed to create user `a` does not exist`", FaultKind::Invalid, Subject::User),
        ("failed to delete user ID:7 x` does not exist", FaultKind::Invalid, Subject::User),
        ("failed to create group `g`", FaultKind::Invalid, Subject::Group),
    ] {
        let server = scripted([error(&json!(sentence))]);
        fails(run(&backend(None, &server), Command::DeleteUser(someone())), kind, subject);
    }
    let server = scripted([error(&json!("No such method: x. Similar methods: none"))]);
    let unknown = run(&backend(None, &server), Command::ListUsers);
    fails(unknown, FaultKind::Unsupported, None);
}

#[test]
fn a_schema_error_names_the_subject() {
    for (fields, subject) in [
        (json!({"username": "Required"}), Some(Subject::Username)),
        (json!({"email": "Invalid email address"}), Some(Subject::Email)),
        (json!({"password": "5 is not a string"}), Some(Subject::Password)),
        (json!({"user_group_name": "Invalid"}), Some(Subject::Group)),
        (json!({"first_name": "x"}), None),
    ] {
        let server = scripted([error(&fields)]);
        let made = run(&backend(None, &server), create(new("x y")));
        fails(made, FaultKind::Invalid, subject);
    }
}

/// The server answers a token without the permission on a group that the group does not exist.
#[test]
fn a_group_without_permission_is_not_absent() {
    let gone = error(&json!("user group `51` does not exist"));
    let denied = error(&json!("Access was denied to this resource."));
    let server = scripted([gone.clone(), denied]);
    let refused = run(&backend(None, &server), Command::DeleteGroup(team()));
    fails(refused, FaultKind::Unavailable, None);
    let server = scripted([gone, result(&json!({"server_ip_addr": "127.0.0.1"}))]);
    let absent = run(&backend(None, &server), Command::DeleteGroup(team()));
    fails(absent, FaultKind::NotFound, Subject::Group);
    assert_eq!(call(&server, 1), ("get_ip".to_owned(), json!({})));
}

#[test]
fn any_other_answer_about_a_membership_is_a_fault() {
    let add = || Command::AddMember(team(), someone());
    for odd in [
        json!({"success": true}),
        json!({"success": false, "msg": "User wasn't in group"}),
        json!({"success": false, "msg": "no"}),
        json!({"success": 1, "msg": "added"}),
    ] {
        fails(asked(&result(&odd), &add()), FaultKind::Unexpected, None);
    }
}

#[test]
fn a_creation_that_returns_another_user_is_a_fault() {
    let other = json!({"msg": "", "user": row(7, "somebody")});
    let server = scripted([result(&other)]);
    fails(run(&backend(None, &server), create(new("ada"))), FaultKind::Unexpected, None);
}

#[test]
fn neither_faults_nor_the_backend_print_secrets() {
    let quoted = "JSON parse error ERR:Extra data RAW:'{\"auth_token\": \"c0ffee\"}'";
    let server = scripted([error(&json!(quoted))]);
    let backend = backend(None, &server);
    assert!(format!("{backend:?}").contains("secret: Secret(***)"));
    let fault = run(&backend, Command::ListUsers).unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("c0ffee"));
}
