//! Facts about a system that its adapter does not have: `fixtures/systems/<system>.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::calls::Calls;

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
    /// Facts for the tests of who may do what.
    #[serde(default)]
    pub authorisation: Authorisation,
    /// What its clients send, for the suites that ask every dialect the same.
    pub calls: Option<Calls>,
    /// A real client that a test runs.
    pub client: Option<Client>,
    /// How to install and start a real server, if a package registry has one.
    pub real: Option<Real>,
}

/// Facts for the tests of who may do what (`fixtures/authorisation.toml`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authorisation {
    /// What a place in the name of a method stands for: `<key>`.
    pub places: BTreeMap<String, String>,
    /// The versions whose methods are tried with every caller, besides the default version.
    pub versions: Vec<String>,
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

/// A real client, unmodified, and the driver that makes it call every method that it has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The driver, a file of `tests/clients`. Its first argument is the base URL of the gateway.
    pub driver: String,
    /// The further arguments. `{{name}}` stands for a variable of the recorded accounts.
    pub arguments: Vec<String>,
    /// The packages from PyPI that it needs: `name==version`.
    #[serde(default)]
    pub python: Vec<String>,
    /// The packages from npm that it needs: `name@version`. The driver then runs in Node.
    #[serde(default)]
    pub node: Vec<String>,
    /// A folder in the package of the real server that has the client. It is the last argument.
    pub bundled: Option<String>,
}

/// How to install and start a server of a system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Real {
    /// The package on PyPI, with its version: `name==version`.
    pub package: String,
    /// The program of the package, below `bin`.
    pub program: String,
    /// The arguments. `PORT` and `FOLDER` stand for the port and for a new folder.
    pub arguments: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The files of the new folder, by name.
    pub files: BTreeMap<String, String>,
    /// The service key with which a backend calls the server.
    pub secret: String,
    /// The name of its administrator.
    pub administrator: String,
    /// The password of its administrator.
    pub password: String,
    /// A request, as in a transcript. It is repeated until the answer has the status 200.
    pub ready: Map<String, Value>,
}

impl Facts {
    /// Reads the facts about a system.
    pub fn load(fixtures: &Path, system: &str) -> Result<Self> {
        let file = fixtures.join("systems").join(format!("{system}.toml"));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        toml::from_str(&text).with_context(|| file.display().to_string())
    }

    /// The calls of a dialect's clients.
    pub fn calls(fixtures: &Path, dialect: &str) -> Result<Calls> {
        let calls = Self::load(fixtures, dialect)?.calls;
        let mut calls =
            calls.with_context(|| format!("fixtures/systems/{dialect}.toml has no [calls]"))?;
        dialect.clone_into(&mut calls.dialect);
        Ok(calls)
    }

    /// The calls of these dialects, in their order. They are read once in a process, which always names
    /// the same.
    pub fn all_calls<'d>(
        fixtures: &Path,
        dialects: impl IntoIterator<Item = &'d str>,
    ) -> Result<&'static [Calls]> {
        static ALL: OnceLock<Vec<Calls>> = OnceLock::new();
        if let Some(all) = ALL.get() {
            return Ok(all);
        }
        let all = dialects.into_iter().map(|dialect| Self::calls(fixtures, dialect));
        let all = all.collect::<Result<Vec<_>>>()?;
        Ok(ALL.get_or_init(|| all))
    }
}
