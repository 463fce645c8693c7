//! The cases with a fake of Kanboard that keeps state as a real server does.

use libtest_mimic::Failed;
use serde_json::json;

use crate::fixture::{Fixture, System};
use crate::kanboard::server::Server;
use crate::{Case, block_on, play};

#[allow(dead_code, reason = "this suite does not look into the fake")]
#[path = "../kanboard/fake/mod.rs"]
mod fake;
#[allow(dead_code, reason = "this suite does not look into the fake")]
#[path = "../kanboard/server.rs"]
mod server;

/// The token of the gateway at the fake.
const TOKEN: &str = "0a1f4cb52f9bb33ed1d2cc6e1a3b4f60758d6c2f913e5a7b8c9d0e1f2a3b";

/// The system that the fake plays.
pub(crate) fn system() -> System {
    System { name: "kanboard", version: None }
}

/// Runs a case with a new fake.
pub(crate) fn run(case: &Case) -> Result<(), Failed> {
    let admin = json!({"username": "admin", "password": "the first secret", "admin": true});
    let token = json!({"dialect": "kanboard", "value": TOKEN});
    let server = Server::start(&json!({"users": [admin], "application_keys": [token]}));
    block_on(async {
        let tested = Fixture::over(None, system(), &server.url, TOKEN).await;
        let tested = tested.map_err(|error| format!("{error:#}"))?;
        play(&tested, case).await;
        tested.fixture.close().await;
        Ok(())
    })
}
