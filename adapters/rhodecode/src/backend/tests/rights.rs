//! The rights on user groups: the server is asked to change each, and shows who has which.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, RightChange, RightHolder};
use isogloss_canonical::membership::GroupRef;
use serde_json::{Value, json};

use crate::backend::tests::rows::{error, result, row};
use crate::backend::tests::script::{fails, run, someone, team, texts};
use crate::backend::tests::server::{NAMESPACE, backend, call, scripted};

/// The id of a group in the recordings.
fn other_team() -> RightHolder {
    RightHolder::Group(GroupRef::Native(NAMESPACE, "51".to_owned()))
}

/// A change of rights, and the method with the arguments that the server gets for it. Every call names
/// users and groups by the server's own ids.
fn right_changes() -> Vec<(RightChange, &'static str, Value)> {
    let person = || RightHolder::Person(someone());
    let right = || "usergroup.write".to_owned();
    vec![
        (
            RightChange::Grant(person(), right()),
            "grant_user_permission_to_user_group",
            json!({"usergroupid": 51, "userid": 51, "perm": "usergroup.write"}),
        ),
        (
            RightChange::Revoke(person()),
            "revoke_user_permission_from_user_group",
            json!({"usergroupid": 51, "userid": 51}),
        ),
        (
            RightChange::Revoke(RightHolder::Everybody),
            "revoke_user_permission_from_user_group",
            json!({"usergroupid": 51, "userid": 1}),
        ),
        (
            RightChange::Grant(other_team(), right()),
            "grant_user_group_permission_to_user_group",
            json!({"usergroupid": 51, "sourceusergroupid": 51, "perm": "usergroup.write"}),
        ),
        (
            RightChange::Revoke(other_team()),
            "revoke_user_group_permission_from_user_group",
            json!({"usergroupid": 51, "sourceusergroupid": 51}),
        ),
        (
            RightChange::Owner(person()),
            "update_user_group",
            json!({"usergroupid": 51, "owner": 51}),
        ),
    ]
}

fn change(right: RightChange) -> Command {
    let patch = GroupPatch { rights: vec![right], ..GroupPatch::default() };
    Command::UpdateGroup(team(), Box::new(patch))
}

#[test]
fn each_change_of_a_right_is_a_call_of_the_servers_own_method() {
    for (right, method, args) in right_changes() {
        let server = scripted([(500, "")]);
        run(&backend(None, &server), change(right)).unwrap_err();
        assert_eq!(call(&server, 0), (method.to_owned(), args));
    }
}

#[test]
fn a_right_is_changed_only_if_the_server_says_so() {
    for (right, method, _) in
        right_changes().into_iter().filter(|(_, name, _)| name.contains("perm"))
    {
        for answer in [json!({"success": false, "msg": "no"}), json!({"msg": "x"}), json!(null)] {
            let server = scripted([result(&answer)]);
            let fault = run(&backend(None, &server), change(right.clone())).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected, "{method}: {answer}");
        }
        let server =
            scripted([error(&json!("failed to edit permission for user: `x` in user group: `y`"))]);
        fails(run(&backend(None, &server), change(right)), FaultKind::Invalid, Subject::Group);
    }
}

#[test]
fn what_is_taken_goes_before_what_is_given() {
    let person = || RightHolder::Person(someone());
    let rights = vec![
        RightChange::Grant(RightHolder::Everybody, "usergroup.read".to_owned()),
        RightChange::Revoke(person()),
    ];
    let done = result(&json!({"success": true, "msg": "done"}));
    let server = scripted([done.clone(), done]);
    let patch = GroupPatch { rights, ..GroupPatch::default() };
    run(&backend(None, &server), Command::UpdateGroup(team(), Box::new(patch))).unwrap_err();
    let methods: Vec<_> = (0..3).map(|index| call(&server, index).0).collect();
    assert_eq!(
        methods,
        [
            "revoke_user_permission_from_user_group",
            "grant_user_permission_to_user_group",
            "get_user_group"
        ]
    );
}

#[test]
fn the_members_of_a_group_with_the_right_may_change_the_other_one() {
    let right = |name: &str, kind: &str, right: &str| json!({"name": name, "type": kind, "permission": right, "origin": "permission"});
    let group_row = |id: u64, rights: Value, users: Value, active: bool| {
        json!({
            "users_group_id": id, "group_name": format!("g{id}"), "group_description": "",
            "active": active, "owner": "ada", "owner_email": null, "sync": null, "users": users,
            "permissions": rights
        })
    };
    let rights = json!([
        right("ada", "user", "usergroup.admin"),
        right("default", "user", "usergroup.admin"),
        right("bob", "user", "usergroup.write"),
        right("crew", "user_group", "usergroup.admin"),
        right("readers", "user_group", "usergroup.read"),
    ]);
    for (active, changers) in [(true, texts(&["ada", "tr_m1"])), (false, texts(&["ada"]))] {
        let member = json!([row(52, "tr_m1")]);
        let server = scripted([
            result(&group_row(51, rights.clone(), json!([]), true)),
            result(&group_row(52, json!([]), member, active)),
        ]);
        let group = run(&backend(None, &server), Command::GetGroup(team())).unwrap();
        assert_eq!(group.group().unwrap().changers, changers);
        assert_eq!(call(&server, 1).1, json!({"usergroupid": "crew"}));
    }
}
