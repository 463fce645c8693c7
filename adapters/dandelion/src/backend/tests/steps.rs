//! Changes that take several calls, against a server that fails at each of them.

use isogloss_testkit::scripted::upstream::Failing;

use super::fake::{Fake, Stored, methods};
use super::*;
use crate::backend::tests::server::backend;

const EVERY: [Failing; 3] = [Failing::Before, Failing::After, Failing::Silently];

fn person(username: &str, role: Role, inactive: bool, theme: Option<&str>) -> Command {
    let theme = theme.map(|theme| (THEME.to_owned(), json!(theme)));
    Command::CreateUser(Box::new(NewUser {
        username: username.to_owned(),
        password: Some("secret-1".into()),
        role,
        inactive,
        attributes: theme.into_iter().collect(),
        ..NewUser::default()
    }))
}

fn stored(fake: &Fake) -> Vec<(String, String, bool)> {
    let people = fake.people.lock().unwrap();
    let row = |one: &Stored| (one.username.clone(), one.group.clone(), one.active);
    people.iter().map(row).collect()
}

#[test]
fn a_failed_creation_leaves_no_user() {
    for (role, group) in [(Role::User, "1"), (Role::Administrator, "2")] {
        for (inactive, theme) in [(true, None), (false, Some("modern")), (true, Some("modern"))] {
            let whole = Fake::failing(None);
            let create = || person("ada", role, inactive, theme);
            let made = user(run(&backend(&whole), create()));
            assert_eq!((made.active, made.role), (!inactive, role));
            let steps = methods(&whole).len();
            for at in 0..steps {
                for how in EVERY {
                    let fake = Fake::failing(Some((at, how)));
                    let called = run(&backend(&fake), create());
                    let left = fake.named("ada");
                    let step = &methods(&fake)[at];
                    let about = format!("{step} {how:?}, then {left:?}");
                    if let Ok(done) = called {
                        let done = done.user().unwrap();
                        assert_eq!((done.active, done.role), (!inactive, role), "{about}");
                        let left = left.unwrap();
                        assert_eq!((left.active, &*left.group), (!inactive, group), "{about}");
                    } else if step == "users/create" || at == 2 {
                        // Nothing proves that this user was created by this command: it has no
                        // rights, and nothing is written to its id.
                        assert!(left.is_none_or(|left| left.group == "1"), "{about}");
                    } else {
                        assert_eq!(left, None, "{about}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_restriction_is_applied_before_a_grant() {
    let off = UserPatch {
        role: Some(Role::Administrator),
        active: Some(false),
        password: Some(Some("new-secret".into())),
        ..UserPatch::default()
    };
    let on = UserPatch { role: Some(Role::User), active: Some(true), ..UserPatch::default() };
    // Whatever fails, there is never an active administrator in between.
    for (patch, group, active) in [(off, "1", true), (on, "2", false)] {
        for at in 0..9 {
            for how in EVERY {
                let fake = Fake::failing(Some((at, how)));
                fake.add("ada", group);
                fake.people.lock().unwrap()[1].active = active;
                let two = UserRef::Native(NAMESPACE, "2".to_owned());
                let change = Command::UpdateUser(two, Box::new(patch.clone()));
                let done = run(&backend(&fake), change).is_ok();
                let left = fake.named("ada").unwrap();
                let about = format!("{at} {how:?}: {left:?} {:?}", methods(&fake));
                // If the server answers "disabled" and does nothing, only the last read shows it.
                if how != Failing::Silently {
                    assert!(!left.active || left.group != "2", "{about}");
                }
                if done {
                    let wanted = (patch.role == Some(Role::Administrator), patch.active);
                    assert_eq!((left.group == "2", Some(left.active)), wanted, "{about}");
                }
            }
        }
    }
}

#[test]
fn a_change_that_was_not_done_is_a_fault() {
    for how in [Failing::Silently] {
        for role in [Role::User, Role::Administrator] {
            let fake = Fake::failing(Some((1, how)));
            fake.add("ada", "4");
            let patch = UserPatch { role: Some(role), ..UserPatch::default() };
            let two = UserRef::Native(NAMESPACE, "2".to_owned());
            let fault = run(&backend(&fake), Command::UpdateUser(two, Box::new(patch)));
            assert_eq!(fault.unwrap_err().kind, FaultKind::Unexpected);
            assert_eq!(methods(&fake)[1], "users/edit");
        }
        for switch in [Command::DeactivateUser, Command::ActivateUser] {
            let fake = Fake::failing(Some((0, how)));
            fake.add("ada", "1");
            let switch = switch(UserRef::Native(NAMESPACE, "2".to_owned()));
            fake.people.lock().unwrap()[1].active = matches!(switch, Command::DeactivateUser(_));
            assert_eq!(run(&backend(&fake), switch).unwrap_err().kind, FaultKind::Unexpected);
        }
    }
}

#[test]
fn a_similar_name_is_not_taken_for_the_new_user() {
    let fake = Fake::failing(None);
    fake.add("\u{e9}mile", "1");
    let made = user(run(&backend(&fake), person("\u{c9}MILE", Role::Administrator, true, None)));
    assert_eq!(made.native(&NAMESPACE), Some("3"));
    let rows = [("admin", "2", true), ("\u{e9}mile", "1", true), ("\u{c9}MILE", "2", false)];
    let rows = rows.map(|(name, group, on)| (name.to_owned(), group.to_owned(), on));
    assert_eq!(stored(&fake), rows);
    // A name that the server takes for a duplicate is a conflict, and no user changes.
    let again = run(&backend(&fake), person("ADMIN", Role::User, true, None)).unwrap_err();
    assert_eq!((again.kind, again.subject), (FaultKind::Conflict, Some(Subject::Username)));
    assert_eq!(stored(&fake), rows);
}

#[test]
fn an_administrator_is_deleted_only_after_the_group_changed() {
    // A user has the id of the administrators' group.
    let deleting = |at: Option<(usize, Failing)>| {
        let fake = Fake::failing(at);
        fake.add("two", "1");
        fake.add("ada", "2");
        let delete = Command::DeleteUser(UserRef::Native(NAMESPACE, "3".to_owned()));
        let done = run(&backend(&fake), delete);
        (done.is_ok(), fake.named("ada"), methods(&fake))
    };
    let (done, left, requests) = deleting(None);
    assert!(done && left.is_none(), "{requests:?}");
    // The server would delete the administrator here; the backend sends no deletion.
    let (done, left, requests) = deleting(Some((1, Failing::Silently)));
    assert!(!done && left.is_some(), "{requests:?}");
    assert!(!requests.iter().any(|call| call == "users/delete"), "{requests:?}");
}

#[test]
fn values_that_the_server_would_cut_are_refused() {
    let fake = Fake::failing(None);
    let own = || backend(&fake);
    let refused = |command: Command| run(&own(), command).unwrap_err().kind;
    // A latin1 connection would cut a character in two, and every later list would fail.
    let letters = "\u{e9}".repeat(200);
    assert_eq!(refused(person(&letters, Role::User, false, None)), FaultKind::Invalid);
    assert_eq!(refused(person("ada", Role::User, false, Some(&letters))), FaultKind::Invalid);
    let one = UserRef::Native(NAMESPACE, "1".to_owned());
    let theme = AttributeChanges::from([(THEME.to_owned(), Some(json!(letters)))]);
    let themed = UserPatch { attributes: theme, ..UserPatch::default() };
    assert_eq!(refused(Command::UpdateUser(one.clone(), Box::new(themed))), FaultKind::Invalid);
    let name = Some(Some("n".repeat(65_536)));
    let named = UserPatch { display_name: name, ..UserPatch::default() };
    assert_eq!(refused(Command::UpdateUser(one, Box::new(named))), FaultKind::Invalid);
    let fits = "t".repeat(255);
    user(run(&own(), person(&fits, Role::User, false, Some(&fits))));
}

#[test]
fn the_owner_of_the_key_is_known() {
    let fake = Fake::failing(None);
    let own = backend(&fake);
    let OwnAccount::Account(user) = now(own.own_account()).unwrap() else { panic!("no account") };
    assert_eq!((&*user.username, user.native(&NAMESPACE)), ("admin", Some("1")));
}
