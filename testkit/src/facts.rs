//! Facts about a system that no table of its adapter holds: `fixtures/systems/<system>.toml`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Facts about one system.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Methods that the real server has and that no transcript calls.
    #[serde(default)]
    pub unrecorded: Vec<String>,
    /// For the suite over every pair of dialect and backend.
    #[serde(default)]
    pub pairs: Pairs,
}

/// What the suite over every pair has to know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// The reasons for a difference that only some systems give, and this one does.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// What the administrator of a fresh server is called, where recordings show it.
    pub administrator: Option<String>,
}

impl Facts {
    /// Reads the facts about a system.
    pub fn load(fixtures: &Path, system: &str) -> Result<Self> {
        let file = fixtures.join("systems").join(format!("{system}.toml"));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        toml::from_str(&text).with_context(|| file.display().to_string())
    }
}
