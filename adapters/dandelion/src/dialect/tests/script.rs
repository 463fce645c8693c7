//! The gateway, the dialect and the requests of the tests.

use std::sync::{Arc, Mutex};

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::http::Request;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Evidence, User, UserId, UserRef};
use isogloss_testkit::scripted::exchange::Script;
use jiff::Timestamp;

use crate::dialect::Dandelion;
use crate::ids::NAMESPACE;
use crate::options::Options;
use crate::options::version::Version;
use crate::roles::foundation::foundation;

pub(super) type Reply = fn(&Command) -> Result<Outcome, Fault>;

/// A gateway that knows one user, the administrator 1. It answers what every test needs: that user,
/// who remembers a new password, and the group of administrators. This answers the rest.
pub(super) fn script(reply: Reply) -> Script {
    let password_changed = Changed::default();
    let known = Arc::clone(&password_changed);
    replying(Script::changing(move || shown(&known), Proof::Vouched), password_changed, reply)
}

/// The same, but it refuses every credential.
pub(super) fn refusing(fault: Fault, reply: Reply) -> Script {
    replying(Script::nobody(fault), Changed::default(), reply)
}

/// When the user's password was changed; at first it was never changed.
type Changed = Arc<Mutex<Option<Timestamp>>>;

/// The user with the time of the last change.
fn shown(changed: &Changed) -> User {
    let known = user();
    User { password_changed: changed.lock().unwrap().unwrap_or(known.password_changed), ..known }
}

fn replying(script: Script, changed: Changed, reply: Reply) -> Script {
    let answer = move |command: &Command| {
        if matches!(command, Command::GetGroup(_)) {
            return Ok(Outcome::Group(Box::new(administrators())));
        }
        if matches!(command, Command::GetUser(UserRef::Id(_))) {
            return Ok(Outcome::User(Box::new(shown(&changed))));
        }
        if matches!(command, Command::ChangePassword(..)) {
            *changed.lock().unwrap() = Some(now());
            return Ok(Outcome::Done);
        }
        reply(command)
    };
    script.answering(answer).at(now())
}

fn now() -> Timestamp {
    Timestamp::from_second(2_000_000_000).unwrap()
}

pub(super) fn user() -> User {
    User {
        id: UserId(uuid::Uuid::nil()),
        ids: [(NAMESPACE, "1".to_owned())].into(),
        username: "admin".to_owned(),
        display_name: None,
        given_name: None,
        family_name: None,
        email: None,
        role: Role::Administrator,
        active: true,
        has_password: true,
        source: None,
        failures: 0,
        locked_until: None,
        addresses: Vec::new(),
        groups: Vec::new(),
        attributes: serde_json::Map::new(),
        created: Timestamp::UNIX_EPOCH,
        password_changed: Timestamp::UNIX_EPOCH,
        sessions_since: Timestamp::UNIX_EPOCH,
        last_login: None,
        evidence: Evidence::default(),
    }
}

pub(super) fn administrators() -> Group {
    let founded = foundation().remove(1);
    Group {
        id: GroupId(uuid::Uuid::nil()),
        namespace: founded.namespace,
        ids: founded.ids,
        name: founded.name,
        description: None,
        owner: None,
        co_owners: Vec::new(),
        changers: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: founded.confers,
        members: 1,
        attributes: founded.attributes,
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}

pub(super) fn options() -> Options {
    Options {
        namespace: NAMESPACE,
        version: Version::V6_1,
        public_api_disabled: false,
        empty_errors: false,
    }
}

pub(super) fn dialect() -> Dandelion {
    Dandelion { options: options() }
}

pub(super) fn post(path: &str, form: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: None,
        headers: Vec::new(),
        body: form.to_owned().into(),
        path_prefix: String::new(),
        client: None,
        received: now(),
    }
}

pub(super) fn get(path: &str, query: &str) -> Request {
    let query = Some(query.to_owned());
    Request { method: "GET".to_owned(), query, ..post(path, "") }
}
