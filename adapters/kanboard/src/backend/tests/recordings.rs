//! The stateful server answers as the real one: the recordings about users and groups are played to
//! it. And what the backend says of it is the server's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::command::Command;
use isogloss_canonical::http::Request;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_testkit::client::Answer;
use isogloss_testkit::comparison::compare;
use isogloss_testkit::player::capture;
use isogloss_testkit::transcript::{Exchange, Transcript, load};
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

use crate::backend::make;
use crate::backend::tests::server::{NAMESPACE, service};
use crate::backend::tests::stateful::Stateful;

/// The scenarios about users and groups.
const PLAYED: [&str; 8] = [
    "application",
    "create-user",
    "create-user-invalid",
    "create-user-params",
    "disable-enable-user",
    "get-all-users",
    "groups",
    "remove-user",
];
/// How many of their 221 exchanges are answered as recorded. The others need what the server does not
/// have: two lists of names, the page of the health check, one odd form of parameters, and a header.
const MATCHED: usize = 214;

/// Plays a scenario. Answers how many exchanges are answered as recorded.
async fn play(transcript: &Transcript) -> (usize, Vec<String>) {
    let server = Stateful::new("token", "admin");
    let mut variables = Variables::default();
    variables.set("app_auth", "jsonrpc:token");
    variables.set("admin_auth", "admin:admin");
    let mut differs = Vec::new();
    for exchange in &transcript.exchanges {
        let answer = ask(&server, exchange, &variables).await;
        // A capture that is missing shows as a difference.
        drop(capture(exchange, &answer, &mut variables));
        match compare(&exchange.response, &answer, &variables) {
            Ok(found) if found.is_empty() => {}
            _ => {
                let shown = answer.json.unwrap_or_default();
                differs.push(format!("{}: {}: {shown}", transcript.name, exchange.label));
            }
        }
    }
    (transcript.exchanges.len() - differs.len(), differs)
}

async fn ask(server: &Stateful, exchange: &Exchange, variables: &Variables) -> Answer {
    let sent = variables.fill_members(&exchange.request).unwrap_or_default();
    let text = sent.get("text").and_then(Value::as_str).map(str::to_owned);
    let body = text.unwrap_or_else(|| sent.get("json").map(Value::to_string).unwrap_or_default());
    let mut request = Request::to("POST", "/jsonrpc.php").carrying("application/json", body);
    for (name, value) in sent.get("headers").and_then(Value::as_object).into_iter().flatten() {
        request = request.with(&name.to_lowercase(), value.as_str().unwrap_or_default().to_owned());
    }
    let response = server.send(request).await.unwrap();
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    let json = serde_json::from_slice(&response.body).ok();
    Answer { status: response.status, headers, raw: response.body.to_vec(), json }
}

#[tokio::test]
async fn the_stateful_server_answers_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transcripts");
    let (mut matched, mut differs) = (0, Vec::new());
    for transcript in load(&folder).unwrap() {
        let name = transcript.name.strip_prefix("kanboard::").unwrap_or_default();
        if PLAYED.contains(&name) {
            let (right, wrong) = play(&transcript).await;
            matched += right;
            differs.extend(wrong);
        }
    }
    assert_eq!(matched, MATCHED, "these differ:\n{}", differs.join("\n"));
}

fn backend(server: &Arc<Stateful>) -> Arc<dyn Backend> {
    make(&service(None), Arc::clone(server) as Arc<dyn Upstream>)
}

async fn create(backend: &dyn Backend, name: &str) -> User {
    let user = NewUser {
        username: name.to_owned(),
        password: Some("secret1".into()),
        ..NewUser::default()
    };
    *backend.execute(Command::CreateUser(Box::new(user))).await.unwrap().user().unwrap()
}

fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

#[tokio::test]
async fn the_count_of_wrong_passwords_and_the_lock_are_the_servers() {
    let server = Arc::new(Stateful::new("token", "admin"));
    let backend = backend(&server);
    create(backend.as_ref(), "ada").await;
    let verify = async |password: &str| {
        let ask = Command::VerifyPassword(named("ada"), password.into());
        backend.execute(ask).await.unwrap().verified().unwrap()
    };
    let shown = async || {
        let user = backend.execute(Command::GetUser(named("ada"))).await.unwrap().user().unwrap();
        (user.failures, user.locked_until.is_some())
    };
    assert!(!verify("wrong").await);
    assert_eq!(shown().await, (1, false));
    assert!(verify("secret1").await);
    assert_eq!(shown().await, (0, false));
    for _ in 0..7 {
        assert!(!verify("wrong").await);
    }
    assert_eq!(shown().await, (7, true));
    assert!(!verify("secret1").await, "locked");
    server.unlock("ada");
    assert!(verify("secret1").await);
    assert!(backend.capability().counts_failures());
}

#[tokio::test]
async fn groups_members_and_reused_ids_are_the_servers() {
    let server = Arc::new(Stateful::new("token", "admin"));
    let backend = backend(&server);
    let ada = create(backend.as_ref(), "ada").await;
    let team =
        isogloss_canonical::group::NewGroup { name: "crew".to_owned(), ..Default::default() };
    let team =
        backend.execute(Command::CreateGroup(Box::new(team))).await.unwrap().group().unwrap();
    let own = |user: &User| UserRef::Native(NAMESPACE, user.native(&NAMESPACE).unwrap().to_owned());
    let crew = GroupRef::Native(NAMESPACE, team.native(&NAMESPACE).unwrap().to_owned());
    backend.execute(Command::AddMember(crew.clone(), own(&ada))).await.unwrap();
    let groups = backend.execute(Command::GroupsOf(own(&ada))).await.unwrap().groups().unwrap();
    assert_eq!(groups.len(), 1);
    // Another user gets the id of a deleted one, and none of the memberships.
    backend.execute(Command::DeleteUser(own(&ada))).await.unwrap();
    let bob = create(backend.as_ref(), "bob").await;
    assert_eq!(bob.native(&NAMESPACE), ada.native(&NAMESPACE));
    assert_ne!(bob.evidence.secret, ada.evidence.secret);
    let groups = backend.execute(Command::GroupsOf(own(&bob))).await.unwrap().groups().unwrap();
    assert!(groups.is_empty());
}

#[tokio::test]
async fn the_facts_are_read_in_one_request() {
    let server = Arc::new(Stateful::new("token", "admin"));
    let facts = backend(&server).execute(Command::ServerFacts).await.unwrap().settings().unwrap();
    assert_eq!(facts["kanboard.getVersion"], json!("1.2.53"));
    assert_eq!(facts["kanboard.getTimezone"], json!("UTC"));
    assert_eq!(facts.len(), 7);
}
