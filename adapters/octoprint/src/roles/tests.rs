//! How users of other systems are shown: which groups, and whether as an administrator.

use std::collections::BTreeMap;

use isogloss_canonical::group::Group;
use isogloss_canonical::membership::{GroupId, Membership as Stored};
use isogloss_canonical::namespace::{IdNamespace, NativeIds};
use isogloss_canonical::permission::Grants;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence, User};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::roles::groups::{BUILT_IN, PERMISSION_KEYS, SUBGROUPS};
use crate::roles::rights::{Cyclic, GIVEN, Remembered, Rights};

/// A group of a fresh server.
pub(crate) fn group(index: u128, name: &str, attributes: Value) -> Group {
    let Value::Object(attributes) = attributes else { panic!("an object") };
    Group {
        id: GroupId(Uuid::from_u128(index)),
        namespace: Some(IdNamespace::named("octoprint")),
        ids: BTreeMap::new(),
        name: name.to_owned(),
        description: None,
        owner: None,
        co_owners: Vec::new(),
        changers: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: (name == "admins").then_some(Role::Administrator),
        members: 0,
        attributes,
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}

fn rights(more: Vec<Group>) -> Rights {
    let built_in = BUILT_IN.iter().zip(1..).map(|(row, index)| group(index, row.key, json!({})));
    Rights::new(built_in.chain(more).collect(), false)
}

fn user(rights: &Rights, role: Role, groups: &[&str], attributes: Value) -> User {
    let Value::Object(attributes) = attributes else { panic!("an object") };
    let stored = |group: &&Group| groups.contains(&group.name.as_str());
    let stored = rights.groups.iter().filter(stored).map(|group| Stored {
        group: group.id,
        namespace: group.namespace.clone(),
        ids: NativeIds::new(),
        name: group.name.clone(),
        grants: group.grants.clone(),
        confers: group.confers,
    });
    User {
        role,
        groups: stored.collect(),
        attributes: Attributes::from_iter(attributes),
        ..User::seen("somebody".to_owned())
    }
}

/// Checks in which groups a user is shown, and whether as an administrator.
fn check(role: Role, groups: &[&str], attributes: Value, shown: &[&str]) {
    let rights = rights(Vec::new());
    let member = rights.member(&user(&rights, role, groups, attributes));
    assert_eq!(member.groups, shown);
    let admin = rights.needs(&member).unwrap().is_admin();
    assert_eq!(admin, role == Role::Administrator);
}

#[test]
fn a_user_who_was_never_given_groups_is_shown_by_role() {
    check(Role::User, &[], json!({}), &["users"]);
    check(Role::Manager, &[], json!({}), &["users"]);
    check(Role::Administrator, &[], json!({}), &["users", "admins"]);
}

#[test]
fn groups_that_were_given_are_shown() {
    check(Role::User, &["readonly"], json!({GIVEN: true}), &["readonly"]);
    check(Role::User, &[], json!({GIVEN: true}), &[]);
    check(Role::Administrator, &["admins"], json!({GIVEN: true}), &["admins"]);
    check(Role::Administrator, &[], json!({GIVEN: true, PERMISSION_KEYS: ["ADMIN"]}), &[]);
}

#[test]
fn groups_that_contradict_the_role_are_not_shown() {
    check(Role::User, &["admins"], json!({GIVEN: true}), &["users"]);
    check(Role::User, &["admins", "readonly"], json!({GIVEN: true}), &["readonly"]);
    check(Role::User, &[], json!({GIVEN: true, PERMISSION_KEYS: ["ADMIN"]}), &[]);
    check(Role::Administrator, &["readonly"], json!({GIVEN: true}), &["readonly", "admins"]);
}

#[test]
fn permissions_of_a_subgroup_count_and_a_cycle_is_found() {
    let inner = group(11, "inner", json!({PERMISSION_KEYS: ["PRINT"]}));
    let link = json!([inner.id.to_string()]);
    let outer = group(12, "outer", json!({PERMISSION_KEYS: [], SUBGROUPS: link}));
    let circle = group(11, "inner", json!({SUBGROUPS: [outer.id.to_string()]}));
    let needs = rights(vec![inner, outer.clone()]).needs_of_group(&outer).unwrap();
    assert_eq!(
        (needs.groups, needs.roles),
        (vec!["outer".into(), "inner".into()], vec!["print".into()])
    );
    assert_eq!(rights(vec![circle, outer.clone()]).needs_of_group(&outer), Err(Cyclic));
}

#[test]
fn remembered_needs_are_those_that_are_computed() {
    let rights = rights(Vec::new());
    let mut remembered = Remembered::default();
    let groups: [&[&str]; 4] = [&["users"], &["guests"], &["users", "guests"], &[]];
    for groups in groups.into_iter().cycle().take(80) {
        for role in [Role::User, Role::Administrator] {
            let member = rights.member(&user(&rights, role, groups, json!({})));
            let computed = rights.needs(&member).unwrap();
            assert_eq!(*remembered.needs(&rights, &member).unwrap(), computed, "{groups:?}");
        }
    }
}
