//! Transcripts: what a real server answered, request by request, one file a scenario.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// One scenario.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// What it is called in tests and lists: `kanboard::variants::mysql::create-user`.
    pub name: String,
    /// Its folder below the root, with slashes: `kanboard/variants/mysql`.
    pub folder: String,
    /// Its file name without the ending.
    pub scenario: String,
    /// How the recorded server was configured; `default`: as installed.
    pub profile: String,
    /// What it shows.
    pub about: String,
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
}

/// One request with its recorded answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its name; the second of a name has ` (2)` after it.
    pub label: String,
    /// The request, with places for variables.
    pub request: Map<String, Value>,
    /// The recorded answer and how to compare it.
    pub response: Map<String, Value>,
    /// Variables to take from the answer, and where they stand in it.
    pub capture: BTreeMap<String, String>,
}

/// Reads every transcript below a folder, by name.
pub fn load(root: &Path) -> Result<Vec<Transcript>> {
    files(root)?.iter().map(|file| read(root, file)).collect()
}

/// The files of every transcript below a folder, by name.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(root, &mut files)?;
    files.retain(|file| file.parent() != Some(root));
    files.sort();
    Ok(files)
}

/// What the transcript in a file is called.
pub fn name(root: &Path, file: &Path) -> Result<String> {
    Ok(place(root, file)?.replace('/', "::"))
}

fn place(root: &Path, file: &Path) -> Result<String> {
    let place = file.strip_prefix(root)?.with_extension("");
    Ok(place.to_str().context("a file name that is not UTF-8")?.to_owned())
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

/// Reads one transcript, named by its place below a root.
pub fn read(root: &Path, file: &Path) -> Result<Transcript> {
    let place = place(root, file)?;
    let (folder, scenario) = place.rsplit_once('/').unwrap_or(("", &place));
    let text = fs::read_to_string(file)?;
    let document: Value =
        serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
    let word = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(Transcript {
        name: place.replace('/', "::"),
        folder: folder.to_owned(),
        scenario: scenario.to_owned(),
        profile: word("profile").unwrap_or_else(|| "default".to_owned()),
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
