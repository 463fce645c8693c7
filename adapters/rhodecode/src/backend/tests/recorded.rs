//! Users, against the recorded servers: the backend sends the requests that they were recorded
//! answering, and understands their answers.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use serde_json::json;

use crate::backend::tests::script::{
    absent, change, create, fails, named, native, new, on_both, run, someone, text, user,
};
use crate::backend::tests::server::{NAMESPACE, Recorded, backend};
use crate::wire::attribute;

#[test]
fn people_are_created_and_deleted() {
    on_both("create-user-passwords", |_, backend| {
        let made = user(run(backend, create(new("tr_p"))));
        assert_eq!(made.native(&NAMESPACE), Some("51"));
        assert_eq!((&*made.username, made.email.as_deref()), ("tr_p", Some("tr_p@example.com")));
        assert_eq!((made.role, made.active, made.has_password), (Role::User, true, true));
        // The default address is the recorded one.
        assert_eq!(run(backend, Command::DeleteUser(someone())).unwrap(), Outcome::Done);
        let defaulted = NewUser { email: None, password: Some("abcdef".into()), ..new("tr_p") };
        assert_eq!(user(run(backend, create(defaulted))).email, made.email);
    });
    on_both("create-user-extern", |_, backend| {
        let attributes = json!({attribute::EXTERN_NAME: "uid=tr_x,dc=example"});
        let attributes = attributes.as_object().cloned().unwrap();
        let source = Some("ldap".to_owned());
        let made = user(run(backend, create(NewUser { source, attributes, ..new("tr_x") })));
        assert_eq!((made.source.as_deref(), made.has_password), (Some("ldap"), false));
        assert_eq!(made.attribute(attribute::EXTERN_NAME), Some(&json!("uid=tr_x,dc=example")));
    });
    on_both("delete-user", |server, backend| {
        server.skip("create tr_del");
        assert_eq!(run(backend, Command::DeleteUser(someone())).unwrap(), Outcome::Done);
        absent(run(backend, Command::DeleteUser(someone())));
    });
    on_both("delete-user-owning-repository", |_, backend| {
        let owner = run(backend, Command::DeleteUser(someone()));
        fails(owner, FaultKind::Invalid, Subject::User);
    });
}

#[test]
fn people_are_found_by_name_and_id() {
    on_both("get-user", |server, backend| {
        server.skip("create tr_get");
        let get = |who: UserRef| run(backend, Command::GetUser(who));
        let found = user(get(named("tr_get")));
        assert_eq!(
            (found.given_name.as_deref(), found.family_name.as_deref()),
            (Some("Ge"), Some("T"))
        );
        // The server lists permissions in any order.
        let plain = |mut one: User| {
            one.attributes.remove(attribute::SYSTEM);
            one
        };
        assert_eq!(plain(user(get(someone()))), plain(found));
        absent(get(named("TR_GET")));
        absent(get(named("tr_get@example.com")));
        absent(get(named("")));
        absent(get(named("tr_nosuch")));
        absent(get(native(987_654)));
        // Ids that the server cannot read, or would take for another user's.
        for id in ["0", "1", "-1", "", "x", " 2", "+2", "2.0", "2147483648", "99999999999999999999"]
        {
            absent(get(native(id)));
        }
        absent(get(named("default")));
        absent(get(named("987654")));
        server.skip("clean up: delete tr_get");
        absent(get(named("tr_get")));
        absent(get(someone()));
    });
}

#[test]
fn everybody_is_listed_in_the_order_of_creation() {
    on_both("get-users", |server, backend| {
        server.skip("args null");
        let all = run(backend, Command::ListUsers).unwrap().users().unwrap();
        assert!(all.iter().any(|one| one.username == "admin" && one.role == Role::Administrator));
    });
    on_both("create-user", |server, backend| {
        server.skip("get_user: an active admin");
        let all = run(backend, Command::ListUsers).unwrap().users().unwrap();
        let shown: Vec<_> = all.iter().map(|one| (&*one.username, one.role, one.active)).collect();
        let ordinary = |name| (name, Role::User, true);
        let expected = [
            ordinary("tr_alice"),
            ordinary("tr_bob"),
            ordinary("tr_carol"),
            ("tr_dave", Role::Administrator, false),
            ("tr_eve", Role::Administrator, true),
        ];
        assert!(expected.iter().all(|one| shown.contains(one)), "{shown:?}");
    });
}

#[test]
fn a_record_is_changed() {
    on_both("update-user", |server, backend| {
        server.skip("create tr_upd");
        let patch = |patch: UserPatch| user(run(backend, change(patch)));
        let given = patch(UserPatch { given_name: Some(text("Upper")), ..UserPatch::default() });
        assert_eq!(given.names(), ("Upper".to_owned(), "Date".to_owned()));
        let family = patch(UserPatch { family_name: Some(text("Dated")), ..UserPatch::default() });
        assert_eq!(family.names(), ("Upper".to_owned(), "Dated".to_owned()));
        let email = UserPatch { email: Some(text("TR_upd2@Example.com")), ..UserPatch::default() };
        assert_eq!(patch(email).email.as_deref(), Some("tr_upd2@example.com"));
        for role in [Role::Administrator, Role::User] {
            assert_eq!(patch(UserPatch { role: Some(role), ..UserPatch::default() }).role, role);
        }
        let set = Command::ChangePassword(someone(), Some("asdasd456".into()));
        assert_eq!(run(backend, set).unwrap(), Outcome::Done);
        let full = UserPatch {
            display_name: Some(text("Zażółć <b>山田</b>")),
            ..UserPatch::default()
        };
        assert_eq!(patch(full).full_name().as_deref(), Some("Zażółć <b>山田</b>"));
        server.skip("own name again");
        let username = Some("tr_upd_renamed".to_owned());
        let renamed = patch(UserPatch { username, ..UserPatch::default() });
        assert_eq!(
            (&*renamed.username, renamed.native(&NAMESPACE)),
            ("tr_upd_renamed", Some("51"))
        );
    });
}

#[test]
fn rhodecodes_own_columns_are_written_and_read() {
    let server = Recorded::scenario("rhodecode", "update-user");
    let described = UserPatch {
        attributes: [(attribute::DESCRIPTION.to_owned(), Some(json!("about me")))].into(),
        ..UserPatch::default()
    };
    let described = user(run(&backend(None, &server), change(described)));
    assert_eq!(described.attribute(attribute::DESCRIPTION), Some(&json!("about me")));
    on_both("update-user", |_, backend| {
        let plugin = |name: &str, plugin: &str| UserPatch {
            source: Some((plugin == "ldap").then(|| plugin.to_owned())),
            attributes: [
                (attribute::EXTERN_NAME.to_owned(), Some(json!(name))),
                (attribute::EXTERN_TYPE.to_owned(), Some(json!(plugin))),
            ]
            .into(),
            ..UserPatch::default()
        };
        let away = user(run(backend, change(plugin("uid=tr_upd", "ldap"))));
        assert_eq!((away.source.as_deref(), away.has_password), (Some("ldap"), false));
        let back = user(run(backend, change(plugin("rhodecode", "rhodecode"))));
        assert_eq!((back.source, back.has_password), (None, true));
    });
}

#[test]
fn a_refused_change_names_the_subject() {
    on_both("update-user-errors", |server, backend| {
        let name =
            |name: &str| UserPatch { username: Some(name.to_owned()), ..UserPatch::default() };
        fails(run(backend, change(name("tr_ue2"))), FaultKind::Invalid, Subject::User);
        let email = |email: &str| UserPatch { email: Some(text(email)), ..UserPatch::default() };
        let taken = run(backend, change(email("TR_UE2@example.com")));
        fails(taken, FaultKind::Invalid, Subject::User);
        server.skip("the default user, nothing to change");
        let default = run(backend, change(name("default")));
        fails(default, FaultKind::Conflict, Subject::Username);
    });
}

#[test]
fn people_are_disabled_and_enabled() {
    on_both("disable-enable", |_, backend| {
        assert!(!user(run(backend, Command::DeactivateUser(someone()))).active);
        assert!(user(run(backend, Command::ActivateUser(someone()))).active);
    });
}

#[test]
fn locks_are_listed() {
    on_both("locks", |_, backend| {
        let locks = run(backend, Command::ListLocks(someone())).unwrap().locks().unwrap();
        assert!(locks.is_empty());
        absent(run(backend, Command::ListLocks(native(987_654))));
    });
}
