//! Commands of the gateway in the system: creations, renames, deletions, alone and concurrently.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, UserId, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use serde_json::json;
use uuid::Uuid;

use crate::system::{CLIENTS, Proof, Row};
use crate::test_sidecar::{Case, TestSidecar, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("a-creation-inherits-nothing", |tested| created(tested).boxed_local()),
    ("a-renaming-takes-a-stale-name-and-keeps-the-rest", |tested| stale(tested).boxed_local()),
    ("a-refused-name-is-no-longer-expected", |tested| refused(tested).boxed_local()),
    ("a-renaming-beside-reads-loses-nobody", |tested| beside_reads(tested).boxed_local()),
    ("parallel-reads-of-somebody-recreated", |tested| parallel_reads(tested).boxed_local()),
    ("parallel-creations-that-differ-in-case", |tested| parallel_names(tested).boxed_local()),
    ("parallel-creations-of-many", |tested| parallel_creations(tested).boxed_local()),
    ("a-deleted-person-is-nobody", |tested| deleted(tested).boxed_local()),
    ("an-own-password-change-keeps-keys", |tested| password(tested).boxed_local()),
    ("administrators-get-the-low-ids", |tested| low_ids(tested).boxed_local()),
    ("ids-are-imported-before-traffic", |tested| imported(tested).boxed_local()),
    ("an-unknown-name-costs-one-request", |tested| unknown(tested).boxed_local()),
    ("a-guess-that-the-row-disproves-stays-here", |tested| guesses(tested).boxed_local()),
];

async fn created(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.remove("ada");
    let bob = tested.create("bob").await;
    TestSidecar::inherits_nothing(&bob, &ada);
    tested.opens_nothing(&ada, "after bob").await;
    let again = tested.create("ada").await;
    TestSidecar::inherits_nothing(&again, &ada);
    tested.opens_nothing(&ada, "after her namesake").await;
    assert_eq!(tested.named("ada").await.id, again.id);
}

async fn stale(tested: &TestSidecar) {
    if !tested.kind.numbered {
        return;
    }
    tested.system.add("ada", Role::User);
    tested.system.add("bob", Role::User);
    let ada = tested.with_data("ada").await;
    let bob = tested.with_data("bob").await;
    tested.system.remove("ada");
    let attributes = [("other.colour".to_owned(), Some(json!("green")))].into();
    let patch = UserPatch { username: Some("ada".to_owned()), attributes, ..UserPatch::default() };
    let change = Command::UpdateUser(UserRef::Id(bob.user.id), Box::new(patch));
    let now = tested.done(change).await.user().unwrap();
    assert_eq!((now.id, now.username.as_str()), (bob.user.id, "ada"));
    assert_eq!(
        now.attributes["other.colour"],
        json!("green"),
        "an attribute of the sidecar is lost"
    );
    tested.opens_all(&bob, "renamed").await;
    tested.opens_nothing(&ada, "her name is his").await;
}

/// The system refuses a rename. Another user gets the new name and the id, without a read in
/// between.
async fn refused(tested: &TestSidecar) {
    if !tested.kind.numbered {
        return;
    }
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.add("bob", Role::User);
    let patch = UserPatch { username: Some("bob".to_owned()), ..UserPatch::default() };
    let change = Command::UpdateUser(UserRef::Id(ada.user.id), Box::new(patch));
    assert_eq!(tested.ask(change).await.unwrap_err().kind, FaultKind::Conflict);
    tested.opens_all(&ada, "not renamed").await;
    let bob = tested.system.remove("bob");
    let row = tested.system.remove("ada");
    tested.system.put_back(Row { id: row.id, ..bob });
    let newcomer = tested.named("bob").await;
    assert_ne!(newcomer.id, ada.user.id);
    TestSidecar::inherits_nothing(&newcomer, &ada);
    tested.opens_nothing(&ada, "the id and the refused name are another person's").await;
}

/// A read during a rename sees the new name in the system before the sidecar has it.
async fn beside_reads(tested: &TestSidecar) {
    if !tested.kind.numbered {
        return;
    }
    tested.system.add("name-0", Role::User);
    let ada = tested.with_data("name-0").await;
    for round in 1..6 {
        let patch = UserPatch { username: Some(format!("name-{round}")), ..UserPatch::default() };
        let change = Command::UpdateUser(UserRef::Id(ada.user.id), Box::new(patch));
        let reads = (0..4).map(|_| tested.ask(Command::ListUsers));
        let (changed, reads) = futures_util::join!(tested.ask(change), join_all(reads));
        changed.unwrap();
        for read in reads {
            read.unwrap();
        }
        tested.opens_all(&ada, "renamed by the gateway").await;
    }
}

async fn parallel_reads(tested: &TestSidecar) {
    for round in 0..5 {
        let name = format!("ada-{round}");
        tested.system.add(&name, Role::User);
        let ada = tested.with_data(&name).await;
        tested.system.remove(&name);
        tested.list().await;
        tested.system.add(&name, Role::User);
        let read = || {
            let (sidecar, name) = (tested.sidecar.clone(), name.clone());
            tokio::spawn(async move {
                let get = Command::GetUser(UserRef::Name(name));
                sidecar.execute(get).await
            })
        };
        let answers = join_all((0..20).map(|_| read())).await;
        let mut ids: Vec<_> =
            answers.into_iter().map(|one| one.unwrap().unwrap().user().unwrap().id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "one person, one record");
        assert_ne!(ids[0], ada.user.id);
    }
}

/// A system that treats two names as different, which the dialect treats as equal. Two gateways use
/// the system.
async fn parallel_names(tested: &TestSidecar) {
    let (second, store) = tested.second().await;
    for round in 0..4 {
        let create = |number: usize| {
            let word = if number.is_multiple_of(2) { "zoe" } else { "ZOE" };
            let name = format!("{word}{round}");
            let unique = Uniqueness { name: Matching::Folded, email: false };
            let new = NewUser { username: name, unique, ..NewUser::default() };
            let sidecar = if number < 4 { tested.sidecar.clone() } else { second.clone() };
            tokio::spawn(async move { sidecar.execute(Command::CreateUser(Box::new(new))).await })
        };
        let answers = join_all((0..8).map(create)).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let made = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(made, 1, "{answers:?}");
        let conflict = |kind: FaultKind| kind == FaultKind::Conflict;
        assert!(answers.iter().filter_map(|one| one.as_ref().err()).all(|one| conflict(one.kind)));
        let same = |name: &&String| name.to_lowercase() == format!("zoe{round}");
        assert_eq!(tested.system.names().iter().filter(same).count(), 1);
    }
    store.close().await;
}

async fn parallel_creations(tested: &TestSidecar) {
    let create = |number: usize| {
        let sidecar = tested.sidecar.clone();
        let new = NewUser { username: format!("new-{number}"), ..NewUser::default() };
        tokio::spawn(async move {
            let made = sidecar.execute(Command::CreateUser(Box::new(new))).await;
            sidecar.execute(Command::ListUsers).await.unwrap();
            *made.unwrap().user().unwrap()
        })
    };
    let made = join_all((0..12).map(create)).await;
    for made in made.into_iter().map(Result::unwrap) {
        assert_eq!(tested.named(&made.username).await.id, made.id);
    }
    assert_eq!(tested.list().await.len(), 13);
}

async fn deleted(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let reads = (0..4).map(|_| tested.ask(Command::ListUsers));
    let delete = tested.ask(Command::DeleteUser(UserRef::Id(ada.user.id)));
    let (deleted, _) = futures_util::join!(delete, join_all(reads));
    deleted.unwrap();
    assert_eq!(tested.key_opens(&ada).await, None);
    assert!(is_absence(&tested.get(UserRef::Id(ada.user.id)).await));
    let again = tested.create("ada").await;
    TestSidecar::inherits_nothing(&again, &ada);
}

async fn password(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let change = Command::ChangePassword(UserRef::Id(ada.user.id), Some("new".into()));
    tested.done(change).await;
    let now = tested.named("ada").await;
    assert!(now.password_changed > ada.user.password_changed);
    let later = tested.named("ada").await;
    assert_eq!(later.password_changed, now.password_changed, "a session that is opened now lasts");
    tested.opens_all(&ada, "with a new password").await;
}

async fn low_ids(tested: &TestSidecar) {
    for (name, role) in [("ada", Role::User), ("bob", Role::User), ("chief", Role::Administrator)] {
        tested.system.add(name, role);
    }
    let namespace = CLIENTS;
    let ada = tested.named("ada").await;
    let id = |user: &isogloss_canonical::user::User| -> i64 {
        user.native(&namespace).unwrap().parse().unwrap()
    };
    let (root, chief) = (tested.named("root").await, tested.named("chief").await);
    assert_eq!((id(&root), id(&chief), id(&ada)), (1, 2, 3), "administrators first");
}

async fn imported(tested: &TestSidecar) {
    for name in ["ada", "bob", "carol"] {
        tested.system.add(name, Role::User);
    }
    let namespace = CLIENTS;
    let row =
        |name: &str, id: &str| (UserRef::Name(name.to_owned()), namespace.clone(), id.to_owned());
    let unknown = Command::AssignIds(vec![row("ada", "3"), row("nobody", "4")]);
    assert!(is_absence(&tested.ask(unknown).await));
    tested.done(Command::AssignIds(vec![row("ada", "3"), row("bob", "1")])).await;
    let id = async |name: &str| tested.named(name).await.native(&namespace).unwrap().to_owned();
    assert_eq!((id("ada").await.as_str(), id("bob").await.as_str()), ("3", "1"));
    let others = [id("root").await, id("carol").await];
    assert_eq!(others, ["4", "5"]);
    tested.done(Command::AssignIds(vec![row("ada", "1"), row("bob", "3")])).await;
    assert_eq!((id("ada").await.as_str(), id("bob").await.as_str()), ("1", "3"));
}

/// The requests to the system of a sign-in with an unknown name.
async fn unknown(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    tested.list().await;
    tested.system.asked();
    for name in ["mallory", "mallet"] {
        let named = || UserRef::Name(name.to_owned());
        assert!(is_absence(&tested.get(named()).await));
        assert!(is_absence(&tested.get(UserRef::FoldedName(name.to_owned())).await));
        let verify = Command::VerifyPassword(named(), "guess".into());
        assert!(!tested.done(verify).await.verified().unwrap());
        assert_eq!(tested.system.asked(), [Verb::GetUser]);
    }
    // Commands for an unknown name, which only make the time equal, are not sent to the system.
    let nobody = || UserRef::Id(UserId(Uuid::nil()));
    let lockout = Lockout { after: 7, lasting: Duration::from_mins(15) };
    assert!(is_absence(&tested.get(nobody()).await));
    let keys = Command::VerifyKey(nobody(), CLIENTS, "guess".into());
    assert!(tested.done(keys).await.keys().unwrap().is_empty());
    let counted = tested.sidecar.execute(Command::CountFailure(nobody(), lockout)).await;
    assert!(counted.is_err_and(|fault| fault.is_absence_of(Subject::User)));
    assert_eq!(tested.system.asked(), []);
    tested.system.add("mallory", Role::User);
    assert_eq!(tested.named("mallory").await.username, "mallory", "a name is always asked for");
    let found = tested.get(UserRef::FoldedName("ADA ".to_owned())).await.unwrap();
    assert_eq!(found.username, "ada");
    let mail = UserRef::Email("ADA@example.org".to_owned());
    tested.system.asked();
    assert_eq!(tested.get(mail).await.unwrap().username, "ada");
    assert_eq!(tested.system.asked(), [Verb::GetUser], "the sidecar says who it may be");
}

/// The passwords that are sent to a system, and its answers.
async fn guesses(tested: &TestSidecar) {
    let shows_hashes = tested.kind.proof == Proof::Secret && tested.kind.numbered;
    for name in ["ada", "ann"] {
        tested.system.add(name, Role::User);
    }
    tested.list().await;
    let verify = async |name: &str, password: &str| {
        tested.system.asked();
        let verify = Command::VerifyPassword(UserRef::Name(name.to_owned()), password.into());
        let right = tested.done(verify).await.verified().unwrap();
        (right, tested.system.asked().contains(&Verb::VerifyPassword))
    };
    assert_eq!(verify("ada", "wrong").await, (false, true), "nothing is known of her hash yet");
    assert_eq!(verify("ada", "secret").await, (true, true));
    assert_eq!(verify("ada", "wrong").await, (false, !shows_hashes), "the row disproves it");
    assert_eq!(verify("ada", "secret").await, (true, true), "the system has the last word");
    assert_eq!(verify("ada", "token of ada").await, (true, true), "a token is no password");
    assert_eq!(verify("ann", "of the directory").await, (true, true));
    assert_eq!(verify("ann", "wrong").await, (false, true), "her hash does not count");
}
