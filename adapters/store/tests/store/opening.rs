//! Opening and reopening the store.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::{NewUser, UserRef};
use isogloss_store::{Numbered, Store};
use serde_json::json;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqlStr};
use tempfile::TempDir;

use crate::kit::{
    OCTOPRINT, another, ask, assert_fault, create, fresh, get, key, named, namespaces, person, team,
};

/// A directory of the first release has only the first migration, and some users.
#[tokio::test]
async fn a_directory_of_the_first_release_is_brought_up_to_date() {
    let first = fresh().await;
    first.close().await;
    let file = first.directory.path().join(isogloss_store::DATABASE);
    fs::remove_file(&file).unwrap();
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut old = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let sql = SqlStr::from_static(include_str!("../../migrations/0001_people.sql"));
    let people = Migration::new(1, "people".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(vec![people]).run(&mut old).await.unwrap();
    sqlx::query(
        "INSERT INTO users (id, username, folded_name, role, active, failures, addresses, \
         attributes, created, password_changed) VALUES \
         ('0198c0de-0000-7000-8000-000000000000', 'ada', 'ada', 'user', 1, 0, '[]', '{}', 0, 0)",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
    let now = Store::open(first.directory.path(), namespaces()).await.unwrap();
    let ada = get(&now, UserRef::Name("ada".to_owned())).await.unwrap();
    assert_eq!(ada.id.to_string(), "0198c0de-0000-7000-8000-000000000000");
    let again = create(&now, named("ada")).await;
    assert_fault(again, FaultKind::Conflict, Some(Subject::Username));
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let first = fresh().await;
    let ada =
        create(&first, NewUser { password: Some("secret".into()), ..named("ada") }).await.unwrap();
    ask(&first, Command::IssueKey(Some((&ada).into()), Box::new(key(OCTOPRINT, "abc"))))
        .await
        .unwrap();
    first.remember("t.session", "k", json!(1), std::time::Duration::from_mins(1)).await.unwrap();
    assert!(!first.is_initialised().await.unwrap());
    first.mark_initialised().await.unwrap();
    first.close().await;
    assert_fault(get(&first, &ada).await, FaultKind::Unavailable, None);

    let second = Store::open(first.directory.path(), namespaces()).await.unwrap();
    assert!(second.is_initialised().await.unwrap());
    assert_fault(second.mark_initialised().await, FaultKind::Conflict, None);
    assert_eq!(get(&second, &ada).await.unwrap(), ada);
    let keys = ask(&second, Command::ListKeys(Some((&ada).into()), OCTOPRINT, KeyChoice::All))
        .await
        .unwrap();
    assert_eq!(keys.keys().unwrap()[0].shown, Some("abc".into()));
    assert_eq!(second.recall("t.session", "k").await.unwrap(), Some(json!(1)));
    let check = Command::VerifyPassword((&ada).into(), "secret".into());
    assert!(ask(&second, check).await.unwrap().verified().unwrap());
}

#[tokio::test]
async fn only_the_owner_of_the_files_may_read_them() {
    let store = fresh().await;
    for entry in fs::read_dir(store.directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
    assert_eq!(fs::read(store.directory.path().join("secret.key")).unwrap().len(), 32);
}

#[tokio::test]
async fn a_secret_that_is_lost_changed_or_cut_is_refused() {
    let store = fresh().await;
    store.close().await;
    let path = store.directory.path().join("secret.key");
    fs::write(&path, [7; 31]).unwrap();
    let cut = Store::open(store.directory.path(), namespaces()).await;
    assert_fault(cut, FaultKind::Unexpected, None);
    fs::remove_file(&path).unwrap();
    let lost = Store::open(store.directory.path(), namespaces()).await;
    assert_fault(lost, FaultKind::Unexpected, None);
}

#[tokio::test]
async fn a_namespace_met_later_numbers_those_who_were_there() {
    let store = fresh().await;
    for name in ["ada", "bob"] {
        person(&store, name).await;
        team(&store, name).await;
    }
    store.close().await;
    let later = IdNamespace::named("later");
    let numbered = |teams| Numbered {
        namespace: later.clone(),
        users: Numbering::From(10),
        groups: Numbering::From(5),
        teams,
        shows_keys: false,
        gives_ids: false,
    };
    let mut namespaces = namespaces();
    namespaces.push(numbered(true));
    let store = Store::open(store.directory.path(), namespaces).await.unwrap();
    let bob = get(&store, UserRef::Native(later.clone(), "11".to_owned())).await.unwrap();
    assert_eq!(bob.username, "bob");
    let teams = ask(&store, Command::ListGroups(None)).await.unwrap().groups().unwrap();
    assert_eq!(teams[1].native(&later), Some("6"));
    assert_eq!(person(&store, "eve").await.native(&later), Some("12"));
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_said() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let answer = Store::open(&file.join("store"), namespaces()).await;
    assert_fault(answer, FaultKind::Unavailable, None);
}

#[tokio::test]
async fn whether_the_store_can_write_is_tried() {
    let store = fresh().await;
    store.check_writable().await.unwrap();
    let mut other = another(store.directory.path()).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let locked = store.check_writable().await;
    assert!(locked.as_ref().unwrap_err().detail.contains("locked"), "{locked:?}");
    assert_fault(locked, FaultKind::Timeout, None);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    store.check_writable().await.unwrap();
}

/// The health page of a dialect needs no credentials and reads the facts of the store.
#[tokio::test]
async fn the_facts_of_the_store_say_whether_it_can_write_and_seldom_try() {
    let store = fresh().await;
    let mut other = another(store.directory.path()).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_fault(ask(&store, Command::ServerFacts).await, FaultKind::Timeout, None);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let well = async {
        while ask(&store, Command::ServerFacts).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), well).await.unwrap();
    // A result is valid for five seconds, so that callers cannot make the store write with every
    // request.
    let mut written = std::collections::BTreeSet::new();
    let begun = std::time::Instant::now();
    for _ in 0..50 {
        ask(&store, Command::ServerFacts).await.unwrap();
        let row = sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE name = 'writable'");
        written.insert(row.fetch_one(&mut other).await.unwrap());
    }
    let most = begun.elapsed().as_secs() / 5 + 2;
    assert!(written.len() as u64 <= most, "{} writes for 50 questions", written.len());
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_said() {
    let store = fresh().await;
    store.close().await;
    let directory = store.directory.path();
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
               execution_time) VALUES (9000, 'later', TRUE, x'00', 0)";
    let mut other = another(directory).await;
    sqlx::query(sql).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let newer = Store::open(directory, namespaces()).await.unwrap_err();
    assert!(newer.detail.contains("newer release") && newer.detail.contains("9000"), "{newer}");
    assert_fault::<()>(Err(newer), FaultKind::Unexpected, None);
}

#[tokio::test]
async fn a_store_whose_half_is_missing_is_refused() {
    for (missing, there) in [("isogloss.sqlite", "secret.key"), ("secret.key", "isogloss.sqlite")] {
        let store = fresh().await;
        store.close().await;
        let directory = store.directory.path();
        let before = fs::read(directory.join(there)).unwrap();
        fs::remove_file(directory.join(missing)).unwrap();
        let half = Store::open(directory, namespaces()).await.unwrap_err();
        assert!(half.detail.contains(missing) && half.detail.contains(there), "{half}");
        assert!(half.detail.contains("same backup"), "{half}");
        assert_eq!(fs::read(directory.join(there)).unwrap(), before);
        assert!(!directory.join(missing).exists());
    }
}
