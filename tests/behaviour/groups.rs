//! Groups and their members.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::verb::Verb;

use crate::people::{create, new};
use crate::{Bench, Case};

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
        run: |bench| teams(bench).boxed_local(),
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
        run: |bench| members(bench).boxed_local(),
    },
];

async fn team(bench: &Bench, name: &str) -> Group {
    let new = NewGroup { name: name.to_owned(), unique_name: true, ..NewGroup::default() };
    *bench.done(Command::CreateGroup(Box::new(new))).await.group().unwrap()
}

async fn teams(bench: &Bench) {
    let made = team(bench, "engineers").await;
    let again = NewGroup { name: made.name.clone(), unique_name: true, ..NewGroup::default() };
    let again = Command::CreateGroup(Box::new(again));
    bench.fails(again, FaultKind::Conflict, Some(Subject::Group)).await;
    let all = bench.done(Command::ListGroups(None)).await.groups().unwrap();
    assert!(all.iter().any(|group| group.id == made.id), "{all:?}");
    let patch = GroupPatch { name: Some("builders".to_owned()), ..GroupPatch::default() };
    bench.done(Command::UpdateGroup((&made).into(), Box::new(patch))).await;
    for active in [false, true] {
        let patch = GroupPatch { active: Some(active), ..GroupPatch::default() };
        let patched = Command::UpdateGroup((&made).into(), Box::new(patch));
        assert_eq!(bench.done(patched).await.group().unwrap().active, active);
        let read = bench.done(Command::GetGroup((&made).into())).await.group().unwrap();
        assert_eq!(read.active, active);
    }
    for way in [GroupRef::Id(made.id), GroupRef::Name(None, "builders".to_owned())] {
        let found = bench.done(Command::GetGroup(way)).await.group().unwrap();
        assert_eq!((found.id, found.name.as_str()), (made.id, "builders"));
    }
    bench.done(Command::DeleteGroup((&made).into())).await;
    let gone = Command::GetGroup((&made).into());
    bench.fails(gone, FaultKind::NotFound, Some(Subject::Group)).await;
}

async fn members(bench: &Bench) {
    let (ada, team) = (create(bench, new("ada")).await, team(bench, "engineers").await);
    let add = || Command::AddMember((&team).into(), (&ada).into());
    let remove = || Command::RemoveMember((&team).into(), (&ada).into());
    bench.done(add()).await;
    bench.fails(add(), FaultKind::Conflict, Some(Subject::Membership)).await;
    let members = bench.done(Command::ListMembers((&team).into())).await.users().unwrap();
    assert_eq!(members.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    let groups = bench.done(Command::GroupsOf((&ada).into())).await.groups().unwrap();
    assert!(groups.iter().any(|group| group.id == team.id), "{groups:?}");
    bench.done(remove()).await;
    bench.fails(remove(), FaultKind::NotFound, Some(Subject::Membership)).await;
    let members = bench.done(Command::ListMembers((&team).into())).await.users().unwrap();
    assert!(members.is_empty());
}
