//! What the dialect answers in an outage, and what it asks of the gateway.

mod batch;
mod script;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Credentials, Proof};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_interop::php::json::Style;
use isogloss_interop::php::value::Php;
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::session_store::Sessions;
use serde_json::json;

use crate::database::Database;
use crate::dialect::Kanboard;
use crate::dialect::method::Method;
use crate::dialect::table::table;
use crate::dialect::tests::script::{
    ANN, APPLICATION, NAMESPACE, answer, answer_of, answer_on, application, commands, options,
    options_of, person, request, user,
};
use crate::options::version::Version;
use crate::wire::user::UserRow;

const OUTAGES: [FaultKind; 3] = [FaultKind::Unavailable, FaultKind::Timeout, FaultKind::Unexpected];

/// A call with a number for each required parameter.
fn call(method: &Method) -> String {
    let required = method.parameters.iter().filter(|own| own.default.is_none());
    let arguments = required.map(|own| (own.name.to_owned(), json!("1234567")));
    let mut params: serde_json::Map<_, _> = arguments.collect();
    let name = method.info.name;
    if name.starts_with("update") {
        params.insert("name".to_owned(), json!("x"));
    }
    json!({"jsonrpc": "2.0", "method": name, "params": params, "id": 1}).to_string()
}

#[test]
fn an_outage_is_never_answered_as_absence() {
    for (version, kind) in
        Version::ALL.iter().flat_map(|version| OUTAGES.map(|own| (*version, own)))
    {
        for method in table(version).methods.iter().filter(|own| !own.info.verbs.is_empty()) {
            let (name, body) = (method.info.name, call(method));
            let down = Script::person(user(Role::Administrator), Proof::Password);
            let down = down.failing(kind).with_sessions(Sessions::failing(kind));
            let (status, answer) = answer_of(&options_of(version), ANN, &body, &down);
            assert!(!answer.contains("result"), "{version:?} {name}: {answer}");
            assert!(status == 200 && answer.contains("\"code\":0"), "{version:?} {name}: {answer}");
        }
    }
}

#[test]
fn credentials_that_cannot_be_checked_are_an_error() {
    let body = r#"{"jsonrpc":"2.0","method":"getVersion","id":1}"#;
    let answer = |fault| answer(ANN, body, &Script::nobody(fault));
    let (status, answered) = answer(Fault::new(FaultKind::Unavailable, "down"));
    assert!(status == 200 && answered.contains("SQL Error[HY000]"), "{answered}");
    let directory = Fault::new(FaultKind::Unavailable, "down").about(Subject::Directory);
    let (_, answered) = answer(directory);
    assert!(answered.contains("Unable to connect to LDAP server"), "{answered}");
    for refusal in [Refusal::Unknown, Refusal::Locked, Refusal::Inactive, Refusal::SecondFactor] {
        assert_eq!(answer(Fault::refused(refusal)).0, 401, "{refusal:?}");
    }
}

#[test]
fn a_users_token_is_not_the_applications() {
    let body = r#"{"jsonrpc":"2.0","method":"getVersion","id":1}"#;
    let administrator = person(user(Role::Administrator), Outcome::Done);
    assert_eq!(answer(APPLICATION, body, &administrator).0, 401);
    assert_eq!(answer(ANN, body, &application(Outcome::Done)).0, 401);
    let script = application(Outcome::Done);
    assert_eq!(answer(APPLICATION, body, &script).0, 200);
    assert!(matches!(script.shown()[0], Credentials::Key { .. }));
}

#[test]
fn a_refused_call_asks_nothing_of_the_gateway() {
    let ordinary = person(user(Role::User), Outcome::Done);
    let (status, _) = answer(ANN, r#"{"jsonrpc":"2.0","method":"REMOVEUSER","id":1}"#, &ordinary);
    assert_eq!(status, 403);
    let script = application(Outcome::Done);
    for body in [
        r#"{"jsonrpc":"2.0","method":"removeUser","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"createUser","params":["a","12345"],"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"updateUser","params":{"id":7,"email":"x"},"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"getUser","params":["abc"],"id":1}"#,
    ] {
        answer(APPLICATION, body, &script);
    }
    assert!(ordinary.asked().is_empty() && script.asked().is_empty());
}

#[test]
fn an_update_is_one_command() {
    let changed = Outcome::User(Box::new(user(Role::Manager)));
    let script = application(changed);
    let body = r#"[{"jsonrpc":"2.0","method":"updateUser","id":1,
        "params":{"id":" 07 ","username":" bob ","name":null,"role":"app-admin"}}]"#;
    let (_, answered) = answer(APPLICATION, body, &script);
    assert_eq!(answered, r#"[{"jsonrpc":"2.0","result":true,"id":1}]"#);
    let patch = UserPatch {
        username: Some("bob".to_owned()),
        role: Some(Role::Administrator),
        attributes: [("kanboard.role".to_owned(), None)].into(),
        ..UserPatch::default()
    };
    let seven = UserRef::Native(NAMESPACE, "7".to_owned());
    // The commands before it only read: whether somebody has the name with its blanks.
    let asked = commands(&script);
    let changes: Vec<_> = asked.iter().filter(|command| command.verb().changes()).collect();
    assert_eq!(changes, [&Command::UpdateUser(seven, Box::new(patch))]);
}

#[test]
fn a_stored_role_counts_only_with_the_least_role() {
    let mut user = user(Role::Administrator);
    user.attributes.insert("kanboard.role".to_owned(), json!(""));
    let body = r#"{"jsonrpc":"2.0","method":"getVersion","id":1}"#;
    assert_eq!(answer(ANN, body, &person(user.clone(), Outcome::Done)).0, 200);
    user.role = Role::User;
    assert_eq!(answer(ANN, body, &person(user, Outcome::Done)).0, 403);
}

#[test]
fn answers_depend_on_the_database() {
    let body = r#"{"jsonrpc":"2.0","method":"getUser","params":["7x"],"id":1}"#;
    let found = || application(Outcome::Keys(Vec::new()));
    let (_, answered) = answer(APPLICATION, body, &found());
    assert!(answered.contains("\"result\":null"), "{answered}");
    let (_, answered) = answer_on(Database::Postgres, APPLICATION, body, &found());
    assert!(answered.contains("\"code\":0") && answered.contains("22P02"), "{answered}");
    let mut row = String::new();
    let (options, user) = (options(Database::Postgres), user(Role::User));
    UserRow::new(&options, &user, Php::Null).encode().write(&mut row, Style::UNESCAPED).unwrap();
    assert!(row.contains("\"is_active\":true") && !row.contains("is_admin"), "{row}");
}

#[test]
fn a_body_that_is_too_large_is_a_parse_error() {
    let refused = |kind| {
        let dialect = Kanboard::new(options(Database::Sqlite));
        let response = dialect.refuse(&request(ANN, ""), &Fault::new(kind, ""));
        (response.status, response.body.is_empty())
    };
    assert_eq!(refused(FaultKind::TooLarge), (200, false));
    assert_eq!(refused(FaultKind::Timeout), (500, true));
}

/// A system without renaming, or one whose names have no slash.
#[test]
fn a_name_that_the_system_cannot_hold_is_refused_by_false() {
    let of = |subject| {
        application(Outcome::Done).answering(move |command| {
            if matches!(command, Command::CreateUser(_) | Command::UpdateUser(..)) {
                return Err(Fault::new(FaultKind::Unsupported, "it cannot").about(subject));
            }
            Err(Fault::not_found(Subject::User))
        })
    };
    for (method, params) in [
        ("createUser", json!({"username": "a/b", "password": "secret"})),
        ("updateUser", json!({"id": 7, "username": "other"})),
    ] {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
        let body = body.to_string();
        let (_, refused) = answer(APPLICATION, &body, &of(Subject::Username));
        assert!(refused.contains("\"result\":false"), "{method}: {refused}");
        let (_, lacking) = answer(APPLICATION, &body, &of(Subject::Password));
        assert!(lacking.contains("Method not found"), "{method}: {lacking}");
    }
}
