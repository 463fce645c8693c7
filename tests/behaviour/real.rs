//! The cases with a real server from a package registry.

use std::path::Path;

use anyhow::{Result, ensure};
use isogloss::registry;
use isogloss_canonical::command::Command as Ask;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::user::UserRef;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::installed::is_left_out;
use isogloss_testkit::real::RealServer;
use libtest_mimic::Failed;

use crate::fixture::{Fixture, System};
use crate::keys::{find, issue};
use crate::people::{create, new};
use crate::{block_on, cases, play};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The systems whose server a package registry has.
pub(crate) fn systems() -> Vec<&'static str> {
    let names = registry::SYSTEMS.backends().map(|(adapter, _)| adapter.name);
    let has_server = |name: &&str| {
        Facts::load(&root().join("fixtures"), name).is_ok_and(|facts| facts.real.is_some())
    };
    names.filter(has_server).collect()
}

/// Runs all cases with the server of a system.
pub(crate) fn every_case(system: &'static str) -> Result<(), Failed> {
    if is_left_out(system) {
        return Ok(());
    }
    suite(system).map_err(|error| format!("{error:#}").into())
}

fn suite(system: &'static str) -> Result<()> {
    let [server] = RealServer::start(root(), system)?;
    block_on(async {
        for case in cases() {
            eprintln!("{}: {}", server.real.package, case.name);
            let tested = live(system, &server).await?;
            play(&tested, &case).await;
            tested.fixture.close().await;
        }
        successor(system, &server).await?;
        refused_key(system, &server).await
    })
}

async fn live(system: &'static str, server: &RealServer) -> Result<crate::TestBackend> {
    Fixture::live(system, &server.url, &server.real.secret).await
}

/// A user is deleted directly in the system. A successor inherits nothing.
async fn successor(system: &'static str, server: &RealServer) -> Result<()> {
    let tested = live(system, server).await?;
    let ada = create(&tested, new("ada")).await;
    issue(&tested, &ada).await;
    tested.done(find()).await;
    let other = live(system, server).await?;
    other.fixture.close().await;
    tested.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    let next = create(&tested, new("ada")).await;
    ensure!(next.id != ada.id, "an id was used twice");
    tested.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    tested.fixture.close().await;
    Ok(())
}

/// A key that the server refuses is an outage, for every request.
async fn refused_key(name: &'static str, server: &RealServer) -> Result<()> {
    let system = System { name, version: None };
    let tested = Fixture::over(None, system, &server.url, "no key").await?;
    for name in ["admin", "nobody"] {
        let user = || UserRef::Name(name.to_owned());
        for command in [Ask::GetUser(user()), Ask::DeleteUser(user()), Ask::ListUsers] {
            tested.fails(command, FaultKind::Unavailable, None).await;
        }
    }
    tested.fixture.close().await;
    Ok(())
}
