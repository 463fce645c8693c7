//! Names and addresses that must be unique: an index refuses a second one, whoever writes it.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, UserPatch};
use isogloss_store::Store;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqlStr};

use crate::kit::{Fresh, ask, assert_fault, create, fresh, named, namespaces, team};

const FOLDED: Uniqueness = Uniqueness { name: Matching::Folded, email: false };
const MAIL: Uniqueness = Uniqueness { name: Matching::Exact, email: true };

fn with_mail(name: &str, mail: &str, unique: Uniqueness) -> NewUser {
    NewUser { email: Some(mail.to_owned()), unique, ..named(name) }
}

/// What a command without the question wrote counts for a command with it, also after the row that
/// was first is away.
#[tokio::test]
async fn a_word_is_taken_as_long_as_one_row_has_it() {
    let store = fresh().await;
    let exact = Uniqueness::default();
    let first = create(&store, with_mail("Ada", "a@example.org", exact)).await.unwrap();
    let second = create(&store, with_mail("ada", "A@example.org", exact)).await.unwrap();
    let third = create(&store, with_mail("aDa", "a@Example.org", exact)).await.unwrap();
    for gone in [first, second, third] {
        let name = create(&store, NewUser { unique: FOLDED, ..named("ADA ") }).await;
        assert_fault(name, FaultKind::Conflict, Subject::Username);
        let mail = create(&store, with_mail("eve", "A@EXAMPLE.ORG", MAIL)).await;
        assert_fault(mail, FaultKind::Conflict, Subject::Email);
        ask(&store, Command::DeleteUser((&gone).into())).await.unwrap();
    }
    create(&store, NewUser { unique: FOLDED, ..named("ADA ") }).await.unwrap();
    let eve = create(&store, with_mail("eve", "A@EXAMPLE.ORG", MAIL)).await.unwrap();
    // A command that does not ask may share the address afterwards, and eve keeps what she has. If
    // she asks for it again, she is not alone.
    create(&store, with_mail("bob", "a@example.org", exact)).await.unwrap();
    let again = |unique| {
        let email = Some(Some("a@example.org".to_owned()));
        let patch = UserPatch { email, unique, ..UserPatch::default() };
        ask(&store, Command::UpdateUser((&eve).into(), Box::new(patch)))
    };
    again(exact).await.unwrap();
    assert_fault(again(MAIL).await, FaultKind::Conflict, Subject::Email);
}

/// A renamed row gives its words back, and takes the new ones.
#[tokio::test]
async fn a_new_name_frees_the_old_one() {
    let store = fresh().await;
    let ada = create(&store, with_mail("ada", "a@example.org", FOLDED)).await.unwrap();
    let patch = UserPatch {
        username: Some("bob".to_owned()),
        email: Some(Some("b@example.org".to_owned())),
        unique: Uniqueness { email: true, ..FOLDED },
        ..UserPatch::default()
    };
    ask(&store, Command::UpdateUser((&ada).into(), Box::new(patch))).await.unwrap();
    create(&store, with_mail("ADA", "a@example.org", Uniqueness { email: true, ..FOLDED }))
        .await
        .unwrap();
    let taken = create(&store, NewUser { unique: FOLDED, ..named("Bob") }).await;
    assert_fault(taken, FaultKind::Conflict, Subject::Username);
}

fn row(id: u8, name: &str, mail: &str, holds: &str) -> String {
    format!(
        "INSERT INTO users (id, username, folded_name, email, folded_email, role, active, failures, \
         addresses, attributes, created, password_changed, holds_name, holds_email) VALUES \
         ('0198c0de-0000-7000-8000-0000000000{id:02}', '{name}', lower('{name}'), '{mail}', \
         lower('{mail}'), 'user', TRUE, 0, '[]', '{{}}', 0, 0, {holds})"
    )
}

/// Another writer, which does not lock the writers' row: the index refuses the second of two rows
/// that hold a word.
#[tokio::test(flavor = "multi_thread")]
async fn the_index_refuses_a_second_holder_even_without_the_lock() {
    let store = fresh().await;
    let mut other = store.direct().await;
    other.execute("BEGIN").await;
    other.execute(&row(1, "Ada", "a@example.org", "TRUE, TRUE")).await;
    let creating = {
        let store = store.store.clone();
        tokio::spawn(async move {
            let unique = Uniqueness { email: true, ..FOLDED };
            create(&store, with_mail("ada", "A@example.org", unique)).await
        })
    };
    // The other transaction is not visible yet. On SQLite the creation waits for it to end, on
    // PostgreSQL too, at the index.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    other.execute("COMMIT").await;
    assert_fault(creating.await.unwrap(), FaultKind::Conflict, Subject::Username);
    for (name, mail) in [("aDA", "x@example.org"), ("x", "A@EXAMPLE.ORG")] {
        let refused = other.refused(&row(2, name, mail, "TRUE, TRUE")).await;
        assert!(refused.to_lowercase().contains("unique"), "{refused}");
        other.execute(&row(2, name, mail, "FALSE, FALSE")).await;
        other.execute("DELETE FROM users WHERE username <> 'Ada'").await;
    }
    let group = |holds| {
        format!(
            "INSERT INTO groups (id, namespace, name, active, grants, attributes, created, \
             holds_name) VALUES ('0198c0de-0000-7000-8000-000000000001', '', 'staff', TRUE, '', \
             '{{}}', 0, {holds})"
        )
    };
    team(&store, "staff").await;
    assert!(other.refused(&group("TRUE")).await.to_lowercase().contains("unique"));
    other.execute(&group("FALSE")).await;
}

/// Twenty creations at once, by four gateways: one of them gets the name or the address.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_gateways_one_gets_the_word() {
    let first = fresh().await;
    let mut gateways = vec![first.store.clone()];
    for _ in 0..3 {
        gateways.push(first.again().await);
    }
    for unique in [FOLDED, MAIL] {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20_usize {
            let store = gateways[number % 4].clone();
            let name = if unique == FOLDED { "same".to_owned() } else { format!("m{number}") };
            let name: String =
                name.char_indices().map(|(at, one)| upper(one, number >> at & 1 == 1)).collect();
            let new = with_mail(&name, "m@example.org", unique);
            tasks.spawn(async move { create(&store, new).await.is_ok() });
        }
        let wins = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(wins, 1, "{unique:?}");
        let mut direct = first.direct().await;
        direct.execute("DELETE FROM users").await;
    }
    for store in gateways.drain(1..) {
        store.close().await;
    }
}

fn upper(one: char, is_upper: bool) -> char {
    if is_upper { one.to_ascii_uppercase() } else { one }
}

/// Rows of the release before share names and addresses. All stay, and the questions of later
/// commands are answered as before.
#[tokio::test]
async fn rows_of_an_earlier_release_that_share_words_stay() {
    let store = fresh().await;
    if store.engine() != "SQLite" {
        return;
    }
    let now = taken_over(&store).await;
    let users = ask(&now, Command::ListUsers).await.unwrap().users().unwrap();
    let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["Ada", "ada", "bob"]);
    let taken = create(&now, NewUser { unique: FOLDED, ..named("ADA") }).await;
    assert_fault(taken, FaultKind::Conflict, Subject::Username);
    let taken = create(&now, with_mail("x", "A@EXAMPLE.ORG", MAIL)).await;
    assert_fault(taken, FaultKind::Conflict, Subject::Email);
    create(&now, with_mail("aDA", "a@example.org", Uniqueness::default())).await.unwrap();
    let teams = ask(&now, Command::ListGroups(None)).await.unwrap().groups().unwrap();
    assert_eq!(teams.len(), 2);
    let new = NewGroup { name: "staff".to_owned(), unique_name: true, ..NewGroup::default() };
    let taken = ask(&now, Command::CreateGroup(Box::new(new))).await;
    assert_fault(taken, FaultKind::Conflict, Subject::Group);
}

/// The store of a directory that has the migrations of the release before, and some rows.
async fn taken_over(first: &Fresh) -> Store {
    first.close().await;
    let file = first.directory.path().join(isogloss_store::DATABASE);
    std::fs::remove_file(&file).unwrap();
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut old = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let chain = [
        (1, "people", include_str!("../../migrations/0001_people.sql")),
        (2, "sidecar", include_str!("../../migrations/0002_sidecar.sql")),
        (3, "sessions", include_str!("../../migrations/0003_sessions.sql")),
        (4, "names", include_str!("../../migrations/0004_names.sql")),
        (5, "aliases", include_str!("../../migrations/0005_aliases.sql")),
        (6, "one database", include_str!("../../migrations/0006_one_database.sql")),
    ];
    let chain = chain.map(|(version, name, sql)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(chain.into()).run(&mut old).await.unwrap();
    let earlier = |sql: String| sql.replace(", holds_name, holds_email", "").replace(", H)", ")");
    let group = |id: u8, name: &str| {
        format!(
            "INSERT INTO groups (id, namespace, name, unique_name, active, grants, attributes, \
             created) VALUES ('0198c0de-0000-7000-8000-0000000000{id:02}', '', 'staff', {name}, \
             TRUE, '', '{{}}', 0)"
        )
    };
    for sql in [
        earlier(row(1, "Ada", "a@example.org", "H")),
        earlier(row(2, "ada", "A@example.org", "H")),
        earlier(row(3, "bob", "a@example.org", "H")),
        group(4, "NULL"),
        group(5, "'staff'"),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut old).await.unwrap();
    }
    old.close().await.unwrap();
    Store::open(first.directory.path(), namespaces()).await.unwrap()
}
