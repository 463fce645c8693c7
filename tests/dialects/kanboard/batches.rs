//! Batches: what one call changes does not change the caller of the next.

use std::sync::Arc;

use isogloss_canonical::namespace::IdNamespace;
use serde_json::{Value, json};

use super::{kanboard, kanboard_body};
use crate::concurrency::{MANY, at_once};
use crate::gateway::TestGateway;
use crate::sessions::Case;

pub(super) const CASES: [Case; 1] =
    [("a-batch-that-demotes-its-caller", |gateway| Box::pin(demotions(gateway)))];

/// The caller's record is read once in each request:
/// `fixtures/transcripts/kanboard/rpc-batch.json`.
async fn demotions(gateway: Arc<TestGateway>) {
    let boss = "boss:boss's secret";
    let boss_id = gateway.user("boss").await.ids[&IdNamespace::named("kanboard")].clone();
    let call = |id: u64, method: &str, params: Value| json!({"jsonrpc": "2.0", "method": method, "params": params, "id": id});
    let batch = json!([
        call(1, "updateUser", json!({"id": boss_id, "role": "app-user"})),
        call(2, "getUserByName", json!(["ann"])),
        call(3, "getMe", json!([])),
    ]);
    let answer = gateway.send(kanboard_body(boss, &batch)).await;
    assert_eq!(answer.json[0]["result"], json!(true), "{}", answer.text);
    assert_eq!(answer.json[1]["result"]["username"], json!("ann"), "{}", answer.text);
    assert_eq!(answer.json[2]["result"]["role"], json!("app-admin"), "{}", answer.text);
    let next = vec![kanboard(boss, "getUserByName", &json!(["ann"])); MANY];
    let answers = at_once(&gateway, next).await;
    assert!(answers.iter().all(|answer| answer.status == 403), "{answers:#?}");
}
