//! Groups and their members.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::verb::Verb;

use crate::people::{create, new};
use crate::{Case, TestBackend};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-team-is-found-changed-and-deleted",
        verbs: &[
            Verb::CreateGroup,
            Verb::GetGroup,
            Verb::ListGroups,
            Verb::UpdateGroup,
            Verb::DeleteGroup,
        ],
        run: |tested| teams(tested).boxed_local(),
    },
    Case {
        name: "members-come-and-go",
        verbs: &[
            Verb::CreateUser,
            Verb::CreateGroup,
            Verb::AddMember,
            Verb::ListMembers,
            Verb::GroupsOf,
            Verb::RemoveMember,
        ],
        run: |tested| members(tested).boxed_local(),
    },
];

async fn team(tested: &TestBackend, name: &str) -> Group {
    let new = NewGroup { name: name.to_owned(), unique_name: true, ..NewGroup::default() };
    *tested.done(Command::CreateGroup(Box::new(new))).await.group().unwrap()
}

async fn teams(tested: &TestBackend) {
    let made = team(tested, "engineers").await;
    let again = NewGroup { name: made.name.clone(), unique_name: true, ..NewGroup::default() };
    let again = Command::CreateGroup(Box::new(again));
    tested.fails(again, FaultKind::Conflict, Some(Subject::Group)).await;
    let all = tested.done(Command::ListGroups(None)).await.groups().unwrap();
    assert!(all.iter().any(|group| group.id == made.id), "{all:?}");
    let patch = GroupPatch { name: Some("builders".to_owned()), ..GroupPatch::default() };
    tested.done(Command::UpdateGroup((&made).into(), Box::new(patch))).await;
    for active in [false, true] {
        let patch = GroupPatch { active: Some(active), ..GroupPatch::default() };
        let patched = Command::UpdateGroup((&made).into(), Box::new(patch));
        assert_eq!(tested.done(patched).await.group().unwrap().active, active);
        let read = tested.done(Command::GetGroup((&made).into())).await.group().unwrap();
        assert_eq!(read.active, active);
    }
    for way in [GroupRef::Id(made.id), GroupRef::Name(None, "builders".to_owned())] {
        let found = tested.done(Command::GetGroup(way)).await.group().unwrap();
        assert_eq!((found.id, found.name.as_str()), (made.id, "builders"));
    }
    tested.done(Command::DeleteGroup((&made).into())).await;
    let gone = Command::GetGroup((&made).into());
    tested.fails(gone, FaultKind::NotFound, Some(Subject::Group)).await;
}

async fn members(tested: &TestBackend) {
    let (ada, team) = (create(tested, new("ada")).await, team(tested, "engineers").await);
    let add = || Command::AddMember((&team).into(), (&ada).into());
    let remove = || Command::RemoveMember((&team).into(), (&ada).into());
    tested.done(add()).await;
    tested.fails(add(), FaultKind::Conflict, Some(Subject::Membership)).await;
    let members = tested.done(Command::ListMembers((&team).into())).await.users().unwrap();
    assert_eq!(members.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    let groups = tested.done(Command::GroupsOf((&ada).into())).await.groups().unwrap();
    assert!(groups.iter().any(|group| group.id == team.id), "{groups:?}");
    tested.done(remove()).await;
    tested.fails(remove(), FaultKind::NotFound, Some(Subject::Membership)).await;
    let members = tested.done(Command::ListMembers((&team).into())).await.users().unwrap();
    assert!(members.is_empty());
}
