//! Commands that take several calls, against a server that fails at each of them.

use std::sync::{Arc, Mutex};

use isogloss_canonical::backend::{OwnAccount, Upstream};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use isogloss_testkit::scripted::upstream::{Breaking, Failing, Server};
use serde_json::{Value, json};

use crate::backend::make;
use crate::backend::tests::server::{NAMESPACE, backend, batched, row, server, service};

const EVERY: [Failing; 4] = [Failing::Before, Failing::After, Failing::Silently, Failing::Openly];

/// A server that stores one user, number 2, beside number 1, and fails at the call that a test names.
#[derive(Debug, Default)]
struct Fake {
    user: Mutex<Option<Value>>,
}

impl Fake {
    fn failing(at: Option<(usize, Failing)>, user: Option<Value>) -> Arc<Breaking<Self>> {
        Breaking::at(at, Self { user: Mutex::new(user) })
    }

    fn left(&self) -> Option<Value> {
        self.user.lock().unwrap().clone()
    }

    fn run(&self, method: &str, params: &Value) -> Value {
        let mut user = self.user.lock().unwrap();
        match method {
            "createUser" => {
                let name = params[0].as_str().unwrap();
                *user = Some(row(2, name, &json!({"role": params[4]})));
                return json!(2);
            }
            "getUser" | "getUserByName" => return user.clone().unwrap_or(Value::Null),
            "removeUser" => return json!(user.take().is_some()),
            _ => {}
        }
        let Some(stored) = user.as_mut() else { return json!(true) };
        match method {
            "disableUser" => stored["is_active"] = json!(0),
            "enableUser" => stored["is_active"] = json!(1),
            "updateUser" => stored["role"] = params["role"].clone(),
            other => panic!("{other}"),
        }
        json!(true)
    }
}

impl Server for Fake {
    fn act(&self, request: &Request) -> Response {
        answered(request, |call| self.run(call["method"].as_str().unwrap(), &call["params"]))
    }

    fn pretend(&self, request: &Request, how: Failing) -> Option<Response> {
        let reads = |method: &str| method.starts_with("get");
        if methods_of(request).iter().all(|method| reads(method)) {
            return None;
        }
        Some(answered(request, |call| match call["method"].as_str().unwrap() {
            method if reads(method) => self.run(method, &call["params"]),
            "createUser" if how == Failing::Silently => json!(2),
            _ => json!(how == Failing::Silently),
        }))
    }
}

fn call(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Answers a call, or the calls of a batch in their order.
fn answered(request: &Request, result: impl Fn(&Value) -> Value) -> Response {
    let one = |call: &Value| json!({"jsonrpc": "2.0", "result": result(call), "id": call["id"]});
    let call = call(request);
    let answer = call.as_array().map(|calls| calls.iter().map(one).collect());
    let answer: Value = answer.unwrap_or_else(|| one(&call));
    Response::new(200, answer.to_string())
}

/// The methods that a request calls.
fn methods_of(request: &Request) -> Vec<String> {
    let call = call(request);
    let calls = call.as_array().cloned().unwrap_or_else(|| vec![call]);
    calls.iter().map(|call| call["method"].as_str().unwrap().to_owned()).collect()
}

/// The methods that were called, in order, those of one request together.
fn methods(fake: &Breaking<Fake>) -> Vec<Vec<String>> {
    fake.asked().iter().map(methods_of).collect()
}

async fn run(fake: &Arc<Breaking<Fake>>, command: Command) -> Result<Outcome, Fault> {
    let server = Arc::clone(fake) as Arc<dyn Upstream>;
    make(&service(None), server).execute(command).await
}

fn user_two() -> UserRef {
    UserRef::Native(NAMESPACE, "2".to_owned())
}

fn rights(row: &Value) -> (&str, bool) {
    (row["role"].as_str().unwrap(), row["is_active"] == 1)
}

#[tokio::test]
async fn an_inactive_user_is_created_whole_or_not_at_all() {
    for (role, name) in [(Role::User, "app-user"), (Role::Administrator, "app-admin")] {
        let create = || {
            let new =
                NewUser { username: "ada".to_owned(), role, inactive: true, ..NewUser::default() };
            Command::CreateUser(Box::new(new))
        };
        let whole = Fake::failing(None, None);
        let made = run(&whole, create()).await.unwrap().user().unwrap();
        assert_eq!((made.active, made.role), (false, role));
        let steps = methods(&whole).len();
        for (at, how) in (0..steps).flat_map(|at| EVERY.map(|how| (at, how))) {
            let fake = Fake::failing(Some((at, how)), None);
            let answered = run(&fake, create()).await;
            let left = fake.left();
            let told = format!("{at} {how:?}: {left:?} {:?}", methods(&fake));
            match answered {
                Ok(_) => assert_eq!(left.as_ref().map(rights), Some((name, false)), "{told}"),
                // Nothing proves that the row is the new user's: it gets no rights, and nothing is written.
                Err(_) if at < 1 => {
                    assert!(left.is_none_or(|row| row["role"] == "app-user"), "{told}");
                }
                Err(_) => assert_eq!(left, None, "{told}"),
            }
        }
    }
}

#[tokio::test]
async fn a_restriction_is_applied_before_a_grant() {
    let patch =
        |role, active| UserPatch { role: Some(role), active: Some(active), ..UserPatch::default() };
    let off = (patch(Role::Administrator, false), json!({"role": "app-user", "is_active": 1}));
    let on = (patch(Role::User, true), json!({"role": "app-admin", "is_active": 0}));
    for (patch, before) in [off, on] {
        for (at, how) in (0..5).flat_map(|at| EVERY.map(|how| (at, how))) {
            let fake = Fake::failing(Some((at, how)), Some(row(2, "ada", &before)));
            let change = Command::UpdateUser(user_two(), Box::new(patch.clone()));
            let done = run(&fake, change).await.is_ok();
            let left = fake.left().unwrap();
            let told = format!("{at} {how:?}: {left:?} {:?}", methods(&fake));
            // The server answers that a change was made when it was not. The last read shows that.
            if how != Failing::Silently {
                assert_ne!(rights(&left), ("app-admin", true), "{told}");
            }
            if done {
                let expected = patch.role == Some(Role::Administrator);
                assert_eq!(rights(&left).0 == "app-admin", expected, "{told}");
                assert_eq!(Some(rights(&left).1), patch.active, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn a_change_that_was_not_made_is_not_answered_as_done() {
    let role = UserPatch { role: Some(Role::Manager), ..UserPatch::default() };
    for command in
        [Command::UpdateUser(user_two(), Box::new(role)), Command::DeactivateUser(user_two())]
    {
        let fake = Fake::failing(Some((0, Failing::Silently)), Some(row(2, "ada", &json!({}))));
        assert_eq!(run(&fake, command).await.unwrap_err().kind, FaultKind::Unexpected);
    }
}

#[tokio::test]
async fn another_user_is_not_written_to() {
    let new = NewUser { username: "ada".to_owned(), inactive: true, ..NewUser::default() };
    let bob = row(2, "bob", &json!({}));
    let system = batched([json!(2), bob]);
    let create = Command::CreateUser(Box::new(new));
    let fault = backend(&system, None).execute(create).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unexpected);
    assert_eq!(system.asked().len(), 1);
    // MariaDB finds names in any case.
    let system = server([row(2, "ada", &json!({}))]);
    let named = Command::GetUser(UserRef::Name("ADA".to_owned()));
    let fault = backend(&system, None).execute(named).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other() {
    let bad = json!({"id": 7, "username": null});
    let rows = json!([row(1, "admin", &json!({})), bad, row(8, "ada", &json!({}))]);
    let system = server([rows]);
    let listed = backend(&system, None).execute(Command::ListUsers).await;
    let listed = listed.unwrap().listed().unwrap();
    assert_eq!((listed.users.len(), listed.unread.len()), (2, 1));
    let system = server([json!([bad])]);
    let none = backend(&system, None).execute(Command::ListUsers).await;
    assert_eq!(none.unwrap_err().kind, FaultKind::Unexpected);
}

#[tokio::test]
async fn the_owner_of_the_gateways_credentials_is_known() {
    for user in [None, Some("jsonrpc")] {
        let system = server([]);
        assert_eq!(backend(&system, user).own_account().await.unwrap(), OwnAccount::Nobody);
    }
    let me = json!({"id": 3, "username": "gate", "role": "app-admin", "is_active": 1});
    let system = server([me]);
    let own = backend(&system, Some("gate")).own_account().await.unwrap();
    let OwnAccount::Account(user) = own else { panic!("nobody") };
    assert_eq!((&*user.username, user.native(&NAMESPACE)), ("gate", Some("3")));
    // An outage is a fault, not an answer.
    let silent = server([]);
    let fault = backend(&silent, Some("gate")).own_account().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Timeout);
}
