//! Plays the recordings of servers before 1.4 backwards.

use isogloss_canonical::fault::Refusal;
use isogloss_canonical::namespace::IdNamespace;

use super::server::older;
use super::*;

/// The older versions, each with its collection.
const VERSIONS: [(&str, &str); 2] = [("1.3", "octoprint13"), ("1.3.0", "octoprint130")];

/// A backend in front of each older server, which plays this scenario after an exchange.
fn each(scenario: &str, after: Option<&str>, check: impl Fn(&str, &Arc<dyn Backend>)) {
    for (version, collection) in VERSIONS {
        let server = Recorded::of(collection, scenario);
        if let Some(name) = after {
            server.skip(name);
        }
        check(version, &older(&server, version));
    }
}

fn verified(backend: &Arc<dyn Backend>, name: &str, password: &str) -> bool {
    let command = Command::VerifyPassword(named(name), password.into());
    run(backend, command).unwrap().verified().unwrap()
}

#[test]
fn users_are_created_and_changed_by_the_switch() {
    each("seed-calls-by-key", None, |_, backend| {
        let new = |password: &str| {
            Command::CreateUser(Box::new(NewUser {
                username: "tr_sc".to_owned(),
                password: Some(password.into()),
                ..NewUser::default()
            }))
        };
        let made = user(run(backend, new("first")));
        assert_eq!((made.role, made.active), (Role::User, true));
        let taken = refused(run(backend, new("other")));
        assert_eq!(taken, (FaultKind::Conflict, Some(Subject::Username)));
        let raised = user(run(backend, change("tr_sc", Some(Role::Administrator), None)));
        assert_eq!((raised.role, raised.active), (Role::Administrator, true));
        let lowered = user(run(backend, change("tr_sc", Some(Role::User), Some(false))));
        assert_eq!((lowered.role, lowered.active), (Role::User, false));
    });
}

#[test]
fn passwords_are_set_and_users_deleted() {
    each("seed-calls-by-key", Some("update() of nobody"), |_, backend| {
        let set = Command::ChangePassword(named("tr_sc"), Some("second".into()));
        run(backend, set).unwrap();
    });
    each("users-list-and-get", Some("list of four"), |_, backend| {
        run(backend, Command::DeleteUser(named("tr_lg1"))).unwrap();
    });
}

#[test]
fn a_user_who_is_not_in_the_list_is_absent() {
    each("users-list-and-get", None, |_, backend| {
        assert!(absent(run(backend, Command::GetUser(named("tr_nosuch")))));
    });
}

#[test]
fn passwords_are_verified_by_a_login() {
    each("login-password", None, |version, backend| {
        assert!(verified(backend, "tr_b1", "pw-tr_b1"), "{version}");
        assert!(!verified(backend, "tr_b1", "wrong"), "{version}");
    });
    // 1.3.0 answers with the record of an inactive user.
    each("users-inactive", None, |version, backend| {
        let login = Command::VerifyPassword(named("tr_i1"), "pw-tr_i1".into());
        let refusal = run(backend, login).unwrap_err().refusal;
        assert_eq!(refusal, Some(Refusal::Inactive), "{version}");
    });
}

fn found(backend: &Arc<dyn Backend>, key: &str) -> Result<Option<String>, FaultKind> {
    let command = Command::FindKey(IdNamespace::named("octoprint"), key.into());
    match run(backend, command) {
        Ok(Outcome::KeyFound(_, owner)) => Ok(owner.map(|owner| owner.username)),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => Err(fault.kind),
    }
}

#[test]
fn the_owner_of_a_key_is_found() {
    let by_login = Recorded::of("octoprint13", "auth-ordinary-user");
    by_login.skip("another's api key");
    let owner = found(&older(&by_login, "1.3"), "ord_key2");
    assert_eq!(owner, Ok(Some("tr_ord".to_owned())));
    let inactive = Recorded::of("octoprint13", "users-inactive");
    assert_eq!(found(&older(&inactive, "1.3"), "i1_key"), Err(FaultKind::NotFound));
    let by_list = Recorded::of("octoprint130", "version-and-headers");
    let backend = older(&by_list, "1.3.0");
    assert_eq!(found(&backend, "admin_key"), Ok(Some("admin".to_owned())));
    assert_eq!(found(&backend, "global_key"), Ok(None));
    assert_eq!(found(&backend, "wrong"), Err(FaultKind::NotFound));
}

/// 1.3 stores a user whose name is a number. The others can be read all the same.
#[test]
fn a_name_that_is_no_text_is_only_its_own_rows() {
    each("users-create-name-types", Some("name a number"), |_, backend| {
        let server = run(backend, Command::ListUsers).unwrap().listed().unwrap();
        assert!(server.users.iter().any(|user| user.username == "admin"));
        assert!(!server.unread.is_empty());
    });
}
