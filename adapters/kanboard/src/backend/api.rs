//! The requests to a Kanboard server, and what each kind of method answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::secret::Secret;
use isogloss_interop::password;
use serde_json::{Value, json};

use crate::backend::fault::{of_error, of_status, unexpected};
use crate::backend::row::{GroupRow, Row, integer, is_on};
use crate::options::version::{Differences, Version};

/// The path of the API, below the server's base address.
const PATH: &str = "/jsonrpc.php";
/// The user name that goes with the application's token.
const APPLICATION: &str = "jsonrpc";

/// The API of a Kanboard server, called with the gateway's credentials.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    /// The id namespace of the server's ids.
    pub(super) namespace: IdNamespace,
    /// What differs in the server's version.
    pub(super) differences: &'static Differences,
    /// `None`: the gateway calls as the application.
    user: Option<String>,
    authorization: Secret,
    random: fn() -> [u8; 32],
    next: AtomicU64,
}

/// What the server says to a user name and a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignIn {
    /// It refuses them.
    Refused,
    /// It accepts them.
    Accepted,
    /// It accepts them, and the user has a second factor. The secret is the personal token, or, at a
    /// server before 1.2.8, the password.
    SecondFactor,
}

impl Api {
    /// Calls as the service's user, or as the application if it names none.
    pub(super) fn new(service: &Service, upstream: Arc<dyn Upstream>) -> Self {
        let user = service.username.clone().filter(|user| user != APPLICATION);
        Self {
            upstream,
            namespace: service.namespace.clone(),
            differences: Version::named(service.version.as_deref()).differences(),
            authorization: basic(user.as_deref().unwrap_or(APPLICATION), &service.secret),
            user,
            random: service.random,
            next: AtomicU64::new(1),
        }
    }

    /// Whether the gateway calls as the application, which is nobody's account.
    pub(super) const fn is_application(&self) -> bool {
        self.user.is_none()
    }

    /// Calls a method that answers a user, or null.
    pub(super) async fn user(&self, method: &str, params: Value) -> Result<Option<Row>, Fault> {
        row_of(self.call(method, params).await?)
    }

    /// Calls a method that answers a group, or null.
    pub(super) async fn group(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Option<GroupRow>, Fault> {
        let answer = self.call(method, params).await?;
        if answer.is_null() { Ok(None) } else { GroupRow::of(answer).map(Some) }
    }

    /// Calls a method that answers a list.
    pub(super) async fn list(&self, method: &str, params: Value) -> Result<Vec<Value>, Fault> {
        let Value::Array(rows) = self.call(method, params).await? else {
            return Err(unexpected(format!("{method} answers no list")));
        };
        Ok(rows)
    }

    /// Calls a method that answers a new id, or `false`: then `None`.
    pub(super) async fn new_id(&self, method: &str, params: Value) -> Result<Option<i64>, Fault> {
        id_of(method, &self.call(method, params).await?)
    }

    /// Calls a method that answers `true` or `false`.
    pub(super) async fn is_done(&self, method: &str, params: Value) -> Result<bool, Fault> {
        truth_of(method, &self.call(method, params).await?)
    }

    /// Calls methods in one batch, which is one request. The server runs them in their order. The results
    /// are in that order too.
    pub(super) async fn batch(
        &self,
        calls: &[(&str, Value)],
    ) -> Result<Vec<Result<Value, Fault>>, Fault> {
        let call = |(id, (method, params)): (usize, &(&str, Value))| json!({"jsonrpc": "2.0", "method": method, "id": id, "params": params});
        let batch: Value = calls.iter().enumerate().map(call).collect();
        let response = self.post(&batch, &self.authorization).await?;
        if response.status != 200 {
            return Err(of_status(response.status));
        }
        let Value::Array(answers) = parsed(&response)? else {
            return Err(unexpected("a batch is not answered with a list"));
        };
        let answer_to = |id: usize| answers.iter().find(|one| one["id"] == id).cloned();
        let answers = (0..calls.len()).map(|id| answer_to(id).unwrap_or_default());
        Ok(answers.map(result_of).collect())
    }

    /// Calls a method, and then one that reads a user: the results of both.
    pub(super) async fn then_user(
        &self,
        write: (&str, Value),
        read: (&str, Value),
    ) -> Result<(Value, Result<Option<Row>, Fault>), Fault> {
        let mut results = self.batch(&[write, read]).await?.into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Null));
        let (written, row) = (next()?, next());
        Ok((written, row.and_then(row_of)))
    }

    /// Whether the server accepts a user's password, or personal token.
    pub(super) async fn accepts_password(
        &self,
        user: &str,
        password: &Secret,
    ) -> Result<SignIn, Fault> {
        if user == APPLICATION || user.contains(':') || password.expose().is_empty() {
            return Ok(SignIn::Refused);
        }
        // A server that cannot reach its directory answers 200 to any password, with an error in
        // the body: fixtures/transcripts/kanboard/ldap-unreachable.json. Only a row proves a
        // sign-in.
        match self.sign_in("getMe", user, password).await? {
            None => Ok(SignIn::Refused),
            Some(row) if row.get("twofactor_activated").is_some_and(is_on) => {
                Ok(SignIn::SecondFactor)
            }
            Some(row) if row.get("username").is_some_and(Value::is_string) => Ok(SignIn::Accepted),
            Some(_) => Err(unexpected("getMe answers no user")),
        }
    }

    /// Whether the server accepts a token as the application's.
    pub(super) async fn accepts_token(&self, token: &Secret) -> Result<bool, Fault> {
        Ok(self.sign_in("getVersion", APPLICATION, token).await?.is_some())
    }

    /// A password that nobody knows, for a user who is created without one.
    pub(super) fn unknown_password(&self) -> Secret {
        password::unknown(&(self.random)())
    }

    /// Calls a method without parameters with other credentials; `None` if the server refuses them.
    async fn sign_in(
        &self,
        method: &str,
        user: &str,
        secret: &Secret,
    ) -> Result<Option<Value>, Fault> {
        let response = self.send(method, json!([]), &basic(user, secret)).await?;
        match response.status {
            200 => result(&response).map(Some),
            401 | 403 => Ok(None),
            status => Err(of_status(status)),
        }
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, Fault> {
        let response = self.send(method, params, &self.authorization).await?;
        match response.status {
            200 => result(&response),
            status => Err(of_status(status)),
        }
    }

    async fn send(
        &self,
        method: &str,
        params: Value,
        authorization: &Secret,
    ) -> Result<Response, Fault> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let call = json!({"jsonrpc": "2.0", "method": method, "id": id, "params": params});
        self.post(&call, authorization).await
    }

    async fn post(&self, body: &Value, authorization: &Secret) -> Result<Response, Fault> {
        let request = Request::to("POST", PATH)
            .with("authorization", authorization.expose().to_owned())
            .carrying("application/json", body.to_string());
        self.upstream.send(request).await
    }
}

/// The user of an answer, or null.
fn row_of(answer: Value) -> Result<Option<Row>, Fault> {
    if answer.is_null() { Ok(None) } else { Row::of(answer).map(Some) }
}

/// The new id of an answer, or `false`: then `None`.
pub(super) fn id_of(method: &str, answer: &Value) -> Result<Option<i64>, Fault> {
    if *answer == Value::Bool(false) {
        return Ok(None);
    }
    let id = integer(answer);
    id.map(Some).ok_or_else(|| unexpected(format!("{method} answers neither an id nor false")))
}

/// The boolean of an answer.
pub(super) fn truth_of(method: &str, answer: &Value) -> Result<bool, Fault> {
    answer.as_bool().ok_or_else(|| unexpected(format!("{method} answers no boolean")))
}

fn basic(user: &str, secret: &Secret) -> Secret {
    let pair = STANDARD.encode(format!("{user}:{}", secret.expose()));
    Secret::new(format!("Basic {pair}"))
}

/// The result of a call, or the fault of its error.
fn result(response: &Response) -> Result<Value, Fault> {
    result_of(parsed(response)?)
}

fn parsed(response: &Response) -> Result<Value, Fault> {
    serde_json::from_slice(&response.body)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "not JSON").because(error))
}

fn result_of(answer: Value) -> Result<Value, Fault> {
    let Value::Object(mut answer) = answer else { return Err(unexpected("not an object")) };
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(of_error(error));
    }
    answer.remove("result").ok_or_else(|| unexpected("neither result nor error"))
}
