//! The server's own groups, which it creates, changes and deletes itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::membership::{GroupId, GroupRef};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grant;
use isogloss_canonical::user::{GroupChange, UserPatch};
use isogloss_interop::php::form::Form;
use isogloss_testkit::scripted::now;
use isogloss_testkit::scripted::upstream::System;
use serde_json::{Value, json};

use crate::backend::tests::server::{backend, requests};
use crate::ids::{Gid, NAMESPACE};
use crate::roles::memberships::group as reference;
use crate::roles::rights::{RIGHTS, RIGHTS_OF_HOLDER, Rights};

type Groups = BTreeMap<i32, (String, Value)>;

/// A server that keeps groups as the real one does: it never uses an id again, and says "saved" to a
/// change of an unknown group. Group 1 has a member.
fn server() -> Arc<System> {
    let rights = |text: &str| Rights::sent(text).stored();
    let groups = Groups::from([(1, ("user".to_owned(), rights("{}")))]);
    let state = Mutex::new((groups, 1));
    System::answering(move |request| Ok(answer(&mut state.lock().unwrap(), request)))
}

fn answer((groups, last): &mut (Groups, i32), request: &Request) -> Response {
    let text = request.query.as_ref().map_or(&request.body[..], |query| query.as_bytes());
    let form = Form::read(text).decoded_again();
    let given = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let id = given("groupid").parse().unwrap_or_default();
    let data = match request.path.as_str() {
        "/api/groups/getlist" => groups
            .iter()
            .map(|(id, (name, _))| json!({"id": id.to_string(), "name": name}))
            .collect(),
        "/api/groups/getgroup" => match groups.get(&id) {
            Some((name, rights)) => {
                json!({"id": id.to_string(), "name": name, "permissions": rights, "permissionNames": {}})
            }
            None => json!({"permissions": null, "permissionNames": {}}),
        },
        "/api/groups/create" => {
            *last += 1;
            groups.insert(*last, (given("name"), serde_json::from_str(&given("rights")).unwrap()));
            json!("User group created successfully")
        }
        "/api/groups/edit" => {
            if let Some((_, rights)) = groups.get_mut(&id) {
                *rights = serde_json::from_str(&given("rights")).unwrap();
            }
            json!("User group saved")
        }
        _ if id == 1 => {
            let body =
                json!({"errorcode": 5, "status": "in use", "module": "groups", "data": "in use"});
            return Response::new(200, body.to_string());
        }
        _ => {
            groups.remove(&id);
            json!("Group deleted successfully.")
        }
    };
    let body = json!({"errorcode": 0, "status": "Completed", "module": "groups", "data": data});
    Response::new(200, body.to_string())
}

fn run(server: &Arc<System>, command: Command) -> Result<Outcome, Fault> {
    super::run(&backend(server), command)
}

fn create(server: &Arc<System>, rights: &str) -> Group {
    let attributes = [(RIGHTS.to_owned(), Rights::sent(rights).stored())].into_iter().collect();
    let (namespace, name) = (Some(NAMESPACE), "crew".to_owned());
    let group = NewGroup { namespace, name, attributes, ..NewGroup::default() };
    *run(server, Command::CreateGroup(Box::new(group))).unwrap().group().unwrap()
}

#[test]
fn a_group_is_created_changed_and_deleted_in_the_server() {
    let server = server();
    let made = create(&server, r#"{"edituser":true}"#);
    assert_eq!(made.native(&NAMESPACE), Some("2"));
    assert!(made.grants.holds(Grant::EditUsers));
    let crew = reference(Gid(2));
    let none = Rights::sent("{}").stored();
    let attributes = [(RIGHTS.to_owned(), Some(none))].into();
    let patch = GroupPatch { attributes, ..GroupPatch::default() };
    let change = Command::UpdateGroup(crew.clone(), Box::new(patch));
    let changed = run(&server, change).unwrap().group().unwrap();
    assert!(!changed.grants.holds(Grant::EditUsers));
    run(&server, Command::DeleteGroup(crew.clone())).unwrap();
    let gone = run(&server, Command::GetGroup(crew)).unwrap_err();
    assert!(gone.is_absence_of(Subject::Group));
    // Another group of the same name has another id.
    assert_eq!(create(&server, "{}").native(&NAMESPACE), Some("3"));
    let listed = run(&server, Command::ListGroups(Some(NAMESPACE))).unwrap();
    assert_eq!(listed.groups().unwrap().len(), 2);
}

#[test]
fn a_group_in_use_or_unknown_is_not_answered_as_deleted() {
    let server = server();
    let kind = |id| {
        let deleted = run(&server, Command::DeleteGroup(reference(Gid(id))));
        deleted.unwrap_err().kind
    };
    assert_eq!(kind(1), FaultKind::Conflict);
    assert_eq!(kind(9), FaultKind::NotFound);
}

fn row(group: &str) -> Value {
    json!([{"id": "51", "fullname": "X", "username": "x", "group_id": group, "theme": "",
        "created": "2026-11-21", "initial_login": "0", "disabled": "0"}])
}

fn said(data: &Value) -> (u16, String) {
    let body = json!({"errorcode": 0, "status": "Completed", "module": "groups", "data": data});
    (200, body.to_string())
}

fn shown(name: Option<&str>, rights: &str) -> (u16, String) {
    let rights = name.map_or(Value::Null, |_| Rights::sent(rights).stored());
    let mut group = json!({"permissions": rights, "permissionNames": {}});
    if let Some(name) = name {
        group["name"] = json!(name);
    }
    said(&group)
}

#[test]
fn a_user_has_what_their_group_in_the_server_grants() {
    let read = |group: (u16, String)| {
        let server = System::in_turn([said(&row("5")), group]);
        let read = super::run(&backend(&server), Command::GetUser(super::someone()));
        read.map(|done| done.user().unwrap().groups.remove(0))
    };
    // Names are not unique, and those of the first three groups mean something to the gateway.
    let crew = read(shown(Some("guest"), r#"{"edituser":true}"#)).unwrap();
    assert_eq!((&*crew.name, crew.ids[&NAMESPACE].as_str()), ("5", "5"));
    assert!(crew.grants.holds(Grant::EditUsers) && !crew.grants.holds(Grant::DeleteUsers));
    let gone = read(shown(None, "")).unwrap();
    assert!(!gone.grants.holds(Grant::EditUsers));
    assert_eq!(read((503, String::new())).unwrap_err().kind, FaultKind::Unavailable);
}

#[test]
fn a_user_is_put_into_a_group_that_the_server_has() {
    let change = |answers: Vec<(u16, String)>| {
        let server = System::in_turn(answers);
        let groups = Some(crate::roles::memberships::membership(Gid(5)));
        let patch = UserPatch { groups, ..UserPatch::default() };
        let done = super::run(&backend(&server), super::change(patch));
        (done, requests(&server))
    };
    let saved = || said(&json!("User saved successfully"));
    let crew = || shown(Some("crew"), "{}");
    let (done, sent) = change(vec![said(&row("1")), crew(), saved(), said(&row("5"))]);
    assert_eq!(done.unwrap().user().unwrap().groups[0].ids[&NAMESPACE], "5");
    assert!(sent[2].ends_with("&role=5"), "{}", sent[2]);
    // The server has not done it.
    let (done, _) = change(vec![said(&row("1")), crew(), saved(), said(&row("1"))]);
    assert_eq!(done.unwrap_err().kind, FaultKind::Unexpected);
    for id in ["-5", "0", "x", "2147483648"] {
        let (namespace, wanted) = (NAMESPACE, vec![GroupRef::Native(NAMESPACE, id.to_owned())]);
        let groups = Some(GroupChange { namespace, groups: wanted });
        let patch = UserPatch { groups, ..UserPatch::default() };
        let server = System::in_turn([said(&row("1"))]);
        let done = super::run(&backend(&server), super::change(patch));
        assert!(done.unwrap_err().is_absence_of(Subject::Group), "{id}");
    }
    let (done, sent) = change(vec![said(&row("1")), shown(None, "")]);
    assert!(done.unwrap_err().is_absence_of(Subject::Group));
    assert_eq!(sent.len(), 2);
}

#[test]
fn a_change_that_the_server_only_acknowledges_is_a_fault() {
    let crew = || shown(Some("crew"), "{}");
    let rights = Rights::sent(r#"{"viewlog":true}"#).stored();
    let attributes = [(RIGHTS.to_owned(), Some(rights))].into();
    let patch = GroupPatch { attributes, ..GroupPatch::default() };
    let server = System::in_turn([crew(), said(&json!("User group saved")), crew()]);
    let change = Command::UpdateGroup(reference(Gid(5)), Box::new(patch));
    assert_eq!(run(&server, change).unwrap_err().kind, FaultKind::Unexpected);
    let server = System::in_turn([crew(), said(&json!("Group deleted successfully.")), crew()]);
    let delete = Command::DeleteGroup(reference(Gid(5)));
    assert_eq!(run(&server, delete).unwrap_err().kind, FaultKind::Unexpected);
    let list = || said(&json!([{"id": "1", "name": "user"}]));
    let server = System::in_turn([list(), said(&json!("User group created successfully")), list()]);
    let (namespace, name) = (Some(NAMESPACE), "crew".to_owned());
    let new = NewGroup { namespace, name, ..NewGroup::default() };
    let create = Command::CreateGroup(Box::new(new));
    assert_eq!(run(&server, create).unwrap_err().kind, FaultKind::Unexpected);
}

#[test]
fn the_canonical_id_of_a_group_is_its_own() {
    let server = server();
    let made = create(&server, "{}");
    let read = run(&server, Command::GetGroup(GroupRef::Id(made.id))).unwrap().group().unwrap();
    assert_eq!(read.native(&NAMESPACE), Some("2"));
    assert_eq!(Gid::of_derived(made.id), Some(Gid(2)));
    let named = || Command::GetGroup(GroupRef::Name(Some(NAMESPACE), "crew".to_owned()));
    assert_eq!(run(&server, named()).unwrap().group().unwrap().id, made.id);
    // Names are not unique.
    create(&server, "{}");
    assert_eq!(run(&server, named()).unwrap_err().kind, FaultKind::Conflict);
    let team = GroupRef::Name(None, "crew".to_owned());
    let team = run(&server, Command::GetGroup(team)).unwrap_err();
    assert_eq!(team.kind, FaultKind::Unsupported);
    assert_eq!(Gid::of_derived(GroupId::derived([7; 16])), None);
}

#[test]
fn the_rights_of_a_caller_are_asked_for_with_the_callers_key() {
    let ask = |shown: Option<&str>, answer: (u16, String)| {
        let server = System::in_turn([answer]);
        let fact = Fact {
            namespace: NAMESPACE,
            name: RIGHTS_OF_HOLDER,
            person: shown.map(|_| super::someone()),
            arguments: serde_json::Map::new(),
            shown: shown.map(Into::into),
        };
        let asked = now(backend(&server).fact(fact));
        (asked.map(Result::unwrap), requests(&server))
    };
    let stored = json!({"viewlog": true});
    let (rights, sent) = ask(Some("their-key"), said(&stored));
    assert_eq!(rights, Some(stored));
    assert!(sent[0].contains("apikey=their-key"), "{}", sent[0]);
    let refused = json!({"errorcode": 1, "status": "x", "module": null, "data": "x"});
    assert_eq!(ask(Some("old-key"), (200, refused.to_string())).0, None);
    assert_eq!(ask(None, said(&json!({}))), (None, Vec::new()));
}
