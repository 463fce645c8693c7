//! Answers that do not show what was asked for.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::GroupPatch;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, UserPatch};
use isogloss_testkit::scripted::now;
use serde_json::{Value, json};

use crate::backend::tests::rows::{group_row, made, result, row, with};
use crate::backend::tests::script::{change, create, new, run, someone, team};
use crate::backend::tests::server::{NAMESPACE, backend, call, calls, scripted};

fn kind(result: Result<Outcome, Fault>) -> FaultKind {
    result.unwrap_err().kind
}

/// Creates ada, inactive.
fn creating(answers: impl IntoIterator<Item = (u16, String)>) -> (FaultKind, Vec<String>) {
    let server = scripted(answers);
    let fault =
        kind(run(&backend(None, &server), create(NewUser { inactive: true, ..new("ada") })));
    let asked = (0..calls(&server).len()).map(|index| call(&server, index).0).collect();
    (fault, asked)
}

#[test]
fn a_creation_that_overwrote_another_user_is_a_fault() {
    let signed_in = json!({"last_login": "2016-07-01T12:00:00"});
    for other in [with(7, "ada", &signed_in), with(8, "ADA", &json!({"active": false}))] {
        let (fault, asked) = creating([made(&other)]);
        assert_eq!((fault, asked.len()), (FaultKind::Unexpected, 1), "{other}");
    }
}

#[test]
fn an_inactive_user_who_was_created_active_is_deleted() {
    let deleted = result(&json!({"msg": "deleted", "user": null}));
    let (fault, asked) = creating([made(&row(8, "ada")), deleted]);
    assert_eq!(fault, FaultKind::Unexpected);
    assert_eq!(asked, ["create_user", "delete_user"]);
}

#[test]
fn a_change_that_was_not_made_is_not_answered_as_done() {
    let shown = || scripted([made(&row(51, "ada"))]);
    let name = Some("eve".to_owned());
    for patch in [
        UserPatch { active: Some(false), ..UserPatch::default() },
        UserPatch { role: Some(Role::Administrator), ..UserPatch::default() },
        UserPatch { username: name.clone(), ..UserPatch::default() },
    ] {
        assert_eq!(kind(run(&backend(None, &shown()), change(patch))), FaultKind::Unexpected);
    }
    let off = Command::DeactivateUser(someone());
    assert_eq!(kind(run(&backend(None, &shown()), off)), FaultKind::Unexpected);
    let other = UserPatch { display_name: Some(name.clone()), ..UserPatch::default() };
    let another = scripted([made(&row(52, "ada"))]);
    assert_eq!(kind(run(&backend(None, &another), change(other))), FaultKind::Unexpected);
    let patch = GroupPatch { name, ..GroupPatch::default() };
    let same = json!({"msg": "updated", "user_group": group_row(51, "team", &[])});
    let server = scripted([result(&same)]);
    let renamed = run(&backend(None, &server), Command::UpdateGroup(team(), Box::new(patch)));
    assert_eq!(kind(renamed), FaultKind::Unexpected);
}

#[test]
fn a_row_that_cannot_be_read_hides_no_other() {
    let bad = || with(9, "eve", &json!({"last_login": "yesterday"}));
    let ask = |shape: Value, command| run(&backend(None, &scripted([result(&shape)])), command);
    let people = json!([row(7, "bob"), bad(), row(8, "ada")]);
    let listed = ask(people, Command::ListUsers).unwrap().listed().unwrap();
    assert_eq!((listed.users.len(), listed.unread.len()), (2, 1));
    let group = json!(group_row(51, "team", &[row(7, "bob"), bad()]));
    let members = ask(group, Command::ListMembers(team())).unwrap().listed().unwrap();
    assert_eq!((members.users.len(), members.unread.len()), (1, 1));
    assert_eq!(kind(ask(json!([bad()]), Command::ListUsers)), FaultKind::Unexpected);
}

#[test]
fn the_account_of_the_gateways_token_is_known() {
    let own = |answer: Value| {
        let backend = backend(None, &scripted([result(&answer)]));
        now(backend.own_account()).unwrap()
    };
    let OwnAccount::Account(user) = own(row(2, "admin")) else { panic!("nobody") };
    assert_eq!((&*user.username, user.native(&NAMESPACE)), ("admin", Some("2")));
    assert_eq!(own(row(1, "default")), OwnAccount::Unknown);
}
