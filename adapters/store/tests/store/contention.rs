//! Transactions that a PostgreSQL server cannot order among others, and the connections of those
//! that it refuses. On SQLite there is nothing to test: it has one writer.

use std::collections::BTreeSet;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::user::{UserPatch, UserRef};
use tokio::task::JoinSet;

use crate::kit::{KANBOARD, ask, assert_fault, create, fresh, fresh_alone, get, named, person};

/// Four gateways whose transactions are serialisable: the server refuses many of them. Each is done
/// again, and nobody notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_serialisation_failure_is_no_failure() {
    let first = fresh().await;
    let mut tasks = JoinSet::new();
    for number in 0..4 {
        let strict = ["default_transaction_isolation=serializable"];
        let Some(store) = first.again_with(&strict).await else { return };
        tasks.spawn(async move {
            for round in 0..5 {
                person(&store, &format!("p-{number}-{round}")).await;
            }
            store.close().await;
        });
    }
    tasks.join_all().await;
    let everybody = ask(&first, Command::ListUsers).await.unwrap().users().unwrap();
    let ids: BTreeSet<_> = everybody.iter().map(|user| user.native(&KANBOARD)).collect();
    assert_eq!((everybody.len(), ids.len()), (20, 20));
}

/// The server ends the first transactions with a code, at a statement or at the commit. They are done
/// again. With any other code they are not.
#[tokio::test]
async fn a_transaction_that_the_server_ends_is_done_again() {
    let Some(store) = fresh_alone().await else { return };
    let ada = person(&store, "ada").await;
    let mut direct = store.direct().await;
    let rename = |name: &str| {
        let patch = UserPatch { username: Some(name.to_owned()), ..UserPatch::default() };
        ask(&store, Command::UpdateUser((&ada).into(), Box::new(patch)))
    };
    let triggers = [
        "TRIGGER t BEFORE UPDATE ON users",
        "CONSTRAINT TRIGGER t AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED",
    ];
    for (code, is_done) in [("40P01", true), ("40001", true), ("55P03", false)] {
        for (number, trigger) in triggers.into_iter().enumerate() {
            // A sequence counts also what is rolled back.
            direct.execute("CREATE SEQUENCE tries").await;
            let function = format!(
                "CREATE FUNCTION end_it() RETURNS trigger AS $$ BEGIN \
                 IF nextval('tries') <= 3 THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; \
                 END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
            );
            direct.execute(&function).await;
            let trigger = format!("CREATE {trigger} FOR EACH ROW EXECUTE FUNCTION end_it()");
            direct.execute(&trigger).await;
            let name = format!("{code}-{number}");
            let done = rename(&name).await;
            assert_eq!(done.is_ok(), is_done, "{code}: {done:?}");
            let tries = direct.number("SELECT last_value FROM tries").await;
            assert_eq!(tries, if is_done { 4 } else { 1 }, "{code}");
            direct.execute("DROP TRIGGER t ON users").await;
            direct.execute("DROP FUNCTION end_it").await;
            direct.execute("DROP SEQUENCE tries").await;
            let known = get(&store, &ada).await.unwrap().username;
            assert_eq!(known == name, is_done, "{known}");
        }
    }
}

/// A refusal rolls back. It does not cost the writer its connection: a client without rights could
/// make the gateway open one for each request.
#[tokio::test]
async fn a_refused_write_keeps_its_connection() {
    let Some(store) = fresh_alone().await else { return };
    let mut direct = store.direct().await;
    person(&store, "ada").await;
    let writers = "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'isogloss'";
    let before = direct.text(writers).await;
    for _ in 0..20 {
        assert_fault(create(&store, named("ada")).await, FaultKind::Conflict, Subject::Username);
        let nobody = Command::DeleteUser(UserRef::Name("nobody".to_owned()));
        assert_fault(ask(&store, nobody).await, FaultKind::NotFound, Subject::User);
    }
    get(&store, UserRef::Name("ada".to_owned())).await.unwrap();
    assert_eq!(direct.text(writers).await, before);
}

/// The clock of one machine is an hour ahead. Who is created later at another one is listed later.
#[tokio::test]
async fn the_order_of_creation_is_not_that_of_the_clocks() {
    let Some(store) = fresh_alone().await else { return };
    let mut direct = store.direct().await;
    let ahead = jiff::Timestamp::now().as_millisecond() + 3_600_000;
    let tick = (ahead << 12).to_string();
    direct.execute(&format!("UPDATE meta SET value = '{tick}' WHERE name = 'writer'")).await;
    let other = store.again().await;
    let mut names = Vec::new();
    for number in 0..6 {
        let name = format!("p{number}");
        person(if number % 2 == 0 { &store } else { &other }, &name).await;
        names.push(name);
    }
    let listed = ask(&store, Command::ListUsers).await.unwrap().users().unwrap();
    let listed: Vec<_> = listed.iter().map(|user| user.username.clone()).collect();
    assert_eq!(listed, names);
    // A refused creation uses no tick.
    let mark = "SELECT value FROM meta WHERE name = 'writer'";
    let before = direct.text(mark).await;
    assert_fault(create(&store, named("p1")).await, FaultKind::Conflict, Subject::Username);
    assert_eq!(direct.text(mark).await, before);
    other.close().await;
}
