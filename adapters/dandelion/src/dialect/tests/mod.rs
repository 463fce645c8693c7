//! The commands that the dialect runs, and its answers to faults.

mod script;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::{FaultKind, Refusal, Subject};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_testkit::scripted::exchange::{Asked, Script};
use isogloss_testkit::scripted::now;

use super::*;
use crate::ids::NAMESPACE;
use script::{dialect, get, options, post, refusing, script, user};

fn answer(dialect: &Dandelion, request: &Request, script: &Script) -> (u16, String) {
    let response = now(dialect.answer(request, script));
    (response.status, String::from_utf8(response.body.to_vec()).unwrap())
}

/// The command that was run last.
fn last(script: &Script) -> Option<Command> {
    script.asked().pop().map(|Asked { command, .. }| command)
}

fn outage(_: &Command) -> Result<Outcome, Fault> {
    Err(Fault::new(FaultKind::Unavailable, "down"))
}

fn absence(_: &Command) -> Result<Outcome, Fault> {
    Err(Fault::not_found(Subject::User))
}

fn done(command: &Command) -> Result<Outcome, Fault> {
    if matches!(command, Command::GetUser(_)) {
        return Ok(Outcome::User(Box::new(User { role: Role::User, ..user() })));
    }
    if matches!(command, Command::ListUsers) { outage(command) } else { Ok(Outcome::Done) }
}

#[test]
fn an_outage_is_never_an_absence() {
    const KEYED: &str = "apikey=k&uid=7&pw=x&fullname=x&role=1&groupid=9&rights={}";
    let script = script(outage);
    for path in ["users/getuser", "users/getusers", "cheesto/read", "groups/getlist", "key/get"] {
        let (status, body) = answer(&dialect(), &get(&format!("/api/{path}"), KEYED), &script);
        assert!(status == 500 && body.contains("\"errorcode\":6,"), "{path}: {body}");
    }
    for path in ["users/delete", "users/edit", "groups/edit", "groups/delete", "key/revoke"] {
        let (status, body) = answer(&dialect(), &post(&format!("/api/{path}"), KEYED), &script);
        assert!(status == 500 && body.contains("\"errorcode\":6,"), "{path}: {body}");
    }
    let down = refusing(Fault::new(FaultKind::Timeout, ""), outage);
    let (status, body) = answer(&dialect(), &get("/api/key/test", KEYED), &down);
    assert!(status == 500 && body.contains("\"errorcode\":6,"), "{body}");
    let login = post("/login", "user=admin&pass=secret");
    assert_eq!(answer(&dialect(), &login, &down), (500, String::new()));
}

#[test]
fn the_gateway_only_reads_in_its_own_name() {
    let script = script(done);
    for row in dialect().methods().iter().filter(|method| method.name.starts_with("POST /api")) {
        let form = "apikey=k&uid=7&pw=x&username=x&password=x&fullname=x&role=2&name=x&groupid=9&rights={}";
        answer(&dialect(), &post(&row.name[5..], form), &script);
    }
    let asked = script.asked();
    let own = asked.iter().filter(|asked| asked.caller == Caller::Gateway);
    let own = own.map(|asked| asked.command.verb());
    let reads = [Verb::GetUser, Verb::GetGroup, Verb::ListUsers, Verb::ListGroups];
    assert!(own.clone().count() > 0 && own.clone().all(|verb| reads.contains(&verb)));
    assert!(script.verbs().contains(&Verb::CreateUser));
}

#[test]
fn a_group_and_its_role_change_in_one_command() {
    let script = script(done);
    let change = |role: &str| {
        answer(
            &dialect(),
            &post("/api/users/edit", &format!("apikey=k&uid=7&role={role}")),
            &script,
        );
        let Some(Command::UpdateUser(user, patch)) = last(&script) else { panic!("no change") };
        assert_eq!(user, UserRef::Native(NAMESPACE, "7".to_owned()));
        (patch.role, patch.groups.is_some())
    };
    assert_eq!(change("2"), (Some(Role::Administrator), true));
    assert_eq!(change("3"), (None, true));
    assert_eq!(change("0"), (None, false));
}

#[test]
fn only_72_bytes_of_a_password_are_used() {
    let script = script(done);
    let form = format!("apikey=k&uid=7&pw={}", "x".repeat(80));
    answer(&dialect(), &post("/api/users/resetpassword", &form), &script);
    let Some(Command::UpdateUser(_, patch)) = last(&script) else { panic!("no change") };
    let password = patch.password.clone().flatten().unwrap();
    assert_eq!(password.expose(), "x".repeat(72));
}

#[test]
fn a_new_password_ends_every_other_session() {
    let script = script(done);
    let cookie = |request: Request, id: &str| Request {
        headers: vec![("cookie".to_owned(), format!("{COOKIE}={id}; path=/").into())],
        ..request
    };
    let login = |script: &Script| {
        let response = now(dialect().answer(&post("/login", "user=a&pass=b"), script));
        assert_eq!(response.body, "2");
        let set = response.headers.into_iter().find(|(name, _)| name == "Set-Cookie").unwrap().1;
        set.split(['=', ';']).nth(1).unwrap().to_owned()
    };
    let (own, other) = (login(&script), login(&script));
    assert_ne!(own, other);
    let set = post("/api/i/users/resetpassword", "pw=new");
    let (_, body) = answer(&dialect(), &cookie(set, &own), &script);
    assert!(body.contains("Password changed successfully"), "{body}");
    assert!(script.verbs().contains(&Verb::ChangePassword));
    let me = |id: &str| answer(&dialect(), &cookie(get("/api/i/users/getuser", ""), id), &script).1;
    assert!(me(&own).contains("\"errorcode\":0,"));
    assert!(me(&other).contains("\"errorcode\":3,"));
    let other = Options { namespace: IdNamespace::named("other"), ..options() };
    let other = Dandelion { options: other };
    let request = cookie(get("/api/i/users/getuser", ""), &own);
    assert!(answer(&other, &request, &script).1.contains("\"errorcode\":3,"));
}

#[test]
fn errors_can_be_empty_as_in_the_released_version() {
    let empty = Dandelion { options: Options { empty_errors: true, ..options() } };
    let script = script(absence);
    let ask = |path: &str| answer(&empty, &get(path, "apikey=k"), &script);
    assert_eq!(ask("/api/users/nosuch"), (500, String::new()));
    assert_eq!(ask("/api/users/create"), (500, String::new()));
    assert!(ask("/api/users").1.contains("Bad API call"));
    let refused = refusing(Fault::refused(Refusal::Unknown), absence);
    let (status, body) = answer(&empty, &get("/api/users/getuser", "apikey=k"), &refused);
    assert!(status == 200 && body.contains("API key is not valid"));
}

#[test]
fn a_request_that_cannot_be_read_is_answered_in_the_envelope() {
    let refuse = |path: &str, kind| {
        let response = dialect().refuse(&post(path, ""), &Fault::new(kind, ""));
        (response.status, response.body.starts_with(b"{\"errorcode\":"))
    };
    assert_eq!(refuse("/api/users/create", FaultKind::TooLarge), (413, true));
    assert_eq!(refuse("/api/users/create", FaultKind::Timeout), (500, true));
    assert_eq!(refuse("/login", FaultKind::Timeout), (500, false));
}
