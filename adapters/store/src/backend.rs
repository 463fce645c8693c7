//! Executes each command in the part of the store that has it.

use std::sync::LazyLock;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Lookup};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{Pages, PeopleQuery};
use isogloss_canonical::verb::Verb;

use crate::pages::Reader;
use crate::store::Store;
use crate::values::RULES;

/// Every verb except one: the store has no directory (LDAP).
static CAPABILITY: LazyLock<Capability> = LazyLock::new(|| {
    let verbs = Verb::ALL.into_iter().filter(|verb| *verb != Verb::CreateFromDirectory);
    let able = Capability::of(verbs).holding(Field::ALL).finding(Lookup::ALL);
    able.paging([Verb::ListUsers]).refusing(RULES.iter().copied())
});

/// What the store can do: every verb except looking up a directory (LDAP).
#[must_use]
pub fn capability() -> Capability {
    CAPABILITY.clone()
}

#[async_trait]
impl Backend for Store {
    fn capability(&self) -> &Capability {
        &CAPABILITY
    }

    fn pages(&self, query: &PeopleQuery) -> Option<Box<dyn Pages>> {
        Reader::new(&self.0, query).map(|reader| Box::new(reader) as Box<dyn Pages>)
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let store = &*self.0;
        match command {
            Command::CreateUser(new) => store.create_user(&new).await,
            Command::CreateFromDirectory(_) => Err(unsupported()),
            Command::GetUser(user) => store.get_user(&user).await,
            Command::ListUsers => store.list_users().await,
            Command::UpdateUser(user, patch) => store.update_user(&user, *patch).await,
            Command::ActivateUser(user) => store.set_active(&user, true).await,
            Command::DeactivateUser(user) => store.set_active(&user, false).await,
            Command::DeleteUser(user) => store.delete_user(&user).await,
            Command::ChangePassword(user, password) => {
                store.change_password(&user, password.as_ref()).await
            }
            Command::IssueKey(owner, new) => store.issue_key(owner.as_ref(), &new).await,
            Command::RevokeKeys(owner, namespace, choice) => {
                store.revoke_keys(owner.as_ref(), &namespace, &choice).await
            }
            Command::ListKeys(owner, namespace, choice) => {
                store.list_keys(owner.as_ref(), &namespace, &choice).await
            }
            Command::ReadSettings(user, prefix) => store.read_settings(&user, &prefix).await,
            Command::MergeSettings(user, prefix, changes) => {
                store.merge_settings(&user, &prefix, &changes).await
            }
            Command::CreateGroup(new) => store.create_group(&new).await,
            Command::GetGroup(group) => store.get_group(&group).await,
            Command::ListGroups(namespace) => store.list_groups(namespace.as_ref()).await,
            Command::UpdateGroup(group, patch) => store.update_group(&group, &patch).await,
            Command::DeleteGroup(group) => store.delete_group(&group).await,
            Command::AddMember(group, user) => store.add_member(&group, &user).await,
            Command::RemoveMember(group, user) => store.remove_member(&group, &user).await,
            Command::ListMembers(group) => store.list_members(&group).await,
            Command::GroupsOf(user) => store.groups_of(&user).await,
            Command::ListLocks(user) => store.list_locks(&user).await,
            Command::ServerFacts => store.server_facts().await,
            Command::AssignIds(rows) => store.assign_ids(&rows).await,
            Command::FindKey(namespace, value) => store.find_key(&namespace, &value).await,
            Command::VerifyPassword(user, password) => {
                store.verify_password(&user, &password).await
            }
            Command::VerifyKey(user, namespace, value) => {
                store.verify_key(&user, &namespace, &value).await
            }
            Command::CountFailure(user, lockout) => store.count_failure(&user, lockout).await,
            Command::ClearFailures(user) => store.clear_failures(&user).await,
        }
    }
}

fn unsupported() -> Fault {
    use isogloss_canonical::fault::{FaultKind, Subject};
    Fault::new(FaultKind::Unsupported, "no directory is configured").about(Subject::Directory)
}
