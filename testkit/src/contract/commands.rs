//! One command of each verb, for one id namespace.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::key::{Issuer, KeyChoice, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, UserPatch, UserRef};
use serde_json::json;

/// One command of each verb, about one person and one group, each with the id 7.
pub(super) fn all(namespace: &IdNamespace) -> Vec<Command> {
    let mut all = people(namespace);
    all.extend(keys(namespace));
    all.extend(groups(namespace));
    all
}

fn person(namespace: &IdNamespace, numbered: bool) -> UserRef {
    if numbered {
        return UserRef::Native(namespace.clone(), "7".to_owned());
    }
    UserRef::Name("ann".to_owned())
}

fn people(namespace: &IdNamespace) -> Vec<Command> {
    let ann = || person(namespace, false);
    let new = NewUser {
        username: "ann".to_owned(),
        email: Some("ann@example.org".to_owned()),
        password: Some("a long secret".into()),
        ..NewUser::default()
    };
    let patch = UserPatch { role: Some(Role::User), ..UserPatch::default() };
    let setting = (format!("{namespace}.theme"), Some(json!("dark")));
    let lockout = Lockout { after: 6, lasting: Duration::from_mins(15) };
    vec![
        Command::CreateUser(Box::new(new)),
        Command::CreateFromDirectory("ann".to_owned()),
        Command::GetUser(ann()),
        Command::ListUsers,
        Command::UpdateUser(ann(), Box::new(patch)),
        Command::ActivateUser(ann()),
        Command::DeactivateUser(ann()),
        Command::DeleteUser(ann()),
        Command::ChangePassword(ann(), Some("another long secret".into())),
        Command::ReadSettings(ann(), format!("{namespace}.")),
        Command::MergeSettings(ann(), format!("{namespace}."), [setting].into()),
        Command::ListLocks(ann()),
        Command::ServerFacts,
        Command::AssignIds(vec![(ann(), namespace.clone(), "7".to_owned())]),
        Command::VerifyPassword(ann(), "a long secret".into()),
        Command::CountFailure(ann(), lockout),
        Command::ClearFailures(ann()),
    ]
}

fn keys(namespace: &IdNamespace) -> Vec<Command> {
    let ann = || person(namespace, false);
    let key = NewKey {
        namespace: namespace.clone(),
        value: "a key that nobody guesses".into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::Gateway,
        replaces: false,
    };
    vec![
        Command::IssueKey(Some(ann()), Box::new(key)),
        Command::RevokeKeys(Some(ann()), namespace.clone(), KeyChoice::All),
        Command::ListKeys(Some(ann()), namespace.clone(), KeyChoice::All),
        Command::FindKey(namespace.clone(), "a key that nobody guesses".into()),
        Command::VerifyKey(ann(), namespace.clone(), "a key that nobody guesses".into()),
    ]
}

fn groups(namespace: &IdNamespace) -> Vec<Command> {
    let team = || GroupRef::Native(namespace.clone(), "7".to_owned());
    let ann = || person(namespace, true);
    let new = NewGroup { name: "team".to_owned(), ..NewGroup::default() };
    let patch = GroupPatch { name: Some("crew".to_owned()), ..GroupPatch::default() };
    vec![
        Command::CreateGroup(Box::new(new)),
        Command::GetGroup(team()),
        Command::ListGroups(None),
        Command::UpdateGroup(team(), Box::new(patch)),
        Command::DeleteGroup(team()),
        Command::AddMember(team(), ann()),
        Command::RemoveMember(team(), ann()),
        Command::ListMembers(team()),
        Command::GroupsOf(ann()),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use isogloss_canonical::verb::Verb;

    use super::*;

    #[test]
    fn every_verb_has_a_command() {
        let verbs: BTreeSet<_> =
            all(&IdNamespace::named("duck")).iter().map(Command::verb).collect();
        let every: BTreeSet<_> = Verb::ALL.into_iter().collect();
        assert_eq!(verbs, every);
    }
}
