//! Every command by every kind of caller, sent to the pipeline. The backend accepts every command.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Lockout, Proof};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::key::{Issuer, KeyChoice, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{GroupChange, NewUser, User, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use isogloss_testkit::suite;
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use super::{part, words};
use crate::block_on;
use crate::gateway::{PreparedStore, TestGateway};

pub(super) const KINDS: [&str; 11] = [
    "nobody",
    "disabled",
    "self",
    "other",
    "owner",
    "co_owner",
    "editor",
    "holder",
    "manager",
    "administrator",
    "application",
];

/// An id namespace that numbers its users.
pub(super) fn namespace() -> IdNamespace {
    let mut numbered = registry::dialects().filter(|adapter| adapter.users != Numbering::Names);
    IdNamespace::named(numbered.next().unwrap().name)
}

/// A system whose groups give rights, some of them in its own words.
pub(super) fn with_rights() -> &'static Adapter {
    let numbered = |adapter: &&Adapter| adapter.groups != Numbering::Names;
    registry::dialects().filter(numbered).find(|adapter| !adapter.rights.is_empty()).unwrap()
}

pub(super) fn trial() -> Trial {
    suite::trial("authorisation::gateway::every-command-by-every-caller", || block_on(compare()))
}

async fn compare() -> Result<(), Failed> {
    let mut gateway = furnished().await;
    let willing = Arc::new(Willing::before(&gateway));
    gateway.backend = Arc::clone(&willing) as Arc<dyn Backend>;
    let table = part::<String>("commands");
    let mut tried = BTreeSet::new();
    let mut wrong = Vec::new();
    for kind in KINDS.into_iter().chain(["gateway"]) {
        for (name, command) in commands(&about(&gateway, kind).await) {
            let Some(may) = table.get(&name) else {
                return Err(format!("fixtures/authorisation.toml has no command {name}").into());
            };
            let asked = match kind {
                "gateway" => gateway.pipeline().read(command).await,
                kind => gateway.pipeline().call(&caller(&gateway, kind).await, command).await,
            };
            let carried_out = willing.take();
            let refused = matches!(&asked, Err(fault)
                if matches!(fault.kind, FaultKind::Forbidden | FaultKind::Unauthenticated));
            if words(may).contains(kind) == refused || (refused && carried_out) {
                wrong.push(format!("{name} by {kind}: {asked:?}, carried out: {carried_out}"));
            }
            tried.insert(name);
        }
    }
    wrong.extend(table.keys().filter(|name| !tried.contains(*name)).cloned());
    let verbs = gateway.store.capability().verbs().map(|verb| verb.to_string());
    wrong.extend(verbs.filter(|verb| !tried.contains(verb)));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Users, and the team `crew` with an owner and a co-owner.
pub(super) async fn furnished() -> TestGateway {
    let person = |name: &str, role: &str| json!({"username": name, "role": role});
    let gateway = PreparedStore::of(&json!({"users": [
        person("ann", "user"), person("bob", "user"), person("owner", "user"),
        person("co_owner", "user"), person("holder", "user"), person("holder2", "user"),
        person("editor", "user"), person("mia", "manager"), person("mia2", "manager"),
        person("admin", "administrator"), person("admin2", "administrator"),
        {"username": "dis", "admin": true, "active": false},
    ]}))
    .await
    .open()
    .await;
    let (owner, co_owner) = (gateway.user("owner").await.id, gateway.user("co_owner").await.id);
    let crew = NewGroup { name: "crew".to_owned(), owner: Some(owner), ..NewGroup::default() };
    gateway.ask(Command::CreateGroup(Box::new(crew))).await;
    let co_owners = GroupPatch { co_owners: Some(vec![co_owner]), ..GroupPatch::default() };
    gateway.ask(Command::UpdateGroup(team(), Box::new(co_owners))).await;
    let most = Grant::ALL.into_iter().filter(|grant| *grant != Grant::Administer);
    group_of(&gateway, "holders", most.collect(), &["holder", "holder2"]).await;
    let edits = [Grant::SeeUsers, Grant::EditUsers].into_iter().collect();
    group_of(&gateway, "editors", edits, &["editor"]).await;
    gateway
}

/// A group with these grants and members.
async fn group_of(gateway: &TestGateway, name: &str, grants: Grants, members: &[&str]) {
    let namespace = IdNamespace::named(with_rights().name);
    let (name, own) = (name.to_owned(), Some(namespace.clone()));
    let group = NewGroup { name, namespace: own, grants, ..NewGroup::default() };
    let group = gateway.ask(Command::CreateGroup(Box::new(group))).await.group().unwrap();
    for member in members {
        let groups = vec![group.as_ref().into()];
        let groups = Some(GroupChange { namespace: namespace.clone(), groups });
        let patch = UserPatch { groups, ..UserPatch::default() };
        let member = UserRef::Name((*member).to_owned());
        gateway.ask(Command::UpdateUser(member, Box::new(patch))).await;
    }
}

fn team() -> GroupRef {
    GroupRef::Name(None, "crew".to_owned())
}

pub(super) async fn caller(gateway: &TestGateway, kind: &str) -> Caller {
    let name = match kind {
        "nobody" => return Caller::Nobody,
        "application" => return Caller::application(namespace(), gateway.authority.seal()),
        "disabled" => "dis",
        "self" | "other" => "ann",
        "manager" => "mia",
        "administrator" => "admin",
        other => other,
    };
    let user = gateway.user(name).await;
    Caller::person(user, Proof::Password, gateway.authority.seal())
}

async fn about(gateway: &TestGateway, kind: &str) -> User {
    let name = match kind {
        "self" => "ann",
        "disabled" => "dis",
        _ => "bob",
    };
    gateway.user(name).await
}

/// One of each command about a user, with every kind of reference that can name the caller.
fn commands(user: &User) -> Vec<(String, Command)> {
    let ways = [
        UserRef::Id(user.id),
        UserRef::Name(user.username.clone()),
        UserRef::Native(namespace(), user.native(&namespace()).unwrap().to_owned()),
    ];
    let mut all: Vec<_> = ways.into_iter().flat_map(|user| about_people(&user)).collect();
    let admin = NewUser { role: Role::Administrator, ..NewUser::default() };
    let named = |name: &str, command| (name.to_owned(), command);
    all.extend([
        named("CreateUser, an administrator", Command::CreateUser(Box::new(admin))),
        named("IssueKey, the application's", Command::IssueKey(None, Box::new(key()))),
        named(
            "RevokeKeys, the application's",
            Command::RevokeKeys(None, namespace(), KeyChoice::All),
        ),
        named("ListKeys, everybody's", Command::ListKeys(None, namespace(), KeyChoice::All)),
    ]);
    all
}

pub(super) fn key() -> NewKey {
    NewKey {
        namespace: namespace(),
        value: "value".into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::Gateway,
        replaces: false,
    }
}

fn about_people(user: &UserRef) -> Vec<(String, Command)> {
    let user = || user.clone();
    let prefix = || "theme.".to_owned();
    let lockout = Lockout { after: 1, lasting: Duration::from_mins(1) };
    let all = [
        Command::CreateUser(Box::default()),
        Command::CreateFromDirectory("new".to_owned()),
        Command::GetUser(user()),
        Command::ListUsers,
        Command::UpdateUser(user(), Box::default()),
        Command::ActivateUser(user()),
        Command::DeactivateUser(user()),
        Command::DeleteUser(user()),
        Command::ChangePassword(user(), None),
        Command::IssueKey(Some(user()), Box::new(key())),
        Command::RevokeKeys(Some(user()), namespace(), KeyChoice::All),
        Command::ListKeys(Some(user()), namespace(), KeyChoice::All),
        Command::ReadSettings(user(), prefix()),
        Command::MergeSettings(user(), prefix(), std::collections::BTreeMap::new()),
        Command::CreateGroup(Box::default()),
        Command::GetGroup(team()),
        Command::ListGroups(None),
        Command::UpdateGroup(team(), Box::default()),
        Command::DeleteGroup(team()),
        Command::AddMember(team(), user()),
        Command::RemoveMember(team(), user()),
        Command::ListMembers(team()),
        Command::GroupsOf(user()),
        Command::ListLocks(user()),
        Command::ServerFacts,
        Command::AssignIds(Vec::new()),
        Command::FindKey(namespace(), "value".into()),
        Command::VerifyPassword(user(), "value".into()),
        Command::VerifyKey(user(), namespace(), "value".into()),
        Command::CountFailure(user(), lockout),
        Command::ClearFailures(user()),
    ];
    all.into_iter().map(|command| (command.verb().to_string(), command)).collect()
}

/// A backend that accepts every write and records it. It reads groups and users from the store.
#[derive(Debug)]
pub(super) struct Willing {
    store: Store,
    capability: Capability,
    done: Mutex<bool>,
}

impl Willing {
    pub(super) fn before(gateway: &TestGateway) -> Self {
        let id = UserRef::Name(String::new());
        let verbs = about_people(&id).into_iter().map(|(_, command)| command.verb());
        let capability = Capability::of(verbs.collect::<Vec<Verb>>());
        Self { store: gateway.store.clone(), capability, done: Mutex::default() }
    }
}

impl Willing {
    /// Whether it got a write since the last call.
    pub(super) fn take(&self) -> bool {
        std::mem::take(&mut *self.done.lock().unwrap())
    }
}

#[async_trait]
impl Backend for Willing {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        // The pipeline reads the owner of a group and the rights of a user.
        if matches!(command, Command::GetGroup(_) | Command::GetUser(_)) {
            return self.store.execute(command).await;
        }
        *self.done.lock().unwrap() = true;
        Ok(Outcome::Done)
    }
}
