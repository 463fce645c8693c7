//! The gateway, the dialect and the requests of the tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::now;
use jiff::Timestamp;

use crate::database::Database;
use crate::dialect::Kanboard;
use crate::options::Options;
use crate::options::version::Version;

pub(super) const NAMESPACE: IdNamespace = IdNamespace::named("kanboard");
/// The application's Basic credentials.
pub(super) const APPLICATION: &str = "jsonrpc:token";
/// A user's Basic credentials.
pub(super) const ANN: &str = "ann:secret";

/// The caller is the application. Every command has this outcome.
pub(super) fn application(outcome: Outcome) -> Script {
    Script::application(NAMESPACE).answering(move |_| Ok(outcome.clone()))
}

/// The caller is this user, with a password. Every command has this outcome.
pub(super) fn person(user: User, outcome: Outcome) -> Script {
    Script::person(user, Proof::Password).answering(move |_| Ok(outcome.clone()))
}

/// The commands that the dialect ran.
pub(super) fn commands(script: &Script) -> Vec<Command> {
    script.asked().into_iter().map(|asked| asked.command).collect()
}

/// User 7, as newly created.
pub(super) fn user(role: Role) -> User {
    User { ids: [(NAMESPACE, "7".to_owned())].into(), role, ..User::seen("ann") }
}

/// A request with this body and these Basic credentials.
pub(super) fn request(login: &str, body: &str) -> Request {
    let basic = format!("Basic {}", STANDARD.encode(login));
    Request {
        method: "POST".to_owned(),
        path: "/jsonrpc.php".to_owned(),
        query: None,
        headers: vec![("authorization".to_owned(), basic.into())],
        body: body.to_owned().into(),
        path_prefix: String::new(),
        client: None,
        received: Timestamp::UNIX_EPOCH,
    }
}

/// The default options, but for the database.
pub(super) fn options(database: Database) -> Options {
    Options { database, ..options_of(Version::default()) }
}

/// The default options, but for the version.
pub(super) const fn options_of(version: Version) -> Options {
    Options {
        namespace: NAMESPACE,
        version,
        database: Database::Sqlite,
        integers: version.differences().integers,
        authentication_header: None,
    }
}

/// The status and the body of the dialect's answer, as on this database.
pub(super) fn answer_on(
    database: Database,
    login: &str,
    body: &str,
    script: &Script,
) -> (u16, String) {
    answer_of(&options(database), login, body, script)
}

/// The status and the body of the dialect's answer, with these options.
pub(super) fn answer_of(
    options: &Options,
    login: &str,
    body: &str,
    script: &Script,
) -> (u16, String) {
    let dialect = Kanboard::new(options.clone());
    let response = now(dialect.answer(&request(login, body), script));
    (response.status, String::from_utf8(response.body.to_vec()).unwrap())
}

/// The status and the body of the dialect's answer.
pub(super) fn answer(login: &str, body: &str, script: &Script) -> (u16, String) {
    answer_on(Database::Sqlite, login, body, script)
}
