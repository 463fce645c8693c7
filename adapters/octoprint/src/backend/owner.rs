//! Whose a key is, as the server says it.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::secret::Secret;
use serde_json::Value;

use crate::backend::api::{Api, LOGIN, keyed, object, request};
use crate::backend::fault::{of_status, unexpected};
use crate::options::version::KeyOwner;

/// Where the server says who calls.
const CURRENT: &str = "/api/currentuser";

/// What the server says of the owner of a key.
#[derive(Debug)]
pub(super) enum SaidOwner {
    /// The key is this user's, or the application's own.
    Named(String),
    /// The key is nobody's, or an inactive user's.
    Nobody,
    /// The server does not say it.
    Silent,
}

impl Api {
    /// Whose a key is, by the place of the server's version that says it.
    pub(super) async fn said_owner(&self, key: &Secret) -> Result<SaidOwner, Fault> {
        match self.version().key_owner {
            KeyOwner::CurrentUser => self.current_user(key).await,
            KeyOwner::PassiveLogin => self.passive_login(key).await,
            KeyOwner::Rows => Ok(SaidOwner::Silent),
        }
    }

    async fn current_user(&self, key: &Secret) -> Result<SaidOwner, Fault> {
        let response = self.send_as_it_is(keyed(request("GET", CURRENT), key)).await?;
        let name = object(&response).and_then(|mut body| body.remove("name"));
        match (response.status, name) {
            (200, Some(Value::String(name))) => Ok(SaidOwner::Named(name)),
            // A caller with an unknown key is a guest.
            (200, Some(Value::Null)) | (403, _) => Ok(SaidOwner::Nobody),
            (404, _) => Ok(SaidOwner::Silent),
            (200, _) => Err(unexpected("the current user has no name")),
            (status, _) => Err(of_status(status)),
        }
    }

    /// A passive login by key opens no session:
    /// `fixtures/transcripts/octoprint13/login-address.json`. It fails for a name outside ASCII.
    async fn passive_login(&self, key: &Secret) -> Result<SaidOwner, Fault> {
        let login = request("POST", LOGIN).carrying("application/json", r#"{"passive":true}"#);
        let response = self.send_as_it_is(keyed(login, key)).await?;
        let name = object(&response).and_then(|mut body| body.remove("name"));
        match (response.status, name) {
            (200, Some(Value::String(name))) => Ok(SaidOwner::Named(name)),
            (204, _) => Ok(SaidOwner::Nobody),
            (500, _) => Ok(SaidOwner::Silent),
            (200, _) => Err(unexpected("a passive login names nobody")),
            (status, _) => Err(of_status(status)),
        }
    }
}
