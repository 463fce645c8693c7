//! Changes in several requests, on a server that fails at each of them.

use std::sync::Mutex;

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::http::{Request, Response};
use isogloss_testkit::scripted::upstream::{Breaking, Failing, Server, System};
use serde_json::{Value, json};

use super::server::{asked, older};
use super::*;

const EVERY: [Failing; 3] = [Failing::Before, Failing::After, Failing::Silently];

/// A server with one user, ann, that fails where a test says.
#[derive(Debug)]
struct Fake {
    ann: Mutex<Option<Value>>,
}

impl Fake {
    fn failing(at: Option<(usize, Failing)>, ann: Option<Value>) -> Arc<Breaking<Self>> {
        Breaking::at(at, Self { ann: Mutex::new(ann) })
    }

    /// The answer to a request once it is done.
    fn shown(&self, request: &Request) -> Response {
        let stored = self.ann.lock().unwrap().clone();
        let shown = match (request.method.as_str(), stored) {
            ("PUT", _) if request.path.ends_with("/password") => json!({}),
            ("GET", Some(row)) => row,
            ("GET", None) => {
                return Response::new(404, r#"{"error":"The requested URL was not found"}"#);
            }
            (_, row) => json!({"users": row.into_iter().collect::<Vec<_>>()}),
        };
        Response::new(200, shown.to_string())
    }

    fn rights(&self) -> Option<(bool, bool)> {
        self.ann.lock().unwrap().as_ref().map(|ann| (is_admin(ann), ann["active"] == true))
    }
}

fn is_admin(row: &Value) -> bool {
    row["groups"].as_array().unwrap().contains(&json!("admins"))
}

fn ann(admin: bool, active: bool) -> Value {
    let groups = if admin { json!(["admins", "users"]) } else { json!(["users"]) };
    json!({"name": "ann", "active": active, "groups": groups, "permissions": [], "apikey": null})
}

impl Server for Fake {
    fn act(&self, request: &Request) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut stored = self.ann.lock().unwrap();
        match request.method.as_str() {
            "POST" => {
                let mut row = ann(false, true);
                row["groups"] = body["groups"].clone();
                row["active"] = body["active"].clone();
                *stored = Some(row);
            }
            "DELETE" => *stored = None,
            "PUT" => {
                let row = stored.as_mut().unwrap().as_object_mut().unwrap();
                let body = body.as_object().unwrap().iter();
                row.extend(body.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {}
        }
        drop(stored);
        self.shown(request)
    }

    fn pretend(&self, request: &Request, _: Failing) -> Option<Response> {
        Some(self.shown(request))
    }
}

#[test]
fn nobody_is_given_rights_before_others_are_taken_away() {
    let patch = |role, active| UserPatch {
        role: Some(role),
        active: Some(active),
        password: Some(Some("new-secret".into())),
        ..UserPatch::default()
    };
    let off = (patch(Role::Administrator, false), ann(false, true));
    let on = (patch(Role::User, true), ann(true, false));
    for (patch, before) in [off, on] {
        let mut failed = 0;
        for (at, how) in (0..9).flat_map(|at| EVERY.map(|how| (at, how))) {
            let fake = Fake::failing(Some((at, how)), Some(before.clone()));
            let update = Command::UpdateUser(named("ann"), Box::new(patch.clone()));
            let done = run(&server::backend(&fake), update).is_ok();
            let left = fake.rights().unwrap();
            let told = format!("{at} {how:?}: {left:?} {:?}", asked(&fake.asked()));
            assert_ne!(left, (true, true), "{told}");
            if done {
                let wanted = (patch.role == Some(Role::Administrator), patch.active == Some(true));
                assert_eq!(left, wanted, "{told}");
            } else {
                failed += 1;
            }
        }
        assert!(failed > 8, "{failed}");
    }
}

/// The server creates an active user although an inactive one was asked for.
#[test]
fn who_shall_not_act_never_does() {
    let shown = |active: bool| json!({"users": [ann(false, active)]}).to_string();
    let gone = (404, r#"{"error":"The requested URL was not found"}"#.to_owned());
    let answers = [(200, shown(true)), (200, json!({"users": []}).to_string()), gone];
    let server = System::in_turn(answers);
    let new = NewUser { username: "ann".to_owned(), inactive: true, ..NewUser::default() };
    let create = Command::CreateUser(Box::new(new));
    assert_eq!(refused(run(&server::backend(&server), create)).0, FaultKind::Unexpected);
    assert!(asked(&server.asked())[1].starts_with("DELETE /api/access/users/ann"));
}

#[test]
fn a_row_that_cannot_be_read_is_only_its_own_persons() {
    let bad = json!({"name": "bob", "active": "maybe"});
    let list = || (200, json!({"users": [ann(false, true), bad]}).to_string());
    let ask = |command| run(&server::backend(&System::in_turn([list()])), command);
    let listed = ask(Command::ListUsers).unwrap().listed().unwrap();
    assert_eq!((listed.users.len(), listed.unread.len()), (1, 1));
    // The list that answers a change of ann has bob's row in it too.
    assert!(user(ask(Command::ActivateUser(named("ann")))).active);
    let none = (200, json!({"users": [bad]}).to_string());
    let none = run(&server::backend(&System::in_turn([none])), Command::ListUsers);
    assert_eq!(refused(none).0, FaultKind::Unexpected);
}

fn own(backend: &Arc<dyn Backend>) -> Result<OwnAccount, Fault> {
    now(backend.own_account())
}

#[test]
fn the_owner_of_the_gateways_key_is_found() {
    let answering = |answers: Vec<(u16, Value)>| {
        let answers = answers.into_iter().map(|(status, shape)| (status, shape.to_string()));
        System::in_turn(answers.collect::<Vec<_>>())
    };
    let named = |own: OwnAccount| match own {
        OwnAccount::Account(user) => user.username,
        other @ (OwnAccount::Nobody | OwnAccount::Unknown) => panic!("{other:?}"),
    };
    let asked = answering(vec![(200, json!({"name": "ann"})), (200, ann(true, true))]);
    assert_eq!(named(own(&server::backend(&asked)).unwrap()), "ann");
    let global = answering(vec![(200, json!({"name": "_api"}))]);
    assert_eq!(own(&server::backend(&global)).unwrap(), OwnAccount::Nobody);
    let guest = answering(vec![(200, json!({"name": null}))]);
    assert_eq!(own(&server::backend(&guest)).unwrap_err().kind, FaultKind::Unavailable);
    // 1.3.12 says it at a passive login.
    let asked = answering(vec![(200, json!({"name": "ann"})), (200, ann(true, true))]);
    assert_eq!(named(own(&older(&asked, "1.3")).unwrap()), "ann");
    let refused = System::in_turn([(204, "")]);
    let fault = own(&older(&refused, "1.3")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unavailable);
    // 1.3.0 shows a user's key in the list, and the application's own key nowhere.
    for (key, known) in [("admin_key", true), ("another", false)] {
        let row = json!({"name": "ann", "active": true, "admin": true, "apikey": key});
        let listed = answering(vec![(200, json!({"users": [row]})), (200, json!({}))]);
        match own(&older(&listed, "1.3.0")).unwrap() {
            OwnAccount::Account(user) => assert!(known && user.username == "ann"),
            other @ (OwnAccount::Nobody | OwnAccount::Unknown) => {
                assert!(!known && other == OwnAccount::Nobody, "{other:?}");
            }
        }
    }
}
