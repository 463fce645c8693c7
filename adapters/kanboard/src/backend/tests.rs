//! What a server answers beside results, as the real one does.

mod evidence;
mod server;
mod steps;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use serde_json::json;

use crate::backend::rpc::Rpc;

/// What the real server answers whatever the password is while its directory is away:
/// `fixtures/transcripts/kanboard/ldap-unreachable.json`.
const AWAY: &str = r#"{"jsonrpc":"2.0","error":{"code":0,"message":"Unable to connect to LDAP server (Code=\"-1\"; Error=\"Can't contact LDAP server\"; ExtendedError=\"\")"},"id":1}"#;

/// Answers every request the same.
#[derive(Debug)]
struct Same(u16, &'static str);

#[async_trait]
impl Upstream for Same {
    async fn send(&self, _request: Request) -> Result<Response, Fault> {
        Ok(Response::new(self.0, self.1))
    }
}

fn rpc(status: u16, body: &'static str) -> Rpc {
    Rpc::new(Arc::new(Same(status, body)), None, &Secret::new("token"))
}

#[tokio::test]
async fn only_somebody_who_is_shown_has_signed_in() {
    let takes = async |status, body| rpc(status, body).takes("ada", &"any".into()).await;
    let shown = r#"{"jsonrpc":"2.0","result":{"id":2,"username":"ada"},"id":1}"#;
    assert!(takes(200, shown).await.unwrap());
    assert!(!takes(401, r#"{"jsonrpc":"2.0","error":{"code":401},"id":null}"#).await.unwrap());
    let fault = takes(200, AWAY).await.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (FaultKind::Unavailable, Some(Subject::Directory)));
    for odd in ["", "[]", "<html>", r#"{"result":null}"#, r#"{"result":{}}"#, r#"{"id":1}"#] {
        assert_eq!(takes(200, odd).await.unwrap_err().kind, FaultKind::Unexpected, "{odd}");
    }
}

#[tokio::test]
async fn a_missing_directory_is_told_from_one_that_is_away() {
    let body = r#"{"error":{"code":0,"message":"LDAP server not configured, check the parameter LDAP_SERVER"}}"#;
    for (body, kind) in [(body, FaultKind::Unsupported), (AWAY, FaultKind::Unavailable)] {
        let fault = rpc(200, body).call("createLdapUser", json!(["ada"])).await.unwrap_err();
        assert_eq!((fault.kind, fault.subject), (kind, Some(Subject::Directory)));
    }
}
