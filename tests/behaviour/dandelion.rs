//! The cases with a fake that keeps state as a real server does.

use libtest_mimic::Failed;
use serde_json::json;

use crate::dandelion::server::Server;
use crate::fixture::{Fixture, System};
use crate::{Case, block_on, play};

#[allow(dead_code, reason = "this suite does not look into the fake")]
#[path = "../dandelion/fake/mod.rs"]
pub(crate) mod fake;
#[allow(dead_code, reason = "this suite does not look into the fake")]
#[path = "../dandelion/server.rs"]
mod server;

/// The key of the gateway at the fake.
const KEY: &str = "0a000000000000000000000000000a";

/// The system that the fake plays.
pub(crate) fn system() -> System {
    System { name: "dandelion", version: None }
}

/// Runs a case with a new fake.
pub(crate) fn run(case: &Case) -> Result<(), Failed> {
    let admin = json!({
        "username": "admin", "password": "the first secret", "admin": true,
        "keys": [{"value": KEY}]
    });
    let server = Server::start(&json!({"users": [admin]}));
    block_on(async {
        let tested = Fixture::over(None, system(), &server.url, KEY).await;
        let tested = tested.map_err(|error| format!("{error:#}"))?;
        play(&tested, case).await;
        tested.fixture.close().await;
        Ok(())
    })
}
