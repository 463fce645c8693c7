//! A sidecar of a system in this process, and the data that a user has in the gateway.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use isogloss::layers::sidecar::layer::Sidecar;
use isogloss::provision::bootstrap::open_sidecar;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, User, UserId, UserRef};
use isogloss_store::{Numbered, Record, State, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::system::{CLIENTS, Kind, OWN, System};

/// A case: its name and its function.
pub(crate) type Case = (&'static str, for<'b> fn(&'b TestSidecar) -> LocalBoxFuture<'b, ()>);

/// The id namespace of the gateway's own keys and groups in these tests. It is never the system's.
pub(crate) const KEYS: IdNamespace = IdNamespace::named("other");

/// A sidecar of a system.
pub(crate) struct TestSidecar {
    pub(crate) kind: Kind,
    pub(crate) system: Arc<System>,
    pub(crate) sidecar: Sidecar,
    store: Store,
    folder: TempDir,
}

/// The data that a user has in the gateway.
#[derive(Clone, Debug)]
pub(crate) struct UserData {
    pub(crate) user: User,
    key: String,
    group: Group,
}

impl UserData {
    /// The key of the gateway.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl TestSidecar {
    pub(crate) async fn open(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), kind).await;
        let system = Arc::new(System::new(kind));
        let sidecar = join(&system, &store, kind);
        let tested = Self { kind, system, sidecar, store, folder };
        tested.system.add("root", Role::Administrator);
        tested
    }

    /// A second gateway for the same system, with the same sidecar.
    pub(crate) async fn second(&self) -> (Sidecar, Store) {
        let store = open(self.folder.path(), self.kind).await;
        (join(&self.system, &store, self.kind), store)
    }

    pub(crate) async fn close(&self) {
        self.store.close().await;
    }

    pub(crate) async fn ask(&self, command: Command) -> Result<Outcome, Fault> {
        self.sidecar.execute(command).await
    }

    pub(crate) async fn done(&self, command: Command) -> Outcome {
        let verb = command.verb();
        self.ask(command).await.unwrap_or_else(|fault| panic!("{verb}: {fault:?}"))
    }

    pub(crate) async fn get(&self, user: UserRef) -> Result<User, Fault> {
        self.ask(Command::GetUser(user)).await.and_then(Outcome::user).map(|user| *user)
    }

    pub(crate) async fn named(&self, name: &str) -> User {
        self.get(UserRef::Name(name.to_owned())).await.unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    pub(crate) async fn list(&self) -> Vec<User> {
        self.done(Command::ListUsers).await.users().unwrap()
    }

    pub(crate) async fn create(&self, name: &str) -> User {
        let new = NewUser { username: name.to_owned(), ..NewUser::default() };
        *self.done(Command::CreateUser(Box::new(new))).await.user().unwrap()
    }

    /// Gives a user of the system a key, settings, a group and a membership in the gateway.
    pub(crate) async fn with_data(&self, name: &str) -> UserData {
        let user = self.named(name).await;
        let key = format!("the key of {name}, {}", user.id);
        let new = NewKey {
            namespace: KEYS,
            value: key.as_str().into(),
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            issuer: Issuer::Gateway,
            replaces: false,
        };
        let id = || UserRef::Id(user.id);
        self.done(Command::IssueKey(Some(id()), Box::new(new))).await;
        let set = [("other.colour".to_owned(), Some(json!(name)))];
        let set = Command::MergeSettings(id(), "other.".to_owned(), set.into());
        self.done(set).await;
        let group = NewGroup {
            name: format!("group of {name}"),
            namespace: Some(KEYS),
            owner: Some(user.id),
            ..NewGroup::default()
        };
        let group = self.done(Command::CreateGroup(Box::new(group))).await.group().unwrap();
        self.done(Command::AddMember(GroupRef::Id(group.id), id())).await;
        let user = self.named(name).await;
        UserData { user, key, group: *group }
    }

    /// The user whom the key identifies.
    pub(crate) async fn key_opens(&self, data: &UserData) -> Option<UserId> {
        let find = Command::FindKey(KEYS, data.key.as_str().into());
        match self.ask(find).await {
            Ok(Outcome::KeyFound(_, Some(owner))) => Some(owner.id),
            Ok(other) => panic!("{other:?}"),
            Err(fault) if fault.is_absence_of(Subject::Key) => None,
            Err(fault) => panic!("{fault:?}"),
        }
    }

    /// The same if the system's answer may be a fault.
    pub(crate) async fn key_opens_or_fails(&self, data: &UserData) -> Option<UserId> {
        let find = Command::FindKey(KEYS, data.key.as_str().into());
        match self.ask(find).await {
            Ok(Outcome::KeyFound(_, owner)) => owner.map(|owner| owner.id),
            _ => None,
        }
    }

    /// The data of a deleted user give nobody access, and belong to nobody else.
    pub(crate) async fn opens_nothing(&self, data: &UserData, why: &str) {
        assert_eq!(self.key_opens(data).await, None, "{why}: the key opens");
        let session = self.get(UserRef::Id(data.user.id)).await;
        let absent = session.is_err_and(|fault| fault.is_absence_of(Subject::User));
        assert!(absent, "{why}: the session opens");
        for (namespace, id) in foreign_ids(&data.user) {
            let found = self.get(UserRef::Native(namespace.clone(), id.clone())).await;
            let absent = found.is_err_and(|fault| fault.is_absence_of(Subject::User));
            assert!(absent, "{why}: {namespace} {id} is somebody");
        }
        let group = self.done(Command::GetGroup(GroupRef::Id(data.group.id))).await;
        assert_eq!(group.group().unwrap().owner, None, "{why}: the group has an owner");
        let members = Command::ListMembers(GroupRef::Id(data.group.id));
        let members = self.done(members).await.users().unwrap();
        assert!(members.is_empty(), "{why}: the group has members: {members:?}");
    }

    /// All data still belong to the user.
    pub(crate) async fn opens_all(&self, data: &UserData, why: &str) {
        assert_eq!(self.key_opens(data).await, Some(data.user.id), "{why}: the key");
        self.has_all(data, why).await;
    }

    /// Ids, settings, group and membership still belong to the user. The key is not checked.
    pub(crate) async fn has_all(&self, data: &UserData, why: &str) {
        let session = self.get(UserRef::Id(data.user.id)).await;
        let session = session.unwrap_or_else(|fault| panic!("{why}: {fault:?}"));
        assert!(session.attributes.contains_key("other.colour"), "{why}: the settings");
        for (namespace, id) in foreign_ids(&data.user) {
            let found = self.get(UserRef::Native(namespace, id)).await.unwrap();
            assert_eq!(found.id, data.user.id, "{why}: an id");
        }
        let group = self.done(Command::GetGroup(GroupRef::Id(data.group.id))).await;
        assert_eq!(group.group().unwrap().owner, Some(data.user.id), "{why}: the owner");
        let members = Command::ListMembers(GroupRef::Id(data.group.id));
        let members = self.done(members).await.users().unwrap();
        assert_eq!(members.len(), 1, "{why}: the members");
    }

    /// A new user has nothing of the old one.
    pub(crate) fn inherits_nothing(newcomer: &User, data: &UserData) {
        let old = &data.user;
        assert_ne!(newcomer.id, old.id, "the canonical id");
        for (namespace, id) in foreign_ids(old) {
            assert_ne!(newcomer.native(&namespace), Some(id.as_str()), "the id of {namespace}");
        }
        assert!(!newcomer.attributes.contains_key("other.colour"), "the settings");
    }

    pub(crate) async fn record(&self, id: UserId) -> Record {
        let all = self.sidecar.records().all().await.unwrap();
        all.into_iter().find(|record| record.user.id == id).unwrap()
    }

    pub(crate) async fn state(&self, id: UserId) -> State {
        self.record(id).await.state
    }

    pub(crate) fn proves(&self) -> bool {
        self.kind.proof != crate::system::Proof::Nothing
    }

    /// The reference of the system to a user, by its own id.
    pub(crate) fn own(&self, user: &User) -> UserRef {
        match user.native(&OWN) {
            Some(id) if self.kind.numbered => UserRef::Native(OWN, id.to_owned()),
            _ => UserRef::Name(user.username.clone()),
        }
    }
}

pub(crate) async fn open(folder: &Path, kind: Kind) -> Store {
    let row = |namespace, users, gives_ids| Numbered {
        namespace,
        users,
        groups: Numbering::From(1),
        teams: true,
        shows_keys: false,
        gives_ids,
    };
    let numbered = [row(OWN, kind.numbering(), true), row(CLIENTS, Numbering::From(1), false)];
    let store = Store::open(&folder.join("data"), Vec::new()).await.unwrap();
    open_sidecar(&store, ("system", &folder.join("former")), numbered.into()).await.unwrap()
}

fn join(system: &Arc<System>, store: &Store, kind: Kind) -> Sidecar {
    let system: Arc<dyn Backend> = Arc::<System>::clone(system);
    Sidecar::new(system, store, (OWN, kind.numbering()))
}

/// The ids that other dialects know the user by.
fn foreign_ids(user: &User) -> BTreeMap<IdNamespace, String> {
    user.ids.clone().into_iter().filter(|(namespace, _)| *namespace != OWN).collect()
}

/// Whether the answer is that the user does not exist.
pub(crate) fn is_absence<T>(answer: &Result<T, Fault>) -> bool {
    answer.as_ref().is_err_and(|fault| fault.is_absence_of(Subject::User))
}

/// Whether the answer is a fault of the gateway or the system.
pub(crate) fn is_trouble<T>(answer: &Result<T, Fault>) -> bool {
    let unavailable = [FaultKind::Unavailable, FaultKind::Unexpected];
    answer.as_ref().is_err_and(|fault| unavailable.contains(&fault.kind))
}
