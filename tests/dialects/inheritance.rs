//! Nobody inherits, tested with the adapter of each system. The system is its own dialect on its
//! own store, and users are changed directly in that store. `tests/inheritance` has all cases, for
//! all kinds of numbering and proof.

use isogloss::layers::sidecar::layer::Sidecar;
use isogloss::provision::bootstrap::open_sidecar;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserId, UserPatch, UserRef};
use isogloss_store::Store;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::block_on;
use crate::gateway::{PreparedStore, TestGateway, loopback};

const SERVICE: &str = "0123456789abcdef0123456789abcdef";
/// An id namespace that belongs to no system.
const OTHER_NAMESPACE: IdNamespace = IdNamespace::named("other");

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let systems = registry::remotes().map(|(system, _)| system);
    let trial = |system: &'static Adapter| {
        let name = format!("inheritance::{}", system.name);
        trial(name, move || block_on(nobody_inherits(system)))
    };
    systems.map(trial).collect()
}

struct Setup {
    behind: TestGateway,
    sidecar: Sidecar,
}

impl Setup {
    async fn get(&self, user: UserRef) -> Result<User, Fault> {
        let read = self.sidecar.execute(Command::GetUser(user)).await;
        read.and_then(Outcome::user).map(|user| *user)
    }

    async fn named(&self, name: &str) -> User {
        self.get(UserRef::Name(name.to_owned())).await.unwrap()
    }

    async fn add(&self, name: &str) {
        let new = NewUser {
            username: name.to_owned(),
            password: Some(format!("{name}'s secret").as_str().into()),
            ..NewUser::default()
        };
        self.behind.ask(Command::CreateUser(Box::new(new))).await;
    }

    async fn remove(&self, name: &str) {
        self.behind.ask(Command::DeleteUser(UserRef::Name(name.to_owned()))).await;
    }

    /// Issues a key of the gateway, with its owner's name as the value.
    async fn issue(&self, owner: &User) {
        let key = NewKey {
            namespace: OTHER_NAMESPACE,
            value: owner.id.to_string().as_str().into(),
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            issuer: Issuer::Gateway,
            replaces: false,
        };
        let issue = Command::IssueKey(Some(owner.into()), Box::new(key));
        self.sidecar.execute(issue).await.unwrap();
    }

    async fn opens(&self, owner: &User) -> Option<UserId> {
        let find = Command::FindKey(OTHER_NAMESPACE, owner.id.to_string().as_str().into());
        match self.sidecar.execute(find).await {
            Ok(Outcome::KeyFound(_, found)) => found.map(|found| found.id),
            Err(fault) if fault.is_absence_of(Subject::Key) => None,
            other => panic!("{other:?}"),
        }
    }

    /// The key and the session of a user are no longer valid.
    async fn is_closed(&self, person: &User) {
        assert_eq!(self.opens(person).await, None);
        let session = self.get(UserRef::Id(person.id)).await;
        assert!(session.is_err_and(|fault| fault.is_absence_of(Subject::User)));
    }
}

async fn nobody_inherits(system: &'static Adapter) -> Result<(), Failed> {
    let key = json!({"dialect": system.name, "value": SERVICE});
    let (own, theirs) =
        if system.application_key { (vec![], vec![key]) } else { (vec![key], vec![]) };
    let admin = json!({"username": "admin", "password": "x", "admin": true, "keys": own});
    let prepared = PreparedStore::of(&json!({"users": [admin], "application_keys": theirs})).await;
    let behind = prepared.open().await;
    let folder = tempfile::tempdir()?;
    let mut numbered = registry::own_namespaces();
    for namespace in
        numbered.iter_mut().filter(|namespace| namespace.namespace.as_str() == system.name)
    {
        namespace.gives_ids = true;
    }
    let store = Store::open(&folder.path().join("data"), Vec::new()).await.unwrap();
    let former = folder.path().join("former");
    let sidecar = open_sidecar(&store, (system.name, &former), numbered).await?;
    let reached = loopback(&behind, (system, None), SERVICE);
    let sidecar = Sidecar::new(reached, &sidecar, (IdNamespace::named(system.name), system.users));
    let setup = Setup { behind, sidecar };

    for name in ["ada", "bob", "carol"] {
        setup.add(name).await;
        let person = setup.named(name).await;
        setup.issue(&person).await;
        assert_eq!(setup.opens(&person).await, Some(person.id));
    }
    let (ada, bob, carol) =
        (setup.named("ada").await, setup.named("bob").await, setup.named("carol").await);
    setup.remove("ada").await;
    setup.is_closed(&ada).await;
    setup.add("ada").await;
    let newcomer = setup.named("ada").await;
    assert_ne!(newcomer.id, ada.id);
    setup.is_closed(&ada).await;
    let read = Command::ListUsers;
    let listed = setup.sidecar.execute(read).await?.users()?;
    assert_eq!(listed.iter().filter(|one| one.username == "ada").count(), 1);

    // Two users swap their names in the system. Each is still the same person or somebody new, and
    // never the other one.
    for (from, to) in [("bob", "somebody"), ("carol", "bob"), ("somebody", "carol")] {
        let patch = UserPatch { username: Some(to.to_owned()), ..UserPatch::default() };
        let named = UserRef::Name(from.to_owned());
        setup.behind.ask(Command::UpdateUser(named, Box::new(patch))).await;
    }
    let listed = setup.sidecar.execute(Command::ListUsers).await?.users()?;
    assert_eq!(listed.len(), 4);
    let names_are_ids = system.users == isogloss_canonical::namespace::Numbering::Names;
    if !names_are_ids {
        assert_ne!(setup.opens(&bob).await, Some(carol.id));
        assert_ne!(setup.named("bob").await.id, bob.id);
        assert_ne!(setup.named("carol").await.id, carol.id);
    }
    Ok(())
}
