//! Keys: issued, found, shown, revoked.

use std::fs;
use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_store::Store;
use jiff::Timestamp;

use crate::kit::{KANBOARD, OCTOPRINT, ask, assert_fault, fresh, key, person};

async fn issue(store: &Store, owner: Option<&User>, new: NewKey) -> Key {
    let command = Command::IssueKey(owner.map(UserRef::from), Box::new(new));
    ask(store, command).await.unwrap().keys().unwrap().remove(0)
}

async fn find(
    store: &Store,
    namespace: IdNamespace,
    value: &str,
) -> Result<(Key, Option<UserId>), Fault> {
    let found = ask(store, Command::FindKey(namespace, value.into())).await?;
    let Outcome::KeyFound(key, owner) = found else { panic!("{found:?}") };
    Ok((*key, owner.map(|owner| owner.id)))
}

async fn list(store: &Store, owner: Option<&User>, namespace: IdNamespace) -> Vec<Key> {
    let command = Command::ListKeys(owner.map(UserRef::from), namespace, KeyChoice::All);
    ask(store, command).await.unwrap().keys().unwrap()
}

#[tokio::test]
async fn a_key_is_found_in_its_namespace_with_its_owner() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let new = NewKey {
        label: Some("slicer".to_owned()),
        scope: Some("api".to_owned()),
        addresses: vec!["10.0.0.0/8".to_owned()],
        ..key(OCTOPRINT, "abc")
    };
    let issued = issue(&store, Some(&ada), new).await;
    assert_eq!(issued.shown, Some("abc".into()));
    assert_eq!(find(&store, OCTOPRINT, "abc").await.unwrap(), (issued.clone(), Some(ada.id)));
    assert_eq!(list(&store, Some(&ada), OCTOPRINT).await, [issued]);
    for (namespace, value) in [(KANBOARD, "abc"), (OCTOPRINT, "ABC"), (OCTOPRINT, "")] {
        let answer = find(&store, namespace, value).await;
        assert_fault(answer, FaultKind::NotFound, Subject::Key);
    }
    let global = issue(&store, None, key(OCTOPRINT, "global")).await;
    assert_eq!(find(&store, OCTOPRINT, "global").await.unwrap(), (global, None));
    assert_eq!(list(&store, None, OCTOPRINT).await.len(), 2);
    let stranger =
        Command::IssueKey(Some(UserRef::Name("eve".into())), Box::new(key(KANBOARD, "e")));
    assert_fault(ask(&store, stranger).await, FaultKind::NotFound, Subject::User);
}

#[tokio::test]
async fn a_value_of_two_owners_opens_for_neither_by_itself() {
    let store = fresh().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    for owner in [&ada, &bob] {
        issue(&store, Some(owner), key(KANBOARD, "same")).await;
    }
    assert_fault(find(&store, KANBOARD, "same").await, FaultKind::NotFound, Subject::Key);
    let verify =
        |user: UserRef, value: &str| ask(&store, Command::VerifyKey(user, KANBOARD, value.into()));
    for owner in [&ada, &bob] {
        let own = verify(owner.into(), "same").await.unwrap().keys().unwrap();
        assert_eq!(own.iter().map(|key| key.owner).collect::<Vec<_>>(), [Some(owner.id)]);
        assert_eq!(verify(owner.into(), "other").await.unwrap(), Outcome::Keys(Vec::new()));
    }
    let nobody = UserRef::Name("eve".to_owned());
    assert_eq!(verify(nobody, "same").await.unwrap(), Outcome::Keys(Vec::new()));
    ask(&store, Command::DeleteUser((&bob).into())).await.unwrap();
    assert_eq!(find(&store, KANBOARD, "same").await.unwrap().1, Some(ada.id));
}

#[tokio::test]
async fn a_key_past_its_time_is_found_as_such() {
    let store = fresh().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let expires = Some(Timestamp::now() - Duration::from_secs(1));
    let old = issue(&store, Some(&ada), NewKey { expires, ..key(KANBOARD, "k") }).await;
    assert_eq!(find(&store, KANBOARD, "k").await.unwrap().0, old.clone());
    let verify = Command::VerifyKey((&ada).into(), KANBOARD, "k".into());
    assert_eq!(ask(&store, verify).await.unwrap(), Outcome::Keys(vec![old]));
    issue(&store, Some(&bob), key(KANBOARD, "k")).await;
    assert_eq!(find(&store, KANBOARD, "k").await.unwrap().1, Some(bob.id));
}

#[tokio::test]
async fn keys_are_replaced_and_revoked_by_label() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let labelled = |value: &str, label: &str| NewKey {
        label: Some(label.to_owned()),
        issuer: Issuer::Gateway,
        replaces: true,
        ..key(OCTOPRINT, value)
    };
    let plain = |value: &str| NewKey { replaces: true, ..key(OCTOPRINT, value) };
    for new in [labelled("a1", "a"), labelled("b1", "b"), plain("p1"), plain("p2")] {
        issue(&store, Some(&ada), new).await;
    }
    let a2 = issue(&store, Some(&ada), labelled("a2", "a")).await;
    issue(&store, None, plain("global")).await;
    let values = |keys: &[Key]| -> Vec<String> {
        keys.iter().map(|key| key.shown.as_ref().unwrap().expose().to_owned()).collect()
    };
    assert_eq!(values(&list(&store, Some(&ada), OCTOPRINT).await), ["b1", "p2", "a2"]);
    let cases = [
        (Some(&ada), KeyChoice::Plain, vec!["p2"]),
        (Some(&ada), KeyChoice::Labelled("b".to_owned()), vec!["b1"]),
        (None, KeyChoice::Id(a2.id), vec![]),
        (Some(&ada), KeyChoice::Id(a2.id), vec!["a2"]),
        (Some(&ada), KeyChoice::All, vec![]),
        (None, KeyChoice::All, vec!["global"]),
    ];
    for (owner, choice, expected) in cases {
        let command = Command::RevokeKeys(owner.map(UserRef::from), OCTOPRINT, choice);
        let revoked = ask(&store, command).await.unwrap().keys().unwrap();
        assert_eq!(values(&revoked), expected);
    }
}

#[tokio::test]
async fn no_value_is_readable_in_the_files() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    for namespace in [OCTOPRINT, KANBOARD] {
        let kept = issue(&store, Some(&ada), key(namespace.clone(), "NEEDLE-IN-THE-STORE")).await;
        assert_eq!(kept.shown.is_some(), namespace == OCTOPRINT);
    }
    for entry in fs::read_dir(store.directory.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"NEEDLE"));
    }
}

#[tokio::test]
async fn a_person_has_a_thousand_keys_in_a_namespace_and_no_more() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let replaced = NewKey { replaces: true, ..key(OCTOPRINT, "plain") };
    issue(&store, Some(&ada), replaced.clone()).await;
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 998) \
         INSERT INTO keys (id, namespace, owner, label, addresses, digest, created) \
         SELECT 'k' || i, 'octoprint', '{}', 'app' || i, '[]', 'd' || i, 0 FROM n",
        ada.id
    );
    assert_eq!(store.direct().await.execute(&many).await, 998);
    issue(&store, Some(&ada), key(OCTOPRINT, "the last")).await;
    let beyond = |new: NewKey| ask(&store, Command::IssueKey(Some((&ada).into()), Box::new(new)));
    assert_fault(beyond(key(OCTOPRINT, "more")).await, FaultKind::Invalid, Subject::Key);
    let missing = find(&store, OCTOPRINT, "more").await;
    assert_fault(missing, FaultKind::NotFound, Subject::Key);
    // A key that replaces an earlier one is accepted, and so is one in another id namespace or of
    // another user.
    beyond(replaced).await.unwrap();
    beyond(key(KANBOARD, "more")).await.unwrap();
    let bob = person(&store, "bob").await;
    issue(&store, Some(&bob), key(OCTOPRINT, "his")).await;
}
