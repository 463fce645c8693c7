//! Users are created, found, changed and deleted.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{
    GroupChange, Matching, NewUser, Uniqueness, User, UserPatch, UserRef,
};
use isogloss_store::Store;
use serde_json::json;

use crate::kit::{
    DANDELION, KANBOARD, OCTOPRINT, RHODECODE, ask, assert_fault, create, create_group, fresh,
    fresh_with, get, named, namespaces, person, team,
};

async fn change(store: &Store, user: &User, patch: UserPatch) -> Result<User, Fault> {
    Ok(*ask(store, Command::UpdateUser(user.into(), Box::new(patch))).await?.user()?)
}

fn in_namespace(namespace: IdNamespace, id: &str) -> UserRef {
    UserRef::Native(namespace, id.to_owned())
}

#[tokio::test]
async fn a_person_is_kept_whole_and_found_by_every_name() {
    let store = fresh().await;
    let new = NewUser {
        username: "Ada".to_owned(),
        password: Some("secret".into()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        email: Some("Ada@example.org".to_owned()),
        role: Role::Manager,
        source: Some("ldap".to_owned()),
        addresses: vec!["10.0.0.0/8".to_owned()],
        attributes: json!({"octoprint.big": 1, "b": {"z": 1.0, "a": null}})
            .as_object()
            .unwrap()
            .clone(),
        ..NewUser::default()
    };
    let ada = create(&store, new).await.unwrap();
    assert_eq!(ada.full_name().as_deref(), Some("Ada Lovelace"));
    assert!(ada.has_password && ada.active && ada.failures == 0 && ada.last_login.is_none());
    assert_eq!(ada.role, Role::Manager);
    assert_eq!(ada.attributes.keys().collect::<Vec<_>>(), ["octoprint.big", "b"]);
    let references = [
        UserRef::Id(ada.id),
        UserRef::Name("Ada".to_owned()),
        UserRef::FoldedName("aDA ".to_owned()),
        UserRef::Email("ada@EXAMPLE.org".to_owned()),
        in_namespace(KANBOARD, "1"),
        in_namespace(DANDELION, "1"),
        in_namespace(RHODECODE, "2"),
        in_namespace(OCTOPRINT, "Ada"),
    ];
    for reference in references {
        assert_eq!(get(&store, reference.clone()).await.unwrap(), ada, "{reference:?}");
    }
    for absent in
        [UserRef::Name("ada".to_owned()), in_namespace(KANBOARD, "2"), in_namespace(RHODECODE, "1")]
    {
        assert_fault(get(&store, absent).await, FaultKind::NotFound, Subject::User);
    }
}

#[tokio::test]
async fn numbers_of_any_length_come_back_digit_by_digit() {
    let store = fresh().await;
    let text = r#"{"octoprint.n":12345678901234567890123,"octoprint.f":1.0}"#;
    let attributes = serde_json::from_str(text).unwrap();
    let ada = create(&store, NewUser { attributes, ..named("ada") }).await.unwrap();
    assert_eq!(serde_json::to_string(&ada.attributes).unwrap(), text);
}

#[tokio::test]
async fn names_are_unique_as_written_and_folded_where_asked() {
    let store = fresh().await;
    person(&store, "Ada").await;
    assert_fault(create(&store, named("Ada")).await, FaultKind::Conflict, Subject::Username);
    person(&store, "ada").await;
    let folded = Uniqueness { name: Matching::Folded, email: false };
    let third = NewUser { unique: folded, ..named("ADA ") };
    assert_fault(create(&store, third).await, FaultKind::Conflict, Subject::Username);
    // The two names differ in case only, so only the exact name finds each of them.
    let find = |name: &str| get(&store, UserRef::FoldedName(name.to_owned()));
    assert_eq!(find("Ada").await.unwrap().username, "Ada");
    assert_eq!(find("ada").await.unwrap().username, "ada");
    assert_fault(find("ADA").await, FaultKind::NotFound, Subject::User);
}

#[tokio::test]
async fn an_address_is_shared_unless_it_is_asked_to_be_unique() {
    let store = fresh().await;
    let mail = |name: &str, mail: &str, email| NewUser {
        email: Some(mail.to_owned()),
        unique: Uniqueness { email, ..Uniqueness::default() },
        ..named(name)
    };
    create(&store, mail("a", "x@example.org", false)).await.unwrap();
    create(&store, mail("b", "x@example.org", false)).await.unwrap();
    let taken = create(&store, mail("c", "X@example.org", true)).await;
    assert_fault(taken, FaultKind::Conflict, Subject::Email);
    create(&store, mail("d", "", true)).await.unwrap();
    create(&store, mail("e", "", true)).await.unwrap();
    let d = get(&store, UserRef::Name("d".to_owned())).await.unwrap();
    let patch = UserPatch {
        email: Some(Some("X@EXAMPLE.ORG".to_owned())),
        unique: Uniqueness { email: true, ..Uniqueness::default() },
        ..UserPatch::default()
    };
    assert_fault(change(&store, &d, patch).await, FaultKind::Conflict, Subject::Email);
}

#[tokio::test]
async fn an_email_nobody_is_asked_to_own_alone_finds_nobody_when_shared() {
    let store = fresh().await;
    for name in ["a", "b"] {
        let email = Some("x@example.org".to_owned());
        create(&store, NewUser { email, ..named(name) }).await.unwrap();
    }
    create(&store, NewUser { email: Some(String::new()), ..named("c") }).await.unwrap();
    for email in ["x@example.org", ""] {
        let found = get(&store, UserRef::Email(email.to_owned())).await;
        assert_fault(found, FaultKind::NotFound, Subject::User);
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_renaming_keeps_ids() {
    let store = fresh().await;
    let ada =
        create(&store, NewUser { password: Some("secret".into()), ..named("ada") }).await.unwrap();
    let patch = UserPatch {
        username: Some("lovelace".to_owned()),
        email: Some(Some("l@example.org".to_owned())),
        role: Some(Role::Administrator),
        active: Some(false),
        source: Some(Some("ldap".to_owned())),
        attributes: [("a.b".to_owned(), Some(json!(null)))].into(),
        ..UserPatch::default()
    };
    let changed = change(&store, &ada, patch).await.unwrap();
    assert_eq!((changed.id, &changed.ids), (ada.id, &ada.ids));
    assert_eq!(changed.username, "lovelace");
    assert_eq!(changed.attribute("a.b"), Some(&json!(null)));
    assert!(!changed.active && changed.has_password && changed.role == Role::Administrator);
    assert_eq!(changed.password_changed, ada.password_changed);
    let again = person(&store, "ada").await;
    assert_ne!(again.native(&KANBOARD), ada.native(&KANBOARD));
    let patch = UserPatch { username: Some("ada".to_owned()), ..UserPatch::default() };
    assert_fault(change(&store, &changed, patch).await, FaultKind::Conflict, Subject::Username);
    let patch = UserPatch { password: Some(None), email: Some(None), ..UserPatch::default() };
    let bare = change(&store, &changed, patch).await.unwrap();
    assert!(
        !bare.has_password && bare.email.is_none() && bare.password_changed > ada.password_changed
    );
}

#[tokio::test]
async fn a_full_name_becomes_two_and_two_become_one() {
    let store = fresh().await;
    let text = |text: &str| Some(Some(text.to_owned()));
    let ada = NewUser { display_name: Some("Ada King Lovelace".to_owned()), ..named("ada") };
    let ada = create(&store, ada).await.unwrap();
    let patch = UserPatch { given_name: text("Augusta"), ..UserPatch::default() };
    let ada = change(&store, &ada, patch).await.unwrap();
    assert_eq!(ada.display_name, None);
    assert_eq!(ada.names(), ("Augusta".to_owned(), "King Lovelace".to_owned()));
    let patch = UserPatch { display_name: text("A. L."), ..UserPatch::default() };
    let ada = change(&store, &ada, patch).await.unwrap();
    assert_eq!((ada.given_name, ada.family_name), (None, None));
    assert_eq!(ada.display_name.as_deref(), Some("A. L."));
}

#[tokio::test]
async fn memberships_of_one_namespace_are_replaced_or_nothing_is() {
    let store = fresh().await;
    let rights = |name: &str| NewGroup {
        namespace: Some(OCTOPRINT),
        name: name.to_owned(),
        ..NewGroup::default()
    };
    for name in ["users", "admins"] {
        create_group(&store, rights(name)).await.unwrap();
    }
    let staff = team(&store, "staff").await;
    let named_groups = |names: &[&str]| GroupChange {
        namespace: OCTOPRINT,
        groups: names
            .iter()
            .map(|name| GroupRef::Name(Some(OCTOPRINT), (*name).to_owned()))
            .collect(),
    };
    let groups = Some(named_groups(&["users"]));
    let ada = create(&store, NewUser { groups, ..named("ada") }).await.unwrap();
    ask(&store, Command::AddMember((&staff).into(), (&ada).into())).await.unwrap();
    let patch =
        UserPatch { groups: Some(named_groups(&["admins", "users"])), ..UserPatch::default() };
    let ada = change(&store, &ada, patch).await.unwrap();
    let names: Vec<_> = ada.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["staff", "admins", "users"]);
    let patch = UserPatch {
        username: Some("eve".to_owned()),
        groups: Some(named_groups(&["nobodies"])),
        ..UserPatch::default()
    };
    assert_fault(change(&store, &ada, patch).await, FaultKind::NotFound, Subject::Group);
    assert_eq!(get(&store, &ada).await.unwrap(), ada);
}

#[tokio::test]
async fn everybody_is_listed_in_the_order_of_creation() {
    let store = fresh().await;
    for name in ["c", "a", "b"] {
        person(&store, name).await;
    }
    let everybody = ask(&store, Command::ListUsers).await.unwrap().users().unwrap();
    let names: Vec<_> = everybody.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["c", "a", "b"]);
}

#[tokio::test]
async fn ids_given_are_taken_and_no_id_is_used_twice() {
    let store = fresh().await;
    let given =
        |name: &str, id: &str| NewUser { ids: [(KANBOARD, id.to_owned())].into(), ..named(name) };
    let boss = create(&store, given("boss", "901")).await.unwrap();
    assert_eq!(boss.native(&KANBOARD), Some("901"));
    assert_eq!(boss.native(&RHODECODE), Some("2"));
    assert_fault(create(&store, given("x", "901")).await, FaultKind::Conflict, Subject::User);
    let next = person(&store, "next").await;
    assert_eq!(next.native(&KANBOARD), Some("902"));
    ask(&store, Command::DeleteUser((&next).into())).await.unwrap();
    assert_fault(get(&store, &next).await, FaultKind::NotFound, Subject::User);
    let found = get(&store, in_namespace(KANBOARD, "902")).await;
    assert_fault(found, FaultKind::NotFound, Subject::User);
    assert_eq!(person(&store, "next").await.native(&KANBOARD), Some("903"));
    assert_fault(create(&store, given("y", "902")).await, FaultKind::Conflict, Subject::User);
    let earlier = create(&store, given("earlier", "7")).await.unwrap();
    assert_eq!(earlier.native(&KANBOARD), Some("7"));
    assert_eq!(person(&store, "last").await.native(&KANBOARD), Some("904"));
}

#[tokio::test]
async fn a_system_may_give_the_id_of_somebody_who_is_gone_again() {
    let mut namespaces = namespaces();
    for namespace in &mut namespaces {
        namespace.gives_ids = namespace.namespace == KANBOARD;
    }
    let store = fresh_with(namespaces).await;
    let given = |name: &str| NewUser { ids: [(KANBOARD, "7".to_owned())].into(), ..named(name) };
    let ada = create(&store, given("ada")).await.unwrap();
    assert_fault(create(&store, given("bob")).await, FaultKind::Conflict, Subject::User);
    ask(&store, Command::DeleteUser((&ada).into())).await.unwrap();
    let bob = create(&store, given("bob")).await.unwrap();
    assert_ne!(bob.id, ada.id);
    assert_ne!(bob.native(&RHODECODE), ada.native(&RHODECODE), "an id of our own");
}

#[tokio::test]
async fn activity_settings_and_locks() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let idle = ask(&store, Command::DeactivateUser((&ada).into())).await.unwrap().user().unwrap();
    assert!(!idle.active);
    let busy = ask(&store, Command::ActivateUser((&ada).into())).await.unwrap().user().unwrap();
    assert!(busy.active);
    let merge = |prefix: &str, name: &str, value| {
        let changes = [(name.to_owned(), value)].into();
        ask(&store, Command::MergeSettings((&ada).into(), prefix.to_owned(), changes))
    };
    merge("octoprint.", "octoprint.a", Some(json!(1))).await.unwrap();
    merge("octoprint.", "octoprint.b", Some(json!(2))).await.unwrap();
    merge("octoprint.", "octoprint.a", None).await.unwrap();
    merge("rhodecode.", "rhodecode.locks", Some(json!(["repo"]))).await.unwrap();
    let stray = merge("octoprint.", "kanboard.a", Some(json!(1))).await;
    assert_fault(stray, FaultKind::Invalid, None);
    let read = Command::ReadSettings((&ada).into(), "octoprint.".to_owned());
    let settings = ask(&store, read).await.unwrap().settings().unwrap();
    assert_eq!(json!(settings), json!({"octoprint.b": 2}));
    let locks = ask(&store, Command::ListLocks((&ada).into())).await.unwrap().locks().unwrap();
    assert_eq!(locks, ["repo"]);
    let facts = ask(&store, Command::ServerFacts).await.unwrap().settings().unwrap();
    assert_eq!(facts["system"], json!(store.engine()));
}

#[tokio::test]
async fn the_store_knows_no_directory() {
    let store = fresh().await;
    let answer = ask(&store, Command::CreateFromDirectory("ada".to_owned())).await;
    assert_fault(answer, FaultKind::Unsupported, Subject::Directory);
}

#[tokio::test]
async fn any_text_is_a_name_and_comes_back_as_it_was() {
    let store = fresh().await;
    let long = "é".repeat(512);
    let names =
        ["", " ", "a\0b", "a\0c", "'; DROP TABLE users;--", "\u{1f}x\u{1e}", "%", "İ", &long];
    for name in names {
        let text = Some(name.to_owned());
        let new = NewUser { email: text.clone(), display_name: text.clone(), ..named(name) };
        let created = create(&store, new).await.unwrap();
        let found = get(&store, UserRef::Name(name.to_owned())).await.unwrap();
        assert_eq!((&found, &found.display_name), (&created, &text));
        assert_eq!(get(&store, in_namespace(OCTOPRINT, name)).await.unwrap().id, created.id);
        let by_folded_name = get(&store, UserRef::FoldedName(name.to_owned())).await.unwrap();
        assert_eq!(by_folded_name.id, created.id);
    }
}

/// Of setup wizards at the same moment one wins, and none does after somebody was there before.
#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_first_person_for_good() {
    let store = fresh().await;
    let tries = (0..8).map(|number| {
        let store = store.store.clone();
        let new = NewUser { first: true, ..named(&format!("first{number}")) };
        tokio::spawn(async move { create(&store, new).await })
    });
    let mut created = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(user) => created.push(user),
            Err(fault) => assert_eq!(fault.kind, FaultKind::Forbidden, "{fault:?}"),
        }
    }
    assert_eq!(created.len(), 1, "{created:?}");
    ask(&store, Command::DeleteUser(UserRef::Id(created[0].id))).await.unwrap();
    let again = create(&store, NewUser { first: true, ..named("again") }).await;
    assert_eq!(again.unwrap_err().kind, FaultKind::Forbidden);
    create(&store, named("ordinary")).await.unwrap();
}
