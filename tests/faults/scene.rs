//! A system, the proxy before it, and a gateway with every dialect on it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use isogloss::backends::Backends;
use isogloss::config::load;
use isogloss::provision::accounts::{Account, AccountKey, Accounts};
use isogloss::provision::bootstrap;
use isogloss::{registry, startup};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::user::UserRef;
use isogloss_testkit::calls::answers::Shown;
use isogloss_testkit::calls::{Caller, Calls};
use isogloss_testkit::client::Base;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::proxy::Proxy;

/// The key of the administrator, or of the application, in every dialect and at the system.
const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";
/// What a call changes begins so.
pub(crate) const NEW: &str = "new-";
/// How long the gateway waits for the system.
const PATIENCE_MS: u64 = 4_000;
/// The calls that need a team, which not every system has.
const OF_TEAMS: [&str; 5] = ["join", "leave", "members_of_team", "create_team", "list_teams"];

/// A call of a dialect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) calls: &'static Calls,
    pub(crate) name: &'static str,
}

/// An answer.
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) json: Value,
}

pub(crate) struct Scene {
    pub(crate) proxy: Proxy,
    gateway: Front,
    /// The id of everybody in each dialect, by dialect and name.
    ids: BTreeMap<(String, String), String>,
    _system: Gateway,
    _folder: TempDir,
}

/// The gateway under test. Dropping it ends the process.
struct Front {
    url: String,
    child: Child,
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = (self.child.kill(), self.child.wait());
    }
}

/// The calls of every dialect.
pub(crate) fn dialects() -> &'static [Calls] {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let dialects = registry::dialects().map(|adapter| adapter.name);
    Facts::all_calls(&fixtures, dialects).unwrap()
}

/// Every call of every dialect.
pub(crate) fn all_cases() -> impl Iterator<Item = Case> {
    let of = |calls: &'static Calls| calls.names().map(move |name| Case { calls, name });
    dialects().iter().flat_map(of).filter(|case| !OF_TEAMS.contains(&case.name))
}

/// Whether a name is one that a call gives.
pub(crate) fn is_renamed(name: &str) -> bool {
    name.starts_with(NEW)
}

impl Case {
    /// The person whom the call is about. Each call has one of its own.
    pub(crate) fn person(self) -> String {
        format!("{}-{}", self.calls.dialect, self.name.replace('_', "-"))
    }

    /// The name that the call gives.
    pub(crate) fn new_name(self) -> String {
        format!("{NEW}{}", self.person())
    }

    /// Whether the call makes a person.
    pub(crate) fn creates(self) -> bool {
        self.name.starts_with("create")
    }
}

impl Scene {
    pub(crate) fn start(system: &'static str) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
        let setup =
            Setup { dialect: system.to_owned(), accounts: accounts(system), ..Setup::default() };
        let behind = Gateway::start(program, &setup).unwrap();
        let address = behind.url.trim_start_matches("http://").parse().unwrap();
        let proxy = Proxy::before(address);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gateway.toml"), configuration(system, &proxy.url))
            .unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(equip(folder.path(), system));
        let gateway = serve(program, folder.path());
        let mut scene =
            Self { proxy, gateway, ids: BTreeMap::new(), _system: behind, _folder: folder };
        for (dialect, people) in scene.everybody() {
            let ids = people
                .into_iter()
                .map(|one| ((dialect.clone(), one.name.clone()), one.id.unwrap_or(one.name)));
            scene.ids.extend(ids);
        }
        scene
    }

    /// Everybody, as each dialect shows them.
    pub(crate) fn everybody(&self) -> BTreeMap<String, Vec<Shown>> {
        let list = |calls: &'static Calls| {
            let heard = self.send(Case { calls, name: "list" });
            let people = calls.people.of(&heard.json);
            (calls.dialect.clone(), people.unwrap_or_else(|| panic!("{}", heard.text)))
        };
        dialects().iter().map(list).collect()
    }

    /// Makes a call as the administrator or the application.
    pub(crate) fn send(&self, Case { calls, name }: Case) -> Heard {
        let case = Case { calls, name };
        let person = case.person();
        let own = if case.creates() { case.new_name() } else { person.clone() };
        let mut about = Variables::default();
        about.set("name", own);
        about.set("new_name", case.new_name());
        about.set("password", "another secret 2");
        about.set("email", format!("{}@example.org", case.new_name()));
        about.set("number", 7);
        let id = self.ids.get(&(calls.dialect.clone(), person)).cloned();
        about.set("id", id.unwrap_or_default());
        let caller = Caller { name: calls.application.as_deref().unwrap_or("admin"), secret: KEY };
        let request = calls.request(caller, calls.call(name).unwrap(), &about).unwrap();
        self.heard(&calls.dialect, &request)
    }

    fn heard(&self, dialect: &str, request: &Map<String, Value>) -> Heard {
        let base = Base::parse(&format!("{}/{dialect}", self.gateway.url)).unwrap();
        let answer = base.send(request, &Variables::default()).unwrap();
        let (text, json) = (answer.text(), answer.json.unwrap_or_default());
        Heard { status: answer.status, text, json }
    }
}

/// The accounts of the system: an administrator, and a person for each call.
fn accounts(system: &str) -> Value {
    let key = json!([{"dialect": system, "value": KEY}]);
    let application = registry::adapter(system).unwrap().application_key;
    let (own, theirs) = if application { (json!([]), key) } else { (key, json!([])) };
    let admin = json!({"username": "admin", "password": "the first secret", "admin": true,
        "keys": own, "email": "admin@example.org"});
    let person = |case: Case| {
        let name = case.person();
        json!({"username": name, "email": format!("{name}@example.org"), "password": "a secret 1"})
    };
    let users: Vec<Value> = std::iter::once(admin).chain(all_cases().map(person)).collect();
    json!({"users": users, "application_keys": theirs})
}

fn configuration(system: &str, url: &str) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[backend.people]\nsystem = \"{system}\"\n\
         url = \"{url}\"\nsecret = \"{KEY}\"\ntimeout_ms = {PATIENCE_MS}\n"
    );
    for calls in dialects() {
        let dialect = &calls.dialect;
        writeln!(
            text,
            "[[route]]\npath = \"/{dialect}\"\ndialect = \"{dialect}\"\nbackend = \"people\""
        )
        .unwrap();
    }
    text
}

/// Gives the administrator and the applications their keys of the other dialects.
async fn equip(folder: &Path, system: &str) {
    let config = folder.join("gateway.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let data = folder.join("data");
    let own = format!("[store]\ndirectory = \"{}\"\n{text}", data.display());
    std::fs::write(&config, own).unwrap();
    let settings = load::load(Some(&config)).unwrap();
    bootstrap::initialise(&data, &Accounts::default()).await.unwrap();
    let store = startup::open_store(&settings).await.unwrap();
    let backends = Backends::open(&settings, &store).await.unwrap();
    let people = backends.named("people").unwrap();
    let people: &dyn Backend = people.as_ref();
    let others = dialects().iter().filter(|calls| calls.dialect != system);
    let (applications, persons): (Vec<&Calls>, Vec<&Calls>) =
        others.partition(|calls| calls.application.is_some());
    let keys = |calls: Vec<&Calls>| -> Vec<AccountKey> {
        calls.iter().map(|one| AccountKey::plain(&one.dialect, KEY.to_owned())).collect()
    };
    let mut accounts = Accounts::default();
    accounts.application_keys = keys(applications);
    accounts.equip(people).await.unwrap();
    let mut admin = Account::default();
    admin.keys = keys(persons);
    admin.equip(people, &UserRef::Name("admin".to_owned())).await.unwrap();
    store.close().await;
}

fn serve(program: &Path, folder: &Path) -> Front {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut serve = Command::new(program);
    serve.current_dir(folder).args(["serve", "--config", "gateway.toml"]);
    let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().nth(2).unwrap().trim_end_matches('/').to_owned();
    Front { url, child }
}
