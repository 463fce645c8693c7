//! Names that the system does not take, or cannot change: the sidecar stores them as aliases. An alias
//! belongs to one person: a successor with the id or the name in the system does not get it.

use futures_util::FutureExt;
use isogloss::layers::aliases::Aliased;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};

use crate::test_sidecar::{Case, TestSidecar, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("a-name-that-is-not-taken-becomes-an-alias", |tested| renamed(tested).boxed_local()),
    ("an-alias-is-unique-among-names-and-aliases", |tested| unique(tested).boxed_local()),
    ("an-alias-does-not-pass-to-a-successor", |tested| succeeded(tested).boxed_local()),
    ("somebody-with-the-name-of-an-alias-is-not-taken-for-its-owner", |tested| {
        shadowed(tested).boxed_local()
    }),
    ("a-person-is-created-under-an-alias", |tested| created(tested).boxed_local()),
    ("an-alias-is-not-lost-if-the-gateway-ends-during-a-creation", |tested| {
        interrupted(tested).boxed_local()
    }),
    ("an-alias-ends-with-a-renaming-to-the-name-in-the-system", |tested| {
        renamed_back(tested).boxed_local()
    }),
];

/// A name that no system of these tests takes.
const ALIAS: &str = "love/lace";

/// The sidecar with aliases.
struct Clients<'t> {
    tested: &'t TestSidecar,
    aliased: Aliased,
}

impl<'t> Clients<'t> {
    fn of(tested: &'t TestSidecar) -> Self {
        Self { tested, aliased: Aliased::over(tested.sidecar.clone()) }
    }

    async fn get(&self, user: UserRef) -> Result<User, Fault> {
        let found = self.aliased.execute(Command::GetUser(user)).await;
        found.and_then(Outcome::user).map(|user| *user)
    }

    async fn named(&self, name: &str) -> Result<User, Fault> {
        self.get(UserRef::Name(name.to_owned())).await
    }

    async fn rename(&self, name: &str, to: &str) -> Result<User, Fault> {
        let patch = UserPatch { username: Some(to.to_owned()), ..UserPatch::default() };
        let change = Command::UpdateUser(UserRef::Name(name.to_owned()), Box::new(patch));
        self.aliased.execute(change).await.and_then(Outcome::user).map(|user| *user)
    }

    async fn create(&self, name: &str) -> Result<User, Fault> {
        let new = NewUser { username: name.to_owned(), ..NewUser::default() };
        let made = self.aliased.execute(Command::CreateUser(Box::new(new))).await;
        made.and_then(Outcome::user).map(|user| *user)
    }

    async fn names(&self) -> Vec<String> {
        let listed = self.aliased.execute(Command::ListUsers).await.unwrap().users().unwrap();
        listed.into_iter().map(|user| user.username).collect()
    }

    /// Adds ada to the system, and renames her to the alias.
    async fn with_alias(&self) -> User {
        self.tested.system.add("ada", Role::User);
        let ada = self.rename("ada", ALIAS).await.unwrap();
        assert_eq!(ada.username, ALIAS);
        ada
    }
}

fn is_taken<T>(answer: &Result<T, Fault>) -> bool {
    let taken = (FaultKind::Conflict, Some(Subject::Username));
    answer.as_ref().is_err_and(|fault| (fault.kind, fault.subject) == taken)
}

async fn renamed(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    let ada = clients.with_alias().await;
    assert!(tested.system.names().contains(&"ada".to_owned()));
    assert_eq!(clients.named(ALIAS).await.unwrap().id, ada.id);
    let folded = UserRef::FoldedName("LOVE/lace ".to_owned());
    assert_eq!(clients.get(folded).await.unwrap().username, ALIAS);
    assert_eq!(clients.get(UserRef::Id(ada.id)).await.unwrap().username, ALIAS);
    assert!(is_absence(&clients.named("ada").await), "the name in the system is no name here");
    assert_eq!(clients.names().await, ["root", ALIAS]);
    // The system verifies the password by its own name.
    for (name, right) in [(ALIAS, true), ("ada", false)] {
        let verify = Command::VerifyPassword(UserRef::Name(name.to_owned()), "right".into());
        let verified = clients.aliased.execute(verify).await.unwrap().verified().unwrap();
        assert_eq!(verified, right, "{name}");
    }
}

async fn unique(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    clients.with_alias().await;
    tested.system.add("bob", Role::User);
    assert!(is_taken(&clients.rename("bob", "Love/Lace").await));
    assert!(is_taken(&clients.create(ALIAS).await));
    assert!(is_taken(&clients.create("ada").await), "the name is taken in the system");
    assert!(is_taken(&clients.rename("bob", "root").await));
    assert_eq!(clients.named("bob").await.unwrap().username, "bob");
    // Her own alias in another case is no conflict.
    assert_eq!(clients.rename(ALIAS, "Love/Lace").await.unwrap().username, "Love/Lace");
}

async fn succeeded(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    let ada = clients.with_alias().await;
    tested.system.remove("ada");
    assert_eq!(clients.names().await, ["root"]);
    assert!(is_absence(&clients.named(ALIAS).await), "the alias of a suspended record");
    tested.system.add("ada", Role::Administrator);
    let successor = clients.named("ada").await;
    assert!(is_absence(&clients.named(ALIAS).await), "the alias of a tombstone");
    let names = clients.names().await;
    assert!(!names.contains(&ALIAS.to_owned()), "{names:?}");
    // The name in the system is free again for the clients, once the record is a tombstone.
    let successor = match successor {
        Ok(successor) => successor,
        Err(_) => clients.named("ada").await.unwrap(),
    };
    assert_ne!(successor.id, ada.id);
    assert_eq!(successor.username, "ada");
    // The alias is free for somebody else.
    tested.system.add("bob", Role::User);
    assert_eq!(clients.rename("bob", ALIAS).await.unwrap().username, ALIAS);
}

async fn shadowed(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    let ada = clients.with_alias().await;
    tested.system.add(ALIAS, Role::User);
    assert_eq!(clients.named(ALIAS).await.unwrap().id, ada.id);
    let other = tested.named(ALIAS).await;
    assert_ne!(other.id, ada.id);
    let read = clients.get(UserRef::Id(other.id)).await;
    assert_eq!(read.unwrap_err().kind, FaultKind::Unexpected, "neither shown nor absent");
    let listed = clients.aliased.execute(Command::ListUsers).await.unwrap().listed().unwrap();
    assert_eq!((listed.users.len(), listed.unread.len()), (2, 1));
}

async fn created(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    let made = clients.create(ALIAS).await.unwrap();
    assert_eq!(made.username, ALIAS);
    let there = tested.system.names();
    assert!(there.iter().any(|name| name.starts_with("user-")), "{there:?}");
    let delete = Command::DeleteUser(UserRef::Name(ALIAS.to_owned()));
    clients.aliased.execute(delete).await.unwrap();
    assert_eq!(tested.system.names(), ["root"]);
    assert!(is_absence(&clients.named(ALIAS).await));
}

async fn renamed_back(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    let ada = clients.with_alias().await;
    assert_eq!(clients.rename(ALIAS, "ada").await.unwrap().username, "ada");
    assert!(is_absence(&clients.named(ALIAS).await));
    assert_eq!(clients.named("ada").await.unwrap().id, ada.id);
}

/// The gateway ends after the system has created the person, before there is a record.
async fn interrupted(tested: &TestSidecar) {
    let clients = Clients::of(tested);
    tested.list().await;
    tested.sidecar.records().intend_alias("user-1", ALIAS).await.unwrap();
    tested.system.add("user-1", Role::User);
    let (sidecar, store) = tested.second().await;
    let next = Clients { tested, aliased: Aliased::over(sidecar) };
    assert!(next.names().await.contains(&ALIAS.to_owned()));
    assert_eq!(next.named(ALIAS).await.unwrap().username, ALIAS);
    assert!(is_absence(&next.named("user-1").await));
    // A client that tries again hears that the name is taken.
    assert!(is_taken(&next.create(ALIAS).await));
    // Nobody else gets it for the same reason again.
    tested.system.remove("user-1");
    clients.names().await;
    tested.system.add("user-1", Role::User);
    assert!(!clients.names().await.contains(&ALIAS.to_owned()));
    store.close().await;
}
