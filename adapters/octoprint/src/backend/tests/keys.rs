//! Keys on a server that stores them: a user's own, and those of applications.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::key::{Issuer, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_interop::percent;
use serde_json::{Value, json};

use super::server::with_apps;
use super::*;

const NAMESPACE: IdNamespace = IdNamespace::named("octoprint");

/// A server with the user `ann`. The keys of applications are by name, and outlive the user.
#[derive(Debug, Default)]
struct Keys {
    gone: AtomicBool,
    /// Whether the server fails to revoke a key.
    keeps: AtomicBool,
    own: Mutex<Option<String>>,
    apps: Mutex<BTreeMap<String, String>>,
    /// Whether the list of application keys shows the values, as before 1.4.
    shows: bool,
}

impl Keys {
    fn with(apps: &[(&str, &str)], shows: bool) -> Arc<Self> {
        let apps = apps.iter().map(|(app, key)| ((*app).to_owned(), (*key).to_owned()));
        let own = Mutex::new(Some("own".to_owned()));
        Arc::new(Self { own, apps: Mutex::new(apps.collect()), shows, ..Self::default() })
    }

    fn external(&self, app: &str, key: &str, shows: bool) -> Value {
        let mut shape = json!({"app_id": app, "user_id": "ann"});
        if shows || self.shows {
            shape["api_key"] = json!(key);
        }
        shape
    }

    fn appkeys(&self, request: &Request) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut apps = self.apps.lock().unwrap();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let query = request.query.as_deref().unwrap_or_default();
        let shown = match (text("command").as_deref(), query.strip_prefix("app=")) {
            (Some("generate"), _) => {
                assert_eq!(text("user").as_deref(), Some("ann"));
                let app = text("app").unwrap();
                let key = apps.entry(app.clone()).or_insert_with(|| format!("key of {app}"));
                json!({"user_id": "ann", "app_id": app, "api_key": key})
            }
            (Some("revoke"), _) if self.keeps.load(Ordering::Relaxed) => {
                return Response::new(500, "");
            }
            (Some("revoke"), _) => {
                let (key, app) = (text("key"), text("app"));
                apps.retain(|own, value| key.as_ref() != Some(value) && app.as_ref() != Some(own));
                return Response::new(204, "");
            }
            (_, Some(app)) => {
                let app = app.strip_suffix("&user=ann").unwrap();
                let app = percent::decode(app.as_bytes());
                let app = String::from_utf8(app).unwrap();
                json!({"key": self.external(&app, &apps[&app], true)})
            }
            _ => {
                assert_eq!(query, "all=true");
                let rows = apps.iter().map(|(app, key)| self.external(app, key, false));
                json!({"keys": rows.collect::<Vec<_>>(), "pending": {}})
            }
        };
        Response::new(200, shown.to_string())
    }
}

#[async_trait]
impl Upstream for Keys {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        if request.path == "/api/plugin/appkeys" {
            return Ok(self.appkeys(&request));
        }
        let mut own = self.own.lock().unwrap();
        let shown = match (request.method.as_str(), request.path.ends_with("/ann/apikey")) {
            ("POST", true) => {
                *own = Some("new".to_owned());
                json!({"apikey": *own})
            }
            ("DELETE", true) => {
                *own = None;
                json!({})
            }
            ("GET", false) if self.gone.load(Ordering::Relaxed) => {
                return Ok(Response::new(404, r#"{"error":"The requested URL was not found"}"#));
            }
            ("GET", false) => ann(own.as_deref()),
            ("DELETE", false) => {
                self.gone.store(true, Ordering::Relaxed);
                json!({"users": []})
            }
            ("POST", false) => {
                *own = None;
                self.gone.store(false, Ordering::Relaxed);
                json!({"users": [ann(None)]})
            }
            _ => panic!("{request:?}"),
        };
        Ok(Response::new(200, shown.to_string()))
    }
}

fn ann(key: Option<&str>) -> Value {
    json!({
        "name": "ann", "active": true, "groups": ["users"], "permissions": [], "admin": false,
        "apikey": key,
    })
}

fn issue(label: Option<&str>) -> Command {
    let key = NewKey {
        namespace: NAMESPACE,
        value: "proposed".into(),
        issuer: Issuer::System(None),
        label: label.map(str::to_owned),
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: label.is_none(),
    };
    Command::IssueKey(Some(named("ann")), Box::new(key))
}

fn list(choice: KeyChoice) -> Command {
    Command::ListKeys(Some(named("ann")), NAMESPACE, choice)
}

fn revoke(choice: KeyChoice) -> Command {
    Command::RevokeKeys(Some(named("ann")), NAMESPACE, choice)
}

fn shown(outcome: Result<Outcome, Fault>) -> Vec<Option<String>> {
    let keys = outcome.unwrap().keys().unwrap();
    keys.into_iter().map(|key| key.shown.map(|key| key.expose().to_owned())).collect()
}

fn labelled(app: &str) -> KeyChoice {
    KeyChoice::Labelled(app.to_owned())
}

#[test]
fn the_server_issues_and_revokes_a_users_own_key() {
    let server = Keys::with(&[], false);
    let backend = with_apps(&server, None);
    assert_eq!(shown(run(&backend, issue(None))), [Some("new".to_owned())]);
    let read = user(run(&backend, Command::GetUser(named("ann")))).evidence;
    let row: Vec<_> = read.keys.iter().map(|key| key.value.as_ref().unwrap().expose()).collect();
    assert_eq!(row, ["new"]);
    run(&backend, revoke(KeyChoice::Plain)).unwrap();
    assert_eq!(*server.own.lock().unwrap(), None);
}

#[test]
fn the_server_issues_and_revokes_keys_of_applications() {
    let server = Keys::with(&[("my app", "one"), ("other", "two")], false);
    let backend = with_apps(&server, None);
    assert_eq!(shown(run(&backend, list(KeyChoice::All))), [None, None]);
    assert_eq!(shown(run(&backend, list(labelled("my app")))), [Some("one".to_owned())]);
    assert_eq!(shown(run(&backend, issue(Some("third")))), [Some("key of third".to_owned())]);
    run(&backend, revoke(labelled("my app"))).unwrap();
    run(&backend, revoke(labelled("no such app"))).unwrap();
    assert_eq!(server.apps.lock().unwrap().keys().collect::<Vec<_>>(), ["other", "third"]);
    assert!(server.own.lock().unwrap().is_some());
    run(&backend, revoke(KeyChoice::All)).unwrap();
    assert!(server.apps.lock().unwrap().is_empty() && server.own.lock().unwrap().is_none());
}

/// Before 1.4 an administrator revokes by value, and cannot generate a key for another user.
#[test]
fn an_older_server_revokes_by_value() {
    let server = Keys::with(&[("my app", "one"), ("other", "two")], true);
    let backend = with_apps(&server, Some("1.3"));
    assert_eq!(shown(run(&backend, list(labelled("other")))), [Some("two".to_owned())]);
    run(&backend, revoke(labelled("my app"))).unwrap();
    assert_eq!(server.apps.lock().unwrap().keys().collect::<Vec<_>>(), ["other"]);
    let refusal = refused(run(&backend, issue(Some("third"))));
    assert_eq!(refusal, (FaultKind::Unsupported, Some(Subject::Key)));
    assert_eq!(server.apps.lock().unwrap().len(), 1);
}

/// The server keeps the keys of a deleted user, and would give them to a namesake.
#[test]
fn nobody_inherits_the_keys_of_applications() {
    for version in [None, Some("1.3")] {
        let server = Keys::with(&[("my app", "one"), ("other", "two")], version.is_some());
        let backend = with_apps(&server, version);
        server.keeps.store(true, Ordering::Relaxed);
        let kept = run(&backend, Command::DeleteUser(named("ann"))).unwrap_err();
        assert_eq!(kept.kind, FaultKind::Unavailable);
        assert!(!server.gone.load(Ordering::Relaxed), "deleted, with keys left");
        server.keeps.store(false, Ordering::Relaxed);
        run(&backend, Command::DeleteUser(named("ann"))).unwrap();
        assert!(server.gone.load(Ordering::Relaxed) && server.apps.lock().unwrap().is_empty());
        // Another user was deleted in the server itself.
        server.apps.lock().unwrap().insert("old app".to_owned(), "three".to_owned());
        server.keeps.store(true, Ordering::Relaxed);
        run(&backend, new("ann")).unwrap_err();
        assert!(server.gone.load(Ordering::Relaxed), "created, with keys left");
        server.keeps.store(false, Ordering::Relaxed);
        run(&backend, new("ann")).unwrap();
        assert!(server.apps.lock().unwrap().is_empty());
    }
}

/// A creation that the server will refuse revokes nothing.
#[test]
fn the_keys_of_a_user_whose_name_is_taken_stay() {
    let server = Keys::with(&[("my app", "one")], false);
    drop(run(&with_apps(&server, None), new("ann")));
    assert_eq!(server.apps.lock().unwrap().len(), 1);
}

/// A header with such a value would reach the server without the blanks.
#[test]
fn a_key_with_blanks_around_it_is_nobodys() {
    let server = System::always(200, r#"{"name":"ann"}"#);
    for value in [" key", "key ", "\tkey"] {
        let find = Command::FindKey(NAMESPACE, value.into());
        assert_eq!(refused(run(&backend(&server), find)).1, Some(Subject::Key), "{value:?}");
    }
    assert!(server.asked().is_empty());
}
