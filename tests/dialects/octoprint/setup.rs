//! OctoPrint's setup wizard, on a route with `first_run`.

use std::sync::Arc;

use futures_util::future::join_all;
use isogloss::pipeline::Pipeline;
use isogloss::registry;
use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::command::Command;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use serde_json::{Value, json};

use super::{octoprint, octoprint_form};
use crate::calls::{Answer, Asked};
use crate::gateway::{PreparedStore, TestGateway};
use crate::sessions::{Case, KEY};

pub(super) const CASES: [Case; 3] = [
    ("octoprint-wizards-at-the-same-moment-make-one-user", |_| Box::pin(meeting())),
    ("octoprint-setup-page-makes-the-first-user", |_| Box::pin(by_page())),
    ("octoprint-wizard-is-closed-where-there-are-users", |gateway| Box::pin(closed(gateway))),
];

/// A route with `first_run`.
struct Route {
    dialect: Arc<dyn Dialect>,
    pipeline: Pipeline,
}

impl Route {
    fn of(gateway: &TestGateway) -> Self {
        let adapter = registry::adapter("octoprint").unwrap();
        let mut options = RouteOptions::of(IdNamespace::named("octoprint"));
        options.settings.insert("first_run".to_owned(), true.into());
        let dialect = adapter.make_dialect(&options).unwrap();
        let pipeline = gateway.pipeline().believing(dialect.vouching());
        Self { dialect, pipeline }
    }

    async fn send(&self, asked: Asked) -> Answer {
        Answer::of("octoprint", &self.dialect.answer(&asked.request, &self.pipeline).await)
    }

    /// The CSRF token of a new browser.
    async fn token(&self) -> String {
        let page = self.send(octoprint("", "GET /", &Value::Null)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let token = page.cookies.iter().find_map(|cookie| cookie.strip_prefix("csrf_token_P80="));
        token.unwrap().to_owned()
    }

    async fn form(&self, token: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [&[("csrf_token", token)], fields].concat();
        let cookie = format!("csrf_token_P80={token}");
        self.send(octoprint_form("/", &fields).within(&[cookie])).await
    }

    async fn acl(&self, token: &str, name: &str) -> Answer {
        let body = json!({"user": name, "pass1": "correct", "pass2": "correct"});
        let asked = octoprint("", "POST /plugin/corewizard/acl", &body);
        let mut asked = asked.within(&[format!("csrf_token_P80={token}")]);
        asked.request = asked.request.with("x-csrf-token", token.to_owned());
        self.send(asked).await
    }
}

async fn empty() -> TestGateway {
    PreparedStore::of(&json!({"users": []})).await.open().await
}

async fn meeting() {
    let gateway = empty().await;
    let route = Route::of(&gateway);
    let token = route.token().await;
    let names = ["a", "b", "c", "d", "e", "f"];
    let answers = join_all(names.map(|name| route.acl(&token, name))).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [204, 403].contains(&answer.status)), "{answers:?}");
    let users = gateway.users().await;
    assert_eq!((users.len(), users[0].role), (1, Role::Administrator), "{users:?}");
    // Not even after the last user is deleted.
    gateway.ask(Command::DeleteUser(UserRef::Id(users[0].id))).await;
    assert_eq!(route.acl(&token, "late").await.status, 403);
    assert!(gateway.users().await.is_empty());
}

async fn by_page() {
    let gateway = empty().await;
    let route = Route::of(&gateway);
    let token = route.token().await;
    let login = route.send(octoprint("", "GET /login/", &Value::Null)).await;
    assert!(login.text.contains("id=setup-user"), "{}", login.text);
    let fields = |name, one, other| [("user", name), ("pass1", one), ("pass2", other)];
    let forged = route.form("x", &fields("ada", "correct", "correct")).await;
    assert_eq!(forged.status, 400);
    let long = "x".repeat(5_000);
    for (name, one, other) in [
        ("ada", "one", "other"),
        ("ada", "", ""),
        ("", "correct", "correct"),
        (" ada", "correct", "correct"),
        ("_api", "correct", "correct"),
        ("ada", &long, &long),
    ] {
        let refused = route.form(&token, &fields(name, one, other)).await;
        assert_eq!(refused.status, 400, "{name} {}", refused.text);
        assert!(gateway.users().await.is_empty(), "{name}");
    }
    let made = route.form(&token, &fields("ada", "correct", "correct")).await;
    assert_eq!((made.status, made.location.as_str()), (303, "/"), "{}", made.text);
    let users = gateway.users().await;
    assert_eq!((users.len(), users[0].role), (1, Role::Administrator), "{users:?}");
    let own = octoprint("", "GET /api/currentuser", &Value::Null).within(&made.cookies);
    assert_eq!(route.send(own).await.json["name"], "ada");
    // The wizard has ended, and the page is the login page.
    let again = route.form(&token, &fields("eve", "correct", "correct")).await;
    assert_eq!((again.status, again.location.as_str()), (303, "/login/"));
    let state = route.send(octoprint("", "GET /api/setup/wizard", &Value::Null)).await;
    assert_eq!(state.status, 403, "{}", state.text);
    assert_eq!(gateway.users().await.len(), 1);
}

async fn closed(gateway: Arc<TestGateway>) {
    let before = gateway.picture().await;
    let route = Route::of(&gateway);
    let login = route.send(octoprint("", "GET /login/", &Value::Null)).await;
    assert!(login.text.contains("id=login-user"), "{}", login.text);
    let token = login.cookies.iter().find_map(|one| one.strip_prefix("csrf_token_P80="));
    let token = token.unwrap();
    assert_eq!(route.acl(token, "eve").await.status, 403);
    let fields = [("user", "eve"), ("pass1", "correct"), ("pass2", "correct")];
    assert_eq!(route.form(token, &fields).await.location, "/login/");
    assert_eq!(gateway.picture().await, before);
    // Without the option there is no wizard at all.
    for line in ["GET /api/setup/wizard", "POST /api/setup/wizard", "POST /plugin/corewizard/acl"] {
        let answer = gateway.send(octoprint(KEY, line, &json!({"handled": true}))).await;
        assert_eq!(answer.status, 404, "{line}: {}", answer.text);
    }
}
