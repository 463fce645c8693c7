//! The processor time of the gateway for a list of all people of a system. It grows with the number of
//! people, and no faster.

use std::fs;
use std::path::Path;

use isogloss::provision::accounts::Accounts;
use isogloss::provision::bootstrap;
use isogloss::registry;
use isogloss_testkit::calls::Caller;
use isogloss_testkit::contract::requests;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::gateway::Gateway as System;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::gateway::Gateway;
use crate::systems::KEY;

/// The system of the test: any would do.
fn system() -> &'static str {
    registry::remotes().map(|(adapter, _)| adapter.name).next().unwrap()
}

/// The request of the administrator, or of the application, for the list of all people.
fn list() -> Vec<u8> {
    let calls =
        Facts::calls(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), system()).unwrap();
    let name = calls.application.as_deref().unwrap_or("admin");
    let caller = Caller { name, secret: KEY };
    let list = calls.call("list").unwrap();
    let request = calls.request(caller, list, &Variables::default()).unwrap();
    let request = requests::request(&request, &Variables::default()).unwrap();
    let mut bytes =
        format!("{} {} HTTP/1.1\r\nconnection: close\r\n", request.method, request.path)
            .into_bytes();
    for (name, value) in &request.headers {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend([b"\r\n", request.body.as_ref()].concat());
    bytes
}
/// The people of the shorter list.
const FEW: u64 = 500;
/// How much longer the other list is.
const TIMES: u64 = 4;
/// The processor time for one person of a list, of a build without optimisation.
const EACH_MICROS: u64 = 600;
/// The time that a measurement may be off.
const NOTABLE_MS: u64 = 150;

/// The processor time for a list of this many people, in milliseconds.
fn listed(people: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("system");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&store, people));
    let setup = Setup { dialect: system().to_owned(), ..Setup::default() };
    let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
    let behind = System::on(program, &setup, &store, "").unwrap();
    let data = folder.path().join("data");
    runtime.block_on(bootstrap::initialise(&data, &Accounts::default())).unwrap();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\ndirectory = \"{}\"\n[backend.people]\n\
         system = \"{system}\"\nurl = \"{}\"\nsecret = \"{KEY}\"\n[[route]]\n\
         dialect = \"{system}\"\nbackend = \"people\"\n",
        data.display(),
        behind.url,
        system = system(),
    );
    fs::write(folder.path().join("gateway.toml"), config).unwrap();
    let gateway = Gateway::serve(folder);
    let list = list();
    // At the first contact everybody gets a record.
    let first = gateway.ask(&list);
    assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
    gateway.cost_of(&[list]).cpu_ms
}

/// Makes the store of the system, with an administrator and this many people.
async fn fill(store: &Path, people: u64) {
    let key = json!([{"dialect": system(), "value": KEY}]);
    let application = registry::adapter(system()).unwrap().application_key;
    let (keys, application_keys) = if application { (json!([]), key) } else { (key, json!([])) };
    let admin = json!({"username": "admin", "password": "the first secret", "admin": true,
        "keys": keys});
    let accounts = json!({"users": [admin], "application_keys": application_keys});
    let accounts = Accounts::read(&accounts.to_string()).unwrap();
    bootstrap::initialise(store, &accounts).await.unwrap();
    let sql = "INSERT INTO users (id, username, folded_name, role, active, failures, addresses, \
               attributes, created, password_changed) \
               WITH RECURSIVE numbers (n) AS \
               (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) \
               SELECT printf('018f0000-0000-7000-8000-%012x', n), 'p' || n, 'p' || n, 'user', \
               TRUE, 0, '[]', '{}', 0, 0 FROM numbers";
    let options = SqliteConnectOptions::new().filename(store.join(isogloss_store::DATABASE));
    let mut database = options.connect().await.unwrap();
    let people = i64::try_from(people).unwrap();
    sqlx::query(sql).bind(people).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[test]
fn a_list_of_all_people_takes_time_for_each_of_them_and_no_more() {
    let (few, many) = (listed(FEW), listed(TIMES * FEW));
    if std::env::var_os("ISOGLOSS_SHOW_COSTS").is_some() {
        eprintln!("{FEW} people: {few} ms, {TIMES} times as many: {many} ms");
    }
    assert!(many <= TIMES * FEW * EACH_MICROS / 1_000, "{many} ms");
    // A time that grows with the square of the number would be sixteen times the first.
    assert!(
        many <= 2 * TIMES * few + NOTABLE_MS,
        "{few} ms, and {many} ms for {TIMES} times as many"
    );
}
