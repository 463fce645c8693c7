//! What the backend makes of a server's errors.

use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_testkit::scripted::upstream::System;
use serde_json::json;

use crate::backend::api::{Api, SignIn};
use crate::backend::tests::server::service;

/// What the real server answers to any password while its directory does not answer:
/// `fixtures/transcripts/kanboard/ldap-unreachable.json`.
const AWAY: &str = r#"{"jsonrpc":"2.0","error":{"code":0,"message":"Unable to connect to LDAP server (Code=\"-1\"; Error=\"Can't contact LDAP server\"; ExtendedError=\"\")"},"id":1}"#;

fn api(status: u16, body: &str) -> Api {
    Api::new(&service(None), System::always(status, body))
}

#[tokio::test]
async fn only_a_row_proves_a_sign_in() {
    let accepts =
        async |status, body| api(status, body).accepts_password("ada", &"any".into()).await;
    let shown = r#"{"jsonrpc":"2.0","result":{"id":2,"username":"ada"},"id":1}"#;
    assert_eq!(accepts(200, shown).await.unwrap(), SignIn::Accepted);
    let refused = r#"{"jsonrpc":"2.0","error":{"code":401},"id":null}"#;
    assert_eq!(accepts(401, refused).await.unwrap(), SignIn::Refused);
    let fault = accepts(200, AWAY).await.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (FaultKind::Unavailable, Some(Subject::Directory)));
    for odd in ["", "[]", "<html>", r#"{"result":null}"#, r#"{"result":{}}"#, r#"{"id":1}"#] {
        assert_eq!(accepts(200, odd).await.unwrap_err().kind, FaultKind::Unexpected, "{odd}");
    }
}

#[tokio::test]
async fn a_missing_directory_is_distinguished_from_one_that_does_not_answer() {
    let missing = r#"{"error":{"code":0,"message":"LDAP server not configured, check the parameter LDAP_SERVER"}}"#;
    for (body, kind) in [(missing, FaultKind::Unsupported), (AWAY, FaultKind::Unavailable)] {
        let fault = api(200, body).new_id("createLdapUser", json!(["ada"])).await.unwrap_err();
        assert_eq!((fault.kind, fault.subject), (kind, Some(Subject::Directory)));
    }
}
