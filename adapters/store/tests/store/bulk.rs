//! Many people, keys and ids at once: the result is that of one command after another.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, User, UserRef};
use isogloss_store::{BatchFault, IdBatches, IdReader, IdRow, KeyRow, Newcomer};

use crate::kit::{
    DANDELION, Fresh, KANBOARD, OCTOPRINT, RHODECODE, ask, assert_fault, create, fresh, get, key,
    named, person, team,
};

/// More people than one statement inserts, and than one statement looks for.
const MANY: usize = 1_100;

fn newcomer(username: &str) -> Newcomer {
    Newcomer { user: named(username), ..Newcomer::default() }
}

fn with_id(username: &str, namespace: IdNamespace, native: &str) -> Newcomer {
    let mut one = newcomer(username);
    one.user.ids.insert(namespace, native.to_owned());
    one
}

/// The row at fault, and the fault.
#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, BatchFault>) -> (Option<usize>, bool, Fault) {
    let BatchFault { row, key, fault } = done.unwrap_err();
    (row, key, fault)
}

async fn everybody(store: &Fresh) -> Vec<User> {
    ask(store, Command::ListUsers).await.unwrap().users().unwrap()
}

/// What two stores must have in common.
fn compared(users: Vec<User>) -> Vec<String> {
    let one = |user: User| {
        format!(
            "{} {:?} {:?} {} {:?} {:?} {:?}",
            user.username,
            user.email,
            user.ids,
            user.active,
            user.role,
            user.addresses,
            user.attributes
        )
    };
    users.into_iter().map(one).collect()
}

/// People with names that differ in case only, equal addresses, given ids and none.
fn crowd() -> Vec<Newcomer> {
    let one = |number: usize| {
        let mut one = newcomer(&format!("{}{}", ["p", "P"][number % 2], number / 2));
        one.user.email = (!number.is_multiple_of(3)).then(|| format!("{}@Example.org", number / 3));
        one.user.inactive = number.is_multiple_of(7);
        if number.is_multiple_of(5) {
            one.user.ids.insert(KANBOARD, (10 * number + 10_000).to_string());
        }
        one
    };
    (0..MANY).map(one).chain([newcomer("Grace")]).collect()
}

#[tokio::test]
async fn a_batch_makes_the_people_that_single_commands_make() {
    let (single, batch) = (fresh().await, fresh().await);
    for store in [&single, &batch] {
        person(store, "earlier").await;
    }
    for one in crowd() {
        create(&single, one.user).await.unwrap();
    }
    let crowd = crowd();
    for part in crowd.chunks(700) {
        batch.add_people(part, None).await.unwrap();
    }
    assert_eq!(compared(everybody(&batch).await), compared(everybody(&single).await));
    let held = "SELECT COUNT(*) FROM users WHERE holds_name AND (holds_email OR email IS NULL)";
    let counted = "SELECT SUM(next) FROM counters WHERE kind = 'user'";
    for sql in [held, &format!("SELECT CAST(({counted}) AS BIGINT)")] {
        let (mut one, mut other) = (single.direct().await, batch.direct().await);
        assert_eq!(one.number(sql).await, other.number(sql).await, "{sql}");
    }
    let again =
        NewUser { unique: Uniqueness { name: Matching::Folded, email: false }, ..named("grace") };
    assert_fault(create(&batch, again).await, FaultKind::Conflict, Subject::Username);
    let next = person(&batch, "later").await;
    assert_eq!(next.ids, person(&single, "later").await.ids);
}

#[tokio::test]
async fn the_first_person_at_fault_is_named_and_nobody_is_stored() {
    let store = fresh().await;
    person(&store, "ada").await;
    let batches = [
        (vec![newcomer("bob"), with_id("eve", KANBOARD, "1")], "kanboard id 1 belongs"),
        (vec![newcomer("bob"), with_id("eve", KANBOARD, "2")], "kanboard id 2 belongs"),
        (vec![with_id("bob", DANDELION, "9"), with_id("eve", DANDELION, "9")], "id 9 belongs"),
    ];
    for (batch, told) in batches {
        let (row, key, fault) = refused(store.add_people(&batch, None).await);
        assert_eq!((row, key, fault.kind), (Some(1), false, FaultKind::Conflict), "{fault}");
        assert!(fault.detail.contains(told), "{fault}");
    }
    let taken = store.add_people(&[newcomer("bob"), newcomer("ada")], None).await;
    assert_eq!(refused(taken).2.subject, Some(Subject::Username));
    let long = "x".repeat(1_025);
    for wrong in [newcomer(&long), with_id("eve", KANBOARD, &long)] {
        let (row, _, fault) = refused(store.add_people(&[newcomer("bob"), wrong], None).await);
        assert_eq!((row, fault.kind), (Some(1), FaultKind::Invalid), "{fault}");
    }
    let mut rich = newcomer("rich");
    rich.keys = (0..=1_000).map(|number| key(OCTOPRINT, &number.to_string())).collect();
    let (row, of_key, fault) = refused(store.add_people(&[newcomer("bob"), rich], None).await);
    assert_eq!((row, of_key), (Some(1), true));
    assert!(fault.detail.contains("at most 1000 keys"), "{fault}");
    assert_eq!(everybody(&store).await.len(), 1);
    assert_eq!(person(&store, "bob").await.ids[&KANBOARD], "2");
}

#[tokio::test]
async fn newcomers_join_groups_and_hold_keys_and_passwords() {
    let store = fresh().await;
    let (red, blue) = (team(&store, "red").await, team(&store, "blue").await);
    let mut ada = newcomer("ada");
    ada.user.password = Some("right".into());
    ada.groups = vec![blue.id, red.id];
    ada.keys = vec![key(OCTOPRINT, "first"), key(KANBOARD, "second")];
    store.add_people(&[newcomer("bob"), ada], None).await.unwrap();
    let ada = get(&store, UserRef::Name("ada".to_owned())).await.unwrap();
    let joined: Vec<_> = ada.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(joined, ["blue", "red"]);
    let held = Command::ListKeys(Some((&ada).into()), OCTOPRINT, KeyChoice::All);
    let held = ask(&store, held).await.unwrap().keys().unwrap();
    assert_eq!(held[0].shown, Some("first".into()));
    let found = ask(&store, Command::FindKey(KANBOARD, "second".into())).await.unwrap();
    assert!(format!("{found:?}").contains(&ada.id.to_string()));
    for (password, is_right) in [("right", true), ("wrong", false)] {
        let verify = Command::VerifyPassword((&ada).into(), password.into());
        let verified = ask(&store, verify).await.unwrap().verified().unwrap();
        assert_eq!(verified, is_right, "{password}");
    }
}

fn row(owner: Option<&str>, value: &str) -> KeyRow {
    KeyRow { owner: owner.map(str::to_owned), key: key(OCTOPRINT, value) }
}

#[tokio::test]
async fn imported_keys_are_stored_once() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let rows: Vec<_> = (0..600).map(|number| row(Some("ada"), &format!("k{number}"))).collect();
    store.check_keys(&rows).await.unwrap();
    assert_eq!(store.import_keys(&rows).await.unwrap(), 600);
    assert_eq!(store.import_keys(&rows).await.unwrap(), 0);
    let mut labelled = row(Some("ada"), "k1");
    labelled.key.label = Some("desk".to_owned());
    let mixed = [row(None, "application"), labelled, row(Some("ada"), "k2")];
    assert_eq!(store.import_keys(&mixed).await.unwrap(), 2);
    let held = Command::ListKeys(Some((&ada).into()), OCTOPRINT, KeyChoice::All);
    assert_eq!(ask(&store, held).await.unwrap().keys().unwrap().len(), 601);
    let too_many: Vec<_> = (0..400).map(|number| row(Some("ada"), &format!("m{number}"))).collect();
    let (at, _, fault) = refused(store.import_keys(&too_many).await);
    assert_eq!(at, Some(399));
    assert!(fault.detail.contains("at most 1000 keys"), "{fault}");
    assert_eq!(store.import_keys(&too_many[..399]).await.unwrap(), 399);
}

#[tokio::test]
async fn a_key_of_somebody_else_and_an_unknown_owner_are_refused_with_their_row() {
    let store = fresh().await;
    person(&store, "ada").await;
    person(&store, "bob").await;
    store.import_keys(&[row(Some("ada"), "hers"), row(None, "all")]).await.unwrap();
    let cases = [
        (row(Some("bob"), "hers"), "another user"),
        (row(None, "hers"), "another user"),
        (row(Some("ada"), "all"), "another user"),
        (row(Some("nobody"), "new"), ""),
    ];
    for (wrong, told) in cases {
        let rows = [row(Some("bob"), "his"), wrong];
        let checked = refused(store.check_keys(&rows).await);
        let stored = refused(store.import_keys(&rows).await);
        for (at, _, fault) in [checked, stored] {
            assert_eq!(at, Some(1));
            assert!(fault.detail.contains(told) && fault.kind.is_callers(), "{fault}");
        }
    }
    let found = ask(&store, Command::FindKey(OCTOPRINT, "his".into())).await;
    assert_fault(found, FaultKind::NotFound, Subject::Key);
}

/// Rows in batches of two.
struct Rows(Vec<IdRow>);

impl IdBatches for Rows {
    fn open(&self) -> Result<IdReader<'_>, Fault> {
        Ok(Box::new(self.0.chunks(2).map(|part| Ok(part.to_vec()))))
    }
}

fn rows(all: &[(&str, IdNamespace, &str)]) -> Rows {
    let one = |(username, namespace, native): &(&str, IdNamespace, &str)| IdRow {
        username: (*username).to_owned(),
        namespace: namespace.clone(),
        native: (*native).to_owned(),
    };
    Rows(all.iter().map(one).collect())
}

#[tokio::test]
async fn imported_ids_are_swapped_between_batches_and_move_the_counter() {
    let store = fresh().await;
    for name in ["ada", "bob", "eve"] {
        person(&store, name).await;
    }
    let all = [
        ("ada", KANBOARD, "3"),
        ("bob", RHODECODE, "70"),
        ("eve", KANBOARD, "1"),
        ("ada", RHODECODE, "2"),
        ("bob", KANBOARD, "40"),
    ];
    store.import_ids(&rows(&all)).await.unwrap();
    for (username, namespace, native) in all {
        let found = get(&store, UserRef::Native(namespace, native.to_owned())).await.unwrap();
        assert_eq!(found.username, username);
    }
    let before = compared(everybody(&store).await);
    let cases = [
        (vec![("ada", KANBOARD, "9"), ("bob", DANDELION, "9"), ("nobody", KANBOARD, "8")], 2),
        (vec![("ada", DANDELION, "9"), ("bob", DANDELION, "8"), ("ada", KANBOARD, "40")], 2),
        (vec![("ada", KANBOARD, "40"), ("bob", DANDELION, "8")], 0),
    ];
    for (wrong, at) in cases {
        let (row, _, fault) = refused(store.import_ids(&rows(&wrong)).await);
        assert_eq!(row, Some(at), "{fault}");
        assert_eq!(compared(everybody(&store).await), before, "{wrong:?}");
    }
    let later = person(&store, "later").await;
    assert_eq!((later.ids[&KANBOARD].as_str(), later.ids[&RHODECODE].as_str()), ("41", "71"));
}

#[tokio::test]
async fn a_start_that_failed_is_cleared_while_the_claim_is_held() {
    let store = fresh().await;
    let claim = store.claim_start().await.unwrap();
    store.add_people(&crowd(), Some(&claim)).await.unwrap();
    store.clear(&claim).await.unwrap();
    assert_eq!(everybody(&store).await.len(), 0);
    assert_eq!(person(&store, "first").await.ids[&KANBOARD], "1");
    store.direct().await.execute("DELETE FROM claims").await;
    let (row, _, fault) = refused(store.add_people(&[newcomer("ada")], Some(&claim)).await);
    assert_eq!((row, fault.kind), (None, FaultKind::Unavailable), "{fault}");
    assert_fault(store.clear(&claim).await, FaultKind::Unavailable, None);
    assert_eq!(everybody(&store).await.len(), 1);
    claim.release().await;
}
