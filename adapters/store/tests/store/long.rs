//! Names, addresses and ids that no index could hold are refused in the same way on both engines.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use isogloss_store::Store;

use crate::kit::{KANBOARD, OCTOPRINT, ask, assert_fault, create, fresh, named, person, team};

/// A text that cannot be compressed: the words of a simple random generator.
fn random_text(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let mut text: String = std::iter::repeat_with(word).take(length / 16 + 1).collect();
    text.truncate(length);
    text
}

/// Texts that are too long, whether they can be compressed or not, or only in lower case.
fn too_long() -> [String; 5] {
    [
        random_text(1025),
        random_text(3000),
        random_text(100_000),
        "a".repeat(100_000),
        "\u{130}".repeat(512),
    ]
}

async fn change(store: &Store, patch: UserPatch) -> Result<Outcome, Fault> {
    ask(store, Command::UpdateUser(UserRef::Name("ada".to_owned()), Box::new(patch))).await
}

#[tokio::test]
async fn a_name_an_address_or_an_id_is_too_long_for_both_engines() {
    let store = fresh().await;
    person(&store, "ada").await;
    let group = team(&store, "team").await;
    for long in too_long() {
        let mail = NewUser { email: Some(long.clone()), ..named("eve") };
        let renamed = UserPatch { username: Some(long.clone()), ..UserPatch::default() };
        let moved = UserPatch { email: Some(Some(long.clone())), ..UserPatch::default() };
        assert_fault(create(&store, named(&long)).await, FaultKind::Invalid, Subject::Username);
        assert_fault(create(&store, mail).await, FaultKind::Invalid, Subject::Email);
        assert_fault(change(&store, renamed).await, FaultKind::Invalid, Subject::Username);
        assert_fault(change(&store, moved).await, FaultKind::Invalid, Subject::Email);
        for namespace in [None, Some(OCTOPRINT)] {
            let new = NewGroup { name: long.clone(), namespace, ..NewGroup::default() };
            let made = ask(&store, Command::CreateGroup(Box::new(new))).await;
            assert_fault(made, FaultKind::Invalid, Subject::Group);
        }
        let patch = GroupPatch { name: Some(long.clone()), ..GroupPatch::default() };
        let renamed = Command::UpdateGroup(GroupRef::Id(group.id), Box::new(patch));
        assert_fault(ask(&store, renamed).await, FaultKind::Invalid, Subject::Group);
        let nobody = Command::GetUser(UserRef::Name(long.clone()));
        assert_fault(ask(&store, nobody).await, FaultKind::NotFound, Subject::User);
        if long.len() > 1024 {
            let given = vec![(UserRef::Name("ada".to_owned()), KANBOARD, long)];
            let assigned = ask(&store, Command::AssignIds(given)).await;
            assert_fault(assigned, FaultKind::Invalid, Subject::User);
        }
    }
}

/// The longest values fit into every index, next to each other.
#[tokio::test]
async fn what_is_as_long_as_can_be_is_stored() {
    let store = fresh().await;
    let long = random_text(1024);
    let new = NewUser {
        email: Some(long.clone()),
        ids: [(KANBOARD, long.clone())].into(),
        ..named(&long)
    };
    let made = create(&store, new).await.unwrap();
    assert_eq!(made.email.as_deref(), Some(long.as_str()));
    team(&store, &long).await;
    for wanted in [UserRef::Name(long.clone()), UserRef::FoldedName(long.to_uppercase())] {
        assert_eq!(crate::kit::get(&store, wanted).await.unwrap().id, made.id);
    }
}
