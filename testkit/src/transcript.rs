//! Transcripts: the recorded requests and answers of a real server, one file for each scenario.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// The first part of the line with the profile.
const PROFILE: &str = "\n  \"profile\": \"";
/// The profile of a server with its default configuration.
const DEFAULT: &str = "default";

/// One scenario.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Its name in tests and lists: `kanboard::variants::mysql::create-user`.
    pub name: String,
    /// Its folder below the root, with slashes: `kanboard/variants/mysql`.
    pub folder: String,
    /// Its file name without the ending.
    pub scenario: String,
    /// The configuration of the recorded server. `default`: as installed.
    pub profile: String,
    /// What it shows.
    pub about: String,
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
}

/// The name of a transcript and the configuration of its server, known without parsing the
/// exchanges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// As [`Transcript::name`].
    pub name: String,
    /// As [`Transcript::folder`].
    pub folder: String,
    /// As [`Transcript::scenario`].
    pub scenario: String,
    /// As [`Transcript::profile`].
    pub profile: String,
}

/// A transcript that is parsed at its first use.
#[derive(Debug)]
pub struct Recording {
    /// What it is called and how its server was configured.
    pub heading: Heading,
    root: PathBuf,
    file: PathBuf,
    parsed: OnceLock<Result<Transcript, String>>,
}

/// One request with its recorded answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its name. The second exchange with a name gets ` (2)` at the end.
    pub label: String,
    /// The request, with places for variables.
    pub request: Map<String, Value>,
    /// The recorded answer, and how to compare it.
    pub response: Map<String, Value>,
    /// The variables to take from the answer, and their places in it.
    pub capture: BTreeMap<String, String>,
}

/// All transcripts below a folder, by name, not parsed yet.
pub fn index(root: &Path) -> Result<Vec<Recording>> {
    files(root)?.into_iter().map(|file| Recording::of(root, file)).collect()
}

/// Reads every transcript below a folder, by name.
pub fn load(root: &Path) -> Result<Vec<Transcript>> {
    files(root)?.iter().map(|file| read(root, file)).collect()
}

/// The files of every transcript below a folder, by name.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(root, &mut files)?;
    files.retain(|file| file.parent() != Some(root));
    files.sort();
    Ok(files)
}

impl Recording {
    fn of(root: &Path, file: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        let profile = text.split_once(PROFILE).and_then(|(_, rest)| rest.split_once('"'));
        let profile = profile.map(|(profile, _)| profile.to_owned());
        let heading = heading(root, &file, profile)?;
        Ok(Self { heading, root: root.to_owned(), file, parsed: OnceLock::new() })
    }

    /// The transcript.
    pub fn transcript(&self) -> Result<&Transcript> {
        let parsed = self.parsed.get_or_init(|| self.parse().map_err(|error| format!("{error:#}")));
        parsed.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    fn parse(&self) -> Result<Transcript> {
        let transcript = read(&self.root, &self.file)?;
        let expected = self.heading == transcript.heading();
        ensure!(expected, "{}: the profile is not on a line of its own", self.file.display());
        Ok(transcript)
    }
}

impl Transcript {
    /// What it is called and how its server was configured.
    #[must_use]
    pub fn heading(&self) -> Heading {
        Heading {
            name: self.name.clone(),
            folder: self.folder.clone(),
            scenario: self.scenario.clone(),
            profile: self.profile.clone(),
        }
    }
}

/// The path of a file below the root, without its ending.
fn place(root: &Path, file: &Path) -> Result<String> {
    let place = file.strip_prefix(root)?.with_extension("");
    Ok(place.to_str().context("a file name that is not UTF-8")?.to_owned())
}

fn heading(root: &Path, file: &Path, profile: Option<String>) -> Result<Heading> {
    let place = place(root, file)?;
    let (folder, scenario) = place.rsplit_once('/').unwrap_or(("", &place));
    Ok(Heading {
        name: place.replace('/', "::"),
        folder: folder.to_owned(),
        scenario: scenario.to_owned(),
        profile: profile.unwrap_or_else(|| DEFAULT.to_owned()),
    })
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads one transcript. Its name comes from its path below the root.
fn read(root: &Path, file: &Path) -> Result<Transcript> {
    let text = fs::read_to_string(file)?;
    let document: Value =
        serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
    let word = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
    let Heading { name, folder, scenario, profile } = heading(root, file, word("profile"))?;
    Ok(Transcript {
        name,
        folder,
        scenario,
        profile,
        about: word("about").unwrap_or_default(),
        exchanges: exchanges(&document).with_context(|| format!("reading {}", file.display()))?,
    })
}

fn exchanges(document: &Value) -> Result<Vec<Exchange>> {
    let mut seen = BTreeMap::<String, usize>::new();
    let recorded = document.get("exchanges").and_then(Value::as_array).context("no exchanges")?;
    recorded.iter().map(|exchange| read_exchange(exchange, &mut seen)).collect()
}

fn read_exchange(exchange: &Value, seen: &mut BTreeMap<String, usize>) -> Result<Exchange> {
    let part = |key: &str| {
        exchange.get(key).and_then(Value::as_object).cloned().with_context(|| format!("no {key}"))
    };
    let name = exchange.get("name").and_then(Value::as_str).context("no name")?;
    let count = seen.entry(name.to_owned()).or_default();
    *count += 1;
    let label = if *count == 1 { name.to_owned() } else { format!("{name} ({count})") };
    let capture = exchange.get("capture").and_then(Value::as_object).into_iter().flatten();
    let capture = capture
        .filter_map(|(name, place)| Some((name.clone(), place.as_str()?.to_owned())))
        .collect();
    Ok(Exchange { label, request: part("request")?, response: part("response")?, capture })
}
