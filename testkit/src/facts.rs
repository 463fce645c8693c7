//! Facts about a system that its adapter does not have: `fixtures/systems/<system>.toml`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Facts about one system.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Facts for the suite `pairs`.
    #[serde(default)]
    pub pairs: Pairs,
    /// Facts for the suite `contract`.
    #[serde(default)]
    pub contract: Contract,
}

/// Facts for the suite `contract`, which holds every adapter to the same rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The pages that an origin answers if there is one, and the dialect if not: `GET /login/`.
    pub pages: Vec<String>,
}

/// Facts for the suite `pairs`, which tests every pair of dialect and backend.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Those reasons for a difference that apply to this system, and not to every system.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The versions whose recordings are played on every pair, besides the default version.
    #[serde(default)]
    pub versions: Vec<String>,
    /// The full name of the administrator of a fresh server, if recordings show it.
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
