//! People and groups who do not exist, for `explain`.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::group::{Group, GroupId};
use isogloss_canonical::namespace::NativeIds;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::{Attributes, Evidence, Role, User, UserRef};
use jiff::Timestamp;
use uuid::Uuid;

use crate::registry;

/// Nothing is carried out for such callers, so nothing checks it.
const SEAL: Seal = Seal::new([0; 32]);

/// An administrator, however they prove it.
pub(crate) fn caller(shown: &Credentials) -> Caller {
    match shown {
        Credentials::Key { namespace, .. } if registry::has_application_key(namespace) => {
            Caller::application(namespace.clone(), SEAL)
        }
        _ => {
            let user = User { role: Role::Administrator, ..person("admin", None) };
            Caller::person(user, Proof::Password, SEAL)
        }
    }
}

/// What a command would answer if all went well.
pub(crate) fn outcome(command: &Command) -> Outcome {
    let someone = || Box::new(person("someone", command.person()));
    match command.verb() {
        Verb::CreateUser
        | Verb::CreateFromDirectory
        | Verb::GetUser
        | Verb::UpdateUser
        | Verb::DeleteUser => Outcome::User(someone()),
        Verb::ListUsers | Verb::ListMembers => Outcome::Users(vec![*someone()]),
        Verb::ListKeys | Verb::VerifyKey => Outcome::Keys(Vec::new()),
        Verb::ReadSettings | Verb::ServerFacts => Outcome::Settings(Attributes::new()),
        Verb::CreateGroup | Verb::GetGroup | Verb::UpdateGroup => Outcome::Group(Box::new(group())),
        Verb::ListGroups | Verb::GroupsOf => Outcome::Groups(Vec::new()),
        Verb::ListLocks => Outcome::Locks(Vec::new()),
        Verb::VerifyPassword => Outcome::Verified(true),
        Verb::ActivateUser
        | Verb::DeactivateUser
        | Verb::ChangePassword
        | Verb::IssueKey
        | Verb::RevokeKeys
        | Verb::MergeSettings
        | Verb::DeleteGroup
        | Verb::AddMember
        | Verb::RemoveMember
        | Verb::AssignIds
        | Verb::FindKey
        | Verb::CountFailure
        | Verb::ClearFailures => Outcome::Done,
    }
}

fn person(username: &str, asked: Option<&UserRef>) -> User {
    let mut ids: NativeIds = registry::numbered_ids("7");
    let mut username = username.to_owned();
    match asked {
        Some(UserRef::Native(namespace, id)) => drop(ids.insert(namespace.clone(), id.clone())),
        Some(UserRef::Name(name) | UserRef::FoldedName(name)) => username.clone_from(name),
        Some(UserRef::Id(_) | UserRef::Email(_)) | None => {}
    }
    User { ids, ..User::seen(username) }
}

fn group() -> Group {
    Group {
        id: GroupId(Uuid::nil()),
        namespace: None,
        ids: registry::numbered_ids("7"),
        name: "some group".to_owned(),
        description: None,
        owner: None,
        stewards: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: None,
        members: 0,
        attributes: Attributes::new(),
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}
