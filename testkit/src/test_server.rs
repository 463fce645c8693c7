//! The running processes that one scenario needs.

use std::path::Path;

use anyhow::Result;

use crate::directory::Directory;
use crate::gateway::Gateway;
use crate::leaks::Secrets;
use crate::ledger::Deviation;
use crate::played::Played;
use crate::player::play;
use crate::profile::Setup;
use crate::replay::Replay;
use crate::transcript::Transcript;

/// A gateway with a fresh store, and a directory if the scenario needs one.
#[derive(Debug)]
pub struct TestServer {
    /// The setup, with the present values of the variables.
    pub setup: Setup,
    gateway: Gateway,
    /// A second gateway with the same state. Exchanges go to one and the other in turn.
    twin: Option<Gateway>,
    _directory: Option<Directory>,
}

impl TestServer {
    /// Starts what a transcript with this setup needs.
    pub fn start(
        program: &Path,
        fixtures: &Path,
        transcript: &Transcript,
        mut setup: Setup,
    ) -> Result<Self> {
        let entries = setup.directory.as_ref().map(|file| fixtures.join("transcripts").join(file));
        let directory = entries.map(|entries| Directory::start(&entries)).transpose()?;
        if let Some(directory) = &directory {
            setup.variables.set("ldap_url", directory.url.as_str());
        }
        if setup.replays {
            let replay = Replay::start(transcript.clone(), setup.variables.clone())?;
            setup.origin = Some(replay.url);
        }
        let gateway = Gateway::start(program, &setup)?;
        let twin = gateway.twin(program, &setup)?;
        Ok(Self { setup, gateway, twin, _directory: directory })
    }

    /// The base URL of the gateway.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.gateway.url
    }

    /// Plays a transcript.
    pub fn play(
        &mut self,
        transcript: &Transcript,
        deviations: &[Deviation],
    ) -> Result<Vec<Played>> {
        let bases = self.gateways().map(Gateway::base).collect::<Result<Vec<_>>>()?;
        Ok(play(transcript, &bases, &mut self.setup.variables, deviations))
    }

    /// The secrets of a played transcript that the gateway has logged.
    pub fn leaks(&self, transcript: &Transcript) -> Result<Vec<String>> {
        let log = self.gateways().map(Gateway::log).collect::<Result<Vec<_>>>()?.concat();
        Ok(Secrets::of(&self.setup, transcript, &self.setup.variables).shown_in(&log))
    }

    /// The length of the gateway's log, in bytes.
    pub fn log_length(&self) -> Result<usize> {
        Ok(self.gateways().map(Gateway::log).collect::<Result<Vec<_>>>()?.concat().len())
    }

    fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        std::iter::once(&self.gateway).chain(&self.twin)
    }
}
