//! Every verb that writes, by every kind of caller, with payloads that would give or change rights.
//! A caller who is no administrator can never give or change rights that the caller does not have.

use std::collections::BTreeSet;
use std::sync::Arc;

use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{
    AttributeChanges, Attributes, GroupChange, NewUser, UserPatch, UserRef,
};
use isogloss_canonical::verb::Verb;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use super::commands::{KINDS, Willing, caller, furnished, key, namespace, with_rights};
use super::{part, words};
use crate::block_on;

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("authorisation::gateway::every-payload-by-every-caller", || block_on(compare()))]
}

/// A caller whom the verb alone would allow is refused, if the payload needs more rights.
async fn compare() -> Result<(), Failed> {
    let mut gateway = furnished().await;
    let willing = Arc::new(Willing::before(&gateway));
    gateway.backend = Arc::clone(&willing) as Arc<dyn Backend>;
    let (verbs, table) = (part::<String>("commands"), part::<String>("payloads"));
    let mut tried = BTreeSet::new();
    let mut guarded = BTreeSet::new();
    let mut wrong = Vec::new();
    // No payload is about the caller unless it says so, and a team gives its owner no rights.
    for kind in KINDS.into_iter().filter(|kind| !["self", "owner", "co_owner"].contains(kind)) {
        let caller = caller(&gateway, kind).await;
        for (name, command) in payloads(&caller) {
            let verb = command.verb();
            let may = table.get(name).ok_or_else(|| format!("no payload {name}"))?;
            let allowed = words(&verbs[&verb.to_string()]).contains(kind);
            let expected = allowed && (words(may).contains(kind) || may == "all");
            let asked = gateway.pipeline().call(&caller, command).await;
            let carried_out = willing.take();
            let refused = matches!(&asked, Err(fault)
                if matches!(fault.kind, FaultKind::Forbidden | FaultKind::Unauthenticated));
            if refused == expected || carried_out != expected {
                wrong.push(format!("{verb} {name} by {kind}: {asked:?}, done: {carried_out}"));
            }
            tried.insert(name.to_owned());
            guarded.insert(verb);
        }
    }
    wrong.extend(table.keys().filter(|name| !tried.contains(*name)).cloned());
    let all = Verb::ALL.into_iter().filter(|verb| !verb.guards().is_empty());
    wrong.extend(all.filter(|verb| !guarded.contains(verb)).map(|verb| verb.to_string()));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

fn rights_namespace() -> IdNamespace {
    IdNamespace::named(with_rights().name)
}

fn rights_group(name: &str) -> GroupRef {
    GroupRef::Name(Some(rights_namespace()), name.to_owned())
}

/// The groups of a fresh server: the administrators', and one that gives no role.
fn first_groups() -> [String; 2] {
    let groups = (with_rights().foundation)();
    let name = |of_administrators: bool| {
        let confers =
            |group: &&NewGroup| (group.confers == Some(Role::Administrator)) == of_administrators;
        groups.iter().find(confers).unwrap().name.clone()
    };
    [name(true), name(false)]
}

fn payloads(caller: &Caller) -> Vec<(&'static str, Command)> {
    let mut all = Vec::new();
    for (name, user) in [
        ("of an administrator", "admin2"),
        ("of an inactive administrator", "dis"),
        ("of a manager", "mia2"),
        ("of a holder", "holder2"),
        ("of an ordinary person", "bob"),
    ] {
        all.extend(about_person(&named(user)).into_iter().map(|command| (name, command)));
    }
    // Written in another case, so that the name has to be looked up.
    let folded = UserRef::FoldedName("ADMIN2".to_owned());
    all.push(("of an administrator", Command::ChangePassword(folded, None)));
    for (name, role) in [
        ("to the administrator's role", Role::Administrator),
        ("to the manager's role", Role::Manager),
    ] {
        let patch = UserPatch { role: Some(role), ..UserPatch::default() };
        all.push((name, Command::CreateUser(Box::new(NewUser { role, ..NewUser::default() }))));
        all.push((name, update(named("bob"), patch.clone())));
        all.extend(caller.user().map(|own| (name, update(own.into(), patch))));
    }
    let [administrators, ordinary] = first_groups();
    for (name, group) in [
        ("into the administrators' group", administrators.as_str()),
        ("into a group of holders", "holders"),
        ("into an ordinary group", ordinary.as_str()),
    ] {
        let groups =
            GroupChange { namespace: rights_namespace(), groups: vec![rights_group(group)] };
        let patch = UserPatch { groups: Some(groups.clone()), ..UserPatch::default() };
        let new = NewUser { groups: Some(groups), ..NewUser::default() };
        all.push((name, Command::CreateUser(Box::new(new))));
        all.push((name, update(named("bob"), patch.clone())));
        all.extend(caller.user().map(|own| (name, update(own.into(), patch))));
        all.push((name, Command::AddMember(rights_group(group), named("bob"))));
        all.push((name, Command::RemoveMember(rights_group(group), named("bob"))));
        all.push((name, Command::UpdateGroup(rights_group(group), Box::default())));
        all.push((name, Command::DeleteGroup(rights_group(group))));
    }
    all.extend(given_to_groups());
    all.extend(rights_of_a_system(caller));
    let ids = [(namespace(), "1".to_owned())].into();
    let new = NewUser { ids, ..NewUser::default() };
    all.push(("with ids of the caller's choice", Command::CreateUser(Box::new(new))));
    all
}

fn update(user: UserRef, patch: UserPatch) -> Command {
    Command::UpdateUser(user, Box::new(patch))
}

fn about_person(user: &UserRef) -> Vec<Command> {
    let user = || user.clone();
    vec![
        update(user(), UserPatch::default()),
        Command::ActivateUser(user()),
        Command::DeactivateUser(user()),
        Command::DeleteUser(user()),
        Command::ChangePassword(user(), None),
        Command::IssueKey(Some(user()), Box::new(key())),
        Command::RevokeKeys(Some(user()), namespace(), KeyChoice::All),
        Command::MergeSettings(user(), "theme.".to_owned(), AttributeChanges::new()),
    ]
}

fn given_to_groups() -> Vec<(&'static str, Command)> {
    let most = Grant::ALL.into_iter().filter(|grant| *grant != Grant::Administer).collect();
    let mut all = Vec::new();
    for (name, grants) in [("with every grant", Grants::all()), ("with a holder's grants", most)] {
        let new = NewGroup { grants: grants.clone(), ..NewGroup::default() };
        let patch = GroupPatch { grants: Some(grants), ..GroupPatch::default() };
        all.push((name, Command::CreateGroup(Box::new(new))));
        all.push((name, Command::UpdateGroup(rights_group(&first_groups()[1]), Box::new(patch))));
    }
    let new = NewGroup { confers: Some(Role::Administrator), ..NewGroup::default() };
    all.push(("standing for the administrator's role", Command::CreateGroup(Box::new(new))));
    all
}

/// Rights that one system has in its own attributes.
fn rights_of_a_system(caller: &Caller) -> Vec<(&'static str, Command)> {
    let owning = registry::dialects().filter(|adapter| !adapter.rights.is_empty());
    owning.flat_map(|adapter| rights_of(adapter, caller)).collect()
}

fn rights_of(adapter: &Adapter, caller: &Caller) -> Vec<(&'static str, Command)> {
    let name = "with a system's own rights";
    let own = || (adapter.rights[0].to_owned(), json!(["ADMIN"]));
    let prefix = || format!("{}.", adapter.name);
    let set = || -> AttributeChanges { [own()].map(|(key, value)| (key, Some(value))).into() };
    let attributes = || -> Attributes { [own()].into_iter().collect() };
    let new = NewUser { attributes: attributes(), ..NewUser::default() };
    let group = NewGroup { attributes: attributes(), ..NewGroup::default() };
    let patch = GroupPatch { attributes: set(), ..GroupPatch::default() };
    let mut all = vec![
        (name, Command::CreateUser(Box::new(new))),
        (name, update(named("bob"), UserPatch { attributes: set(), ..UserPatch::default() })),
        (name, Command::CreateGroup(Box::new(group))),
        (name, Command::UpdateGroup(rights_group(&first_groups()[1]), Box::new(patch))),
        (name, Command::MergeSettings(named("bob"), prefix(), set())),
    ];
    let merged = |user: UserRef| Command::MergeSettings(user, prefix(), set());
    all.extend(caller.user().map(|user| (name, merged(user.into()))));
    all
}
