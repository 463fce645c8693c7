//! Commands of the gateway in the system: creations, renames, deletions, alone and concurrently.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, UserId, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use serde_json::json;
use uuid::Uuid;

use crate::bench::{Bench, Case, is_absence};
use crate::system::{Proof, Row};

pub(crate) const CASES: &[Case] = &[
    ("a-creation-inherits-nothing", |bench| created(bench).boxed_local()),
    ("a-renaming-takes-a-stale-name-and-keeps-the-rest", |bench| stale(bench).boxed_local()),
    ("a-refused-name-is-no-longer-expected", |bench| refused(bench).boxed_local()),
    ("a-renaming-beside-reads-loses-nobody", |bench| beside_reads(bench).boxed_local()),
    ("parallel-reads-of-somebody-recreated", |bench| parallel_reads(bench).boxed_local()),
    ("parallel-creations-that-differ-in-case", |bench| parallel_names(bench).boxed_local()),
    ("parallel-creations-of-many", |bench| parallel_creations(bench).boxed_local()),
    ("a-deleted-person-is-nobody", |bench| deleted(bench).boxed_local()),
    ("an-own-password-change-keeps-keys", |bench| password(bench).boxed_local()),
    ("administrators-get-the-low-ids", |bench| low_ids(bench).boxed_local()),
    ("ids-are-imported-before-traffic", |bench| imported(bench).boxed_local()),
    ("an-unknown-name-costs-one-request", |bench| unknown(bench).boxed_local()),
    ("a-guess-that-the-row-disproves-stays-here", |bench| guesses(bench).boxed_local()),
];

async fn created(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.remove("ada");
    let bob = bench.create("bob").await;
    bench.inherits_nothing(&bob, &ada);
    bench.opens_nothing(&ada, "after bob").await;
    let again = bench.create("ada").await;
    bench.inherits_nothing(&again, &ada);
    bench.opens_nothing(&ada, "after her namesake").await;
    assert_eq!(bench.named("ada").await.id, again.id);
}

async fn stale(bench: &Bench) {
    if !bench.kind.numbered {
        return;
    }
    bench.system.add("ada", Role::User);
    bench.system.add("bob", Role::User);
    let ada = bench.with_data("ada").await;
    let bob = bench.with_data("bob").await;
    bench.system.remove("ada");
    let attributes = [("other.colour".to_owned(), Some(json!("green")))].into();
    let patch = UserPatch { username: Some("ada".to_owned()), attributes, ..UserPatch::default() };
    let change = Command::UpdateUser(UserRef::Id(bob.user.id), Box::new(patch));
    let now = bench.done(change).await.user().unwrap();
    assert_eq!((now.id, now.username.as_str()), (bob.user.id, "ada"));
    assert_eq!(
        now.attributes["other.colour"],
        json!("green"),
        "an attribute of the sidecar is lost"
    );
    bench.opens_all(&bob, "renamed").await;
    bench.opens_nothing(&ada, "her name is his").await;
}

/// The system refuses a rename. Another user gets the new name and the id, without a read in
/// between.
async fn refused(bench: &Bench) {
    if !bench.kind.numbered {
        return;
    }
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.add("bob", Role::User);
    let patch = UserPatch { username: Some("bob".to_owned()), ..UserPatch::default() };
    let change = Command::UpdateUser(UserRef::Id(ada.user.id), Box::new(patch));
    assert_eq!(bench.ask(change).await.unwrap_err().kind, FaultKind::Conflict);
    bench.opens_all(&ada, "not renamed").await;
    let bob = bench.system.remove("bob");
    let row = bench.system.remove("ada");
    bench.system.put_back(Row { id: row.id, ..bob });
    let newcomer = bench.named("bob").await;
    assert_ne!(newcomer.id, ada.user.id);
    bench.inherits_nothing(&newcomer, &ada);
    bench.opens_nothing(&ada, "the id and the refused name are another person's").await;
}

/// A read during a rename sees the new name in the system before the sidecar has it.
async fn beside_reads(bench: &Bench) {
    if !bench.kind.numbered {
        return;
    }
    bench.system.add("name-0", Role::User);
    let ada = bench.with_data("name-0").await;
    for round in 1..6 {
        let patch = UserPatch { username: Some(format!("name-{round}")), ..UserPatch::default() };
        let change = Command::UpdateUser(UserRef::Id(ada.user.id), Box::new(patch));
        let reads = (0..4).map(|_| bench.ask(Command::ListUsers));
        let (changed, reads) = futures_util::join!(bench.ask(change), join_all(reads));
        changed.unwrap();
        for read in reads {
            read.unwrap();
        }
        bench.opens_all(&ada, "renamed by the gateway").await;
    }
}

async fn parallel_reads(bench: &Bench) {
    for round in 0..5 {
        let name = format!("ada-{round}");
        bench.system.add(&name, Role::User);
        let ada = bench.with_data(&name).await;
        bench.system.remove(&name);
        bench.list().await;
        bench.system.add(&name, Role::User);
        let read = || {
            let (sidecar, name) = (bench.sidecar.clone(), name.clone());
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
async fn parallel_names(bench: &Bench) {
    let (second, store) = bench.second().await;
    for round in 0..4 {
        let create = |number: usize| {
            let word = if number.is_multiple_of(2) { "zoe" } else { "ZOE" };
            let name = format!("{word}{round}");
            let unique = Uniqueness { name: Matching::Folded, email: false };
            let new = NewUser { username: name, unique, ..NewUser::default() };
            let sidecar = if number < 4 { bench.sidecar.clone() } else { second.clone() };
            tokio::spawn(async move { sidecar.execute(Command::CreateUser(Box::new(new))).await })
        };
        let answers = join_all((0..8).map(create)).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let made = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(made, 1, "{answers:?}");
        let conflict = |kind: FaultKind| kind == FaultKind::Conflict;
        assert!(answers.iter().filter_map(|one| one.as_ref().err()).all(|one| conflict(one.kind)));
        let same = |name: &&String| name.to_lowercase() == format!("zoe{round}");
        assert_eq!(bench.system.names().iter().filter(same).count(), 1);
    }
    store.close().await;
}

async fn parallel_creations(bench: &Bench) {
    let create = |number: usize| {
        let sidecar = bench.sidecar.clone();
        let new = NewUser { username: format!("new-{number}"), ..NewUser::default() };
        tokio::spawn(async move {
            let made = sidecar.execute(Command::CreateUser(Box::new(new))).await;
            sidecar.execute(Command::ListUsers).await.unwrap();
            *made.unwrap().user().unwrap()
        })
    };
    let made = join_all((0..12).map(create)).await;
    for made in made.into_iter().map(Result::unwrap) {
        assert_eq!(bench.named(&made.username).await.id, made.id);
    }
    assert_eq!(bench.list().await.len(), 13);
}

async fn deleted(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let reads = (0..4).map(|_| bench.ask(Command::ListUsers));
    let delete = bench.ask(Command::DeleteUser(UserRef::Id(ada.user.id)));
    let (deleted, _) = futures_util::join!(delete, join_all(reads));
    deleted.unwrap();
    assert_eq!(bench.key_opens(&ada).await, None);
    assert!(is_absence(&bench.get(UserRef::Id(ada.user.id)).await));
    let again = bench.create("ada").await;
    bench.inherits_nothing(&again, &ada);
}

async fn password(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let change = Command::ChangePassword(UserRef::Id(ada.user.id), Some("new".into()));
    bench.done(change).await;
    let now = bench.named("ada").await;
    assert!(now.password_changed > ada.user.password_changed);
    let later = bench.named("ada").await;
    assert_eq!(later.password_changed, now.password_changed, "a session that is opened now lasts");
    bench.opens_all(&ada, "with a new password").await;
}

async fn low_ids(bench: &Bench) {
    for (name, role) in [("ada", Role::User), ("bob", Role::User), ("chief", Role::Administrator)] {
        bench.system.add(name, role);
    }
    let namespace = if bench.kind.namespace == "kanboard" { "dandelion" } else { "kanboard" };
    let namespace = IdNamespace::named(namespace);
    let ada = bench.named("ada").await;
    let id = |user: &isogloss_canonical::user::User| -> i64 {
        user.native(&namespace).unwrap().parse().unwrap()
    };
    let (root, chief) = (bench.named("root").await, bench.named("chief").await);
    assert_eq!((id(&root), id(&chief), id(&ada)), (1, 2, 3), "administrators first");
}

async fn imported(bench: &Bench) {
    for name in ["ada", "bob", "carol"] {
        bench.system.add(name, Role::User);
    }
    let namespace = if bench.kind.namespace == "kanboard" { "dandelion" } else { "kanboard" };
    let namespace = IdNamespace::named(namespace);
    let row =
        |name: &str, id: &str| (UserRef::Name(name.to_owned()), namespace.clone(), id.to_owned());
    let unknown = Command::AssignIds(vec![row("ada", "3"), row("nobody", "4")]);
    assert!(is_absence(&bench.ask(unknown).await));
    bench.done(Command::AssignIds(vec![row("ada", "3"), row("bob", "1")])).await;
    let id = async |name: &str| bench.named(name).await.native(&namespace).unwrap().to_owned();
    assert_eq!((id("ada").await.as_str(), id("bob").await.as_str()), ("3", "1"));
    let others = [id("root").await, id("carol").await];
    assert_eq!(others, ["4", "5"]);
    bench.done(Command::AssignIds(vec![row("ada", "1"), row("bob", "3")])).await;
    assert_eq!((id("ada").await.as_str(), id("bob").await.as_str()), ("1", "3"));
}

/// The requests to the system of a sign-in with an unknown name.
async fn unknown(bench: &Bench) {
    bench.system.add("ada", Role::User);
    bench.list().await;
    bench.system.asked();
    for name in ["mallory", "mallet"] {
        let named = || UserRef::Name(name.to_owned());
        assert!(is_absence(&bench.get(named()).await));
        assert!(is_absence(&bench.get(UserRef::FoldedName(name.to_owned())).await));
        let verify = Command::VerifyPassword(named(), "guess".into());
        assert!(!bench.done(verify).await.verified().unwrap());
        assert_eq!(bench.system.asked(), [Verb::GetUser]);
    }
    // Commands for an unknown name, which only make the time equal, are not sent to the system.
    let nobody = || UserRef::Id(UserId(Uuid::nil()));
    let lockout = Lockout { after: 7, lasting: Duration::from_mins(15) };
    assert!(is_absence(&bench.get(nobody()).await));
    let keys = Command::VerifyKey(nobody(), IdNamespace::named("kanboard"), "guess".into());
    assert!(bench.done(keys).await.keys().unwrap().is_empty());
    let counted = bench.sidecar.execute(Command::CountFailure(nobody(), lockout)).await;
    assert!(counted.is_err_and(|fault| fault.is_absence_of(Subject::User)));
    assert_eq!(bench.system.asked(), []);
    bench.system.add("mallory", Role::User);
    assert_eq!(bench.named("mallory").await.username, "mallory", "a name is always asked for");
    let found = bench.get(UserRef::FoldedName("ADA ".to_owned())).await.unwrap();
    assert_eq!(found.username, "ada");
    let mail = UserRef::Email("ADA@example.org".to_owned());
    bench.system.asked();
    assert_eq!(bench.get(mail).await.unwrap().username, "ada");
    assert_eq!(bench.system.asked(), [Verb::GetUser], "the sidecar says who it may be");
}

/// The passwords that are sent to a system, and its answers.
async fn guesses(bench: &Bench) {
    let shows_hashes = bench.kind.proof == Proof::Secret && bench.kind.numbered;
    for name in ["ada", "ann"] {
        bench.system.add(name, Role::User);
    }
    bench.list().await;
    let verify = async |name: &str, password: &str| {
        bench.system.asked();
        let verify = Command::VerifyPassword(UserRef::Name(name.to_owned()), password.into());
        let right = bench.done(verify).await.verified().unwrap();
        (right, bench.system.asked().contains(&Verb::VerifyPassword))
    };
    assert_eq!(verify("ada", "wrong").await, (false, true), "nothing is known of her hash yet");
    assert_eq!(verify("ada", "secret").await, (true, true));
    assert_eq!(verify("ada", "wrong").await, (false, !shows_hashes), "the row disproves it");
    assert_eq!(verify("ada", "secret").await, (true, true), "the system has the last word");
    assert_eq!(verify("ada", "token of ada").await, (true, true), "a token is no password");
    assert_eq!(verify("ann", "of the directory").await, (true, true));
    assert_eq!(verify("ann", "wrong").await, (false, true), "her hash does not count");
}
