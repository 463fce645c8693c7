//! Invented people and groups, for `explain`.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::group::Group;
use isogloss_canonical::key::Key;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::namespace::{IdNamespace, NativeIds};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence, User, UserRef};
use isogloss_canonical::verb::Answers;
use jiff::Timestamp;
use uuid::Uuid;

use crate::registry;

/// The seal of the invented callers. Nothing is executed for them, so it is never checked.
const SEAL: Seal = Seal::new([0; 32]);

/// An administrator, with any kind of credentials.
pub(crate) fn caller(shown: &Credentials) -> Caller {
    match shown {
        Credentials::Key { namespace, .. } if registry::has_application_key(namespace) => {
            Caller::application(namespace.clone(), SEAL)
        }
        Credentials::Key { .. }
        | Credentials::Login { .. }
        | Credentials::Vouched(_)
        | Credentials::Named(..) => {
            let user = User { role: Role::Administrator, ..person("admin", None) };
            Caller::person(user, Proof::Password, SEAL)
        }
    }
}

/// An example of the answer to a command that succeeds.
pub(crate) fn outcome(command: &Command) -> Outcome {
    let someone = || Box::new(person("someone", command.person()));
    match command.verb().answers() {
        Answers::Done => Outcome::Done,
        Answers::User => Outcome::User(someone()),
        Answers::Users => Outcome::Users(vec![*someone()]),
        Answers::Group => Outcome::Group(Box::new(group())),
        Answers::Groups => Outcome::Groups(Vec::new()),
        Answers::Keys => Outcome::Keys(issued(command).into_iter().collect()),
        Answers::KeyFound => Outcome::KeyFound(Box::new(found(command)), Some(someone())),
        Answers::Settings => Outcome::Settings(Attributes::new()),
        Answers::Locks => Outcome::Locks(Vec::new()),
        Answers::Verified => Outcome::Verified(true),
    }
}

/// The key that a command issues.
fn issued(command: &Command) -> Option<Key> {
    let Command::IssueKey(_, new) = command else { return None };
    let key = Key::vouched(new.namespace.clone(), None);
    Some(Key { label: new.label.clone(), scope: new.scope.clone(), expires: new.expires, ..key })
}

fn found(command: &Command) -> Key {
    let namespace = if let Command::FindKey(namespace, _) = command {
        namespace.clone()
    } else {
        IdNamespace::named("")
    };
    Key::vouched(namespace, None)
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
        co_owners: Vec::new(),
        changers: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: None,
        members: 0,
        attributes: Attributes::new(),
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}
