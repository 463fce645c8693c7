//! Groups and their members.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserId;
use serde_json::json;

use crate::kit::{
    DANDELION, KANBOARD, OCTOPRINT, RHODECODE, ask, assert_fault, create_group, fresh, get, person,
    team,
};

fn rights(name: &str) -> NewGroup {
    NewGroup { namespace: Some(DANDELION), name: name.to_owned(), ..NewGroup::default() }
}

#[tokio::test]
async fn a_group_is_kept_whole_and_found_by_every_name() {
    let store = fresh().await;
    let boss = person(&store, "boss").await;
    let new = NewGroup {
        description: Some("who may".to_owned()),
        owner: Some(boss.id),
        grants: [Grant::SeeUsers, Grant::EditUsers].into_iter().collect(),
        attributes: json!({"dandelion.x": 1}).as_object().unwrap().clone(),
        ids: [(DANDELION, "4".to_owned())].into(),
        ..rights("editors")
    };
    let editors = create_group(&store, new.clone()).await.unwrap();
    assert_eq!((&editors.grants, editors.owner), (&new.grants, Some(boss.id)));
    assert_eq!(editors.native(&KANBOARD), None);
    let references = [
        GroupRef::Id(editors.id),
        GroupRef::Native(DANDELION, "4".to_owned()),
        GroupRef::Name(Some(DANDELION), "editors".to_owned()),
    ];
    for reference in references {
        let found = ask(&store, Command::GetGroup(reference)).await.unwrap().group().unwrap();
        assert_eq!(*found, editors);
    }
    let absent = Command::GetGroup(GroupRef::Name(None, "editors".to_owned()));
    assert_fault(ask(&store, absent).await, FaultKind::NotFound, Subject::Group);
}

#[tokio::test]
async fn teams_are_numbered_where_teams_are_known() {
    let store = fresh().await;
    let owners = create_group(&store, rights("owners")).await.unwrap();
    let staff = team(&store, "staff").await;
    assert_eq!((staff.native(&KANBOARD), staff.native(&RHODECODE)), (Some("1"), Some("1")));
    assert_eq!((staff.native(&DANDELION), owners.native(&DANDELION)), (None, Some("1")));
    let by_name =
        NewGroup { namespace: Some(OCTOPRINT), name: "admins".to_owned(), ..NewGroup::default() };
    let admins = create_group(&store, by_name).await.unwrap();
    assert!(admins.ids.is_empty());
    let wanted = GroupRef::Native(OCTOPRINT, "admins".to_owned());
    assert_eq!(
        ask(&store, Command::GetGroup(wanted)).await.unwrap().group().unwrap().id,
        admins.id
    );
    ask(&store, Command::DeleteGroup((&staff).into())).await.unwrap();
    assert_eq!(team(&store, "staff").await.native(&KANBOARD), Some("2"));
    let teams = ask(&store, Command::ListGroups(None)).await.unwrap().groups().unwrap();
    assert_eq!(teams.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), ["staff"]);
}

#[tokio::test]
async fn names_are_unique_where_asked() {
    let store = fresh().await;
    let unique =
        |name: &str| NewGroup { name: name.to_owned(), unique_name: true, ..NewGroup::default() };
    team(&store, "a").await;
    team(&store, "a").await;
    assert_fault(create_group(&store, unique("a")).await, FaultKind::Conflict, Subject::Group);
    let b = create_group(&store, unique("b")).await.unwrap();
    assert_fault(create_group(&store, unique("b")).await, FaultKind::Conflict, Subject::Group);
    create_group(&store, NewGroup { namespace: Some(DANDELION), ..unique("b") }).await.unwrap();
    let rename = |name: &str| {
        let patch = GroupPatch { name: Some(name.to_owned()), ..GroupPatch::default() };
        ask(&store, Command::UpdateGroup((&b).into(), Box::new(patch)))
    };
    assert_fault(rename("a").await, FaultKind::Conflict, Subject::Group);
    assert_eq!(rename("b").await.unwrap().group().unwrap().name, "b");
    assert_eq!(rename("c").await.unwrap().group().unwrap().name, "c");
    create_group(&store, unique("b")).await.unwrap();
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let store = fresh().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let group = create_group(&store, rights("g")).await.unwrap();
    let patch = GroupPatch {
        description: Some(Some("d".to_owned())),
        owner: Some(Some(ada.id)),
        co_owners: Some(vec![bob.id, ada.id, bob.id]),
        active: Some(false),
        grants: Some(Grants::all()),
        attributes: [("dandelion.y".to_owned(), Some(json!("z")))].into(),
        ..GroupPatch::default()
    };
    let update = |patch| ask(&store, Command::UpdateGroup((&group).into(), Box::new(patch)));
    let changed = update(patch).await.unwrap().group().unwrap();
    assert_eq!((changed.name.as_str(), changed.active), ("g", false));
    assert_eq!((changed.owner, changed.co_owners), (Some(ada.id), vec![bob.id, ada.id]));
    assert_eq!(
        (changed.grants, changed.attributes["dandelion.y"].as_str()),
        (Grants::all(), Some("z"))
    );
    let stranger = UserId(group.id.0);
    let patch = GroupPatch { owner: Some(Some(stranger)), ..GroupPatch::default() };
    assert_fault(update(patch).await, FaultKind::NotFound, Subject::User);
    ask(&store, Command::DeleteUser((&ada).into())).await.unwrap();
    let left = ask(&store, Command::GetGroup((&group).into())).await.unwrap().group().unwrap();
    assert_eq!((left.owner, left.co_owners), (None, vec![bob.id]));
}

#[tokio::test]
async fn members_join_leave_and_are_listed_in_the_order_of_joining() {
    let store = fresh().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let (one, two) =
        (team(&store, "one").await, create_group(&store, rights("two")).await.unwrap());
    for (group, user) in [(&one, &bob), (&one, &ada), (&two, &ada)] {
        ask(&store, Command::AddMember(group.into(), user.into())).await.unwrap();
    }
    let twice = ask(&store, Command::AddMember((&one).into(), (&bob).into())).await;
    assert_fault(twice, FaultKind::Conflict, Subject::Membership);
    let members = ask(&store, Command::ListMembers((&one).into())).await.unwrap().users().unwrap();
    let ada = get(&store, &ada).await.unwrap();
    assert_eq!(members, [get(&store, &bob).await.unwrap(), ada.clone()]);
    assert_eq!(ada.groups.len(), 2);
    assert_eq!(ada.groups[0].ids, one.ids);
    let groups = ask(&store, Command::GroupsOf((&ada).into())).await.unwrap().groups().unwrap();
    assert_eq!(groups.iter().map(|group| group.members).collect::<Vec<_>>(), [2, 1]);
    let leave = || ask(&store, Command::RemoveMember((&one).into(), (&ada).into()));
    leave().await.unwrap();
    assert_fault(leave().await, FaultKind::NotFound, Subject::Membership);
    ask(&store, Command::DeleteGroup((&two).into())).await.unwrap();
    assert!(get(&store, &ada).await.unwrap().groups.is_empty());
    let unknown = ask(&store, Command::AddMember((&two).into(), (&ada).into())).await;
    assert_fault(unknown, FaultKind::NotFound, Subject::Group);
}

#[tokio::test]
async fn a_group_that_stands_for_a_role_says_so_in_memberships() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let admins =
        NewGroup { confers: Some(Role::Administrator), grants: Grants::all(), ..rights("admins") };
    let admins = create_group(&store, admins).await.unwrap();
    ask(&store, Command::AddMember((&admins).into(), (&ada).into())).await.unwrap();
    let ada = get(&store, &ada).await.unwrap();
    assert_eq!(ada.groups[0].confers, Some(Role::Administrator));
    assert_eq!(ada.grants(), Grants::none());
}
