//! The expected differences from the recorded answers. `fixtures/known-differences.toml` has
//! answers that are not correct yet: this list may only shrink. `fixtures/deviations.toml` has
//! deliberate differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::played::Played;
use crate::transcript::{Exchange, Transcript};

/// The message about a listed exchange that matches.
const TAKE_OFF: &str = "  matches: take it off fixtures/known-differences.toml\n";

/// Both lists.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The scenarios that do not match yet.
    pub differences: Vec<KnownDifference>,
    /// The deliberate differences.
    pub deviations: Vec<Deviation>,
}

/// A scenario that does not match yet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifference {
    /// Its name.
    pub scenario: String,
    /// All exchanges that differ.
    pub exchanges: BTreeSet<String>,
    /// The reason, if it is known.
    #[serde(default)]
    pub why: String,
}

/// Why a deviation is deliberate: the harm that the original's answer would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It would leak a secret.
    LeaksSecret,
    /// It would show details of an implementation that the gateway does not have.
    ExposesImplementation,
    /// It would lose a user's data.
    LosesWork,
    /// It would allow what the caller may not do.
    WeakensAuthorisation,
    /// It would copy a property of the recorded machine, or sentences of the server's authors.
    RecordedMachine,
}

/// An answer that is not the recorded one, on purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The dialect.
    pub dialect: String,
    /// The scenarios in which it appears.
    pub scenarios: Vec<String>,
    /// The exchanges in which it appears, in each scenario that has an exchange of that name.
    pub exchanges: Vec<String>,
    /// What the real server does.
    pub original: String,
    /// What the gateway does.
    pub ours: String,
    /// The kind of harm.
    pub reason: Reason,
    /// The explanation, in one sentence.
    pub why: String,
    /// The answer that the gateway must give instead.
    pub answer: Asserted,
}

/// The answer of a deviation. Each part that is set replaces the recorded part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asserted {
    /// The status.
    status: Option<u16>,
    /// All headers.
    headers: Option<BTreeMap<String, String>>,
    /// All headers that must be absent.
    absent_headers: Option<Vec<String>>,
    /// The body, as JSON in a string.
    json: Option<String>,
    /// Members of the recorded body with other values, as a JSON object in a string.
    members: Option<String>,
    /// Members of the recorded body that must be absent.
    #[serde(default)]
    without: Vec<String>,
    /// The body, if it is not JSON.
    text: Option<String>,
    /// More places where only the JSON type is compared.
    #[serde(default)]
    volatile: Vec<String>,
    /// More lists that may have additional items.
    #[serde(default)]
    contains: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DifferencesFile {
    #[serde(default)]
    difference: Vec<KnownDifference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationsFile {
    #[serde(default)]
    deviation: Vec<Deviation>,
}

impl Ledger {
    /// Reads both lists from the fixtures folder.
    pub fn load(fixtures: &Path) -> Result<Self> {
        let read = |name: &str| {
            let file = fixtures.join(name);
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
        };
        let differences: DifferencesFile =
            toml::from_str(&read("known-differences.toml")?).context("known-differences.toml")?;
        let deviations: DeviationsFile =
            toml::from_str(&read("deviations.toml")?).context("deviations.toml")?;
        for row in &deviations.deviation {
            row.answer
                .body(&Map::new())
                .with_context(|| format!("the answer to {:?}", row.exchanges))?;
        }
        Ok(Self { differences: differences.difference, deviations: deviations.deviation })
    }

    /// Checks a scenario that has been played. The error describes each unexpected difference.
    pub fn verdict(&self, transcript: &Transcript, played: &[Played]) -> Result<(), String> {
        let rows = self.differences.iter().filter(|row| row.scenario == transcript.name);
        let known: BTreeSet<_> = rows.flat_map(|row| &row.exchanges).collect();
        let mut report = String::new();
        for exchange in played {
            match (exchange.matched(), known.contains(&exchange.label)) {
                (true, true) => report.extend(["- ", &exchange.label, "\n", TAKE_OFF]),
                (false, false) => report.push_str(&exchange.to_string()),
                (true, false) | (false, true) => {}
            }
        }
        if report.is_empty() { Ok(()) } else { Err(format!("{}\n{report}", transcript.about)) }
    }

    /// The rows about scenarios or exchanges that do not exist.
    #[must_use]
    pub fn dangling(&self, transcripts: &[Transcript]) -> Vec<String> {
        let exists = |scenario: &str, exchange: Option<&String>| {
            transcripts.iter().filter(|transcript| transcript.name == scenario).any(|transcript| {
                exchange
                    .is_none_or(|label| transcript.exchanges.iter().any(|one| one.label == *label))
            })
        };
        let mut lost = Vec::new();
        for row in &self.differences {
            let exchanges = row.exchanges.iter().filter(|one| !exists(&row.scenario, Some(one)));
            lost.extend(exchanges.map(|one| format!("known difference {}: {one}", row.scenario)));
        }
        for row in &self.deviations {
            let scenarios = row.scenarios.iter().filter(|one| !exists(one, None));
            lost.extend(scenarios.map(|one| format!("deviation {one}")));
            let anywhere =
                |label: &String| row.scenarios.iter().any(|one| exists(one, Some(label)));
            let exchanges = row.exchanges.iter().filter(|label| !anywhere(label));
            lost.extend(
                exchanges.map(|label| format!("deviation {}: {label}", row.scenarios.join(", "))),
            );
        }
        lost
    }
}

impl Reason {
    /// The reason as a text.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LeaksSecret => "Copying it would leak a secret.",
            Self::ExposesImplementation => "Copying it would show details of an implementation.",
            Self::LosesWork => "Copying it would lose a user's data.",
            Self::WeakensAuthorisation => "Copying it would weaken authorisation.",
            Self::RecordedMachine => "It is a property of the recorded machine.",
        }
    }
}

impl Deviation {
    /// Whether it applies to this exchange.
    #[must_use]
    pub fn is_for(&self, transcript: &Transcript, exchange: &Exchange) -> bool {
        self.scenarios.contains(&transcript.name) && self.exchanges.contains(&exchange.label)
    }

    /// The expected answer, made from the recorded one.
    #[must_use]
    pub fn expected(&self, recorded: &Map<String, Value>) -> Map<String, Value> {
        let mut expected = recorded.clone();
        let Asserted { status, headers, absent_headers, text, volatile, contains, .. } =
            &self.answer;
        if let Some(status) = status {
            expected.insert("status".to_owned(), (*status).into());
        }
        if let Some(headers) = headers {
            let headers = headers.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            expected.insert("headers".to_owned(), Value::Object(headers.collect()));
        }
        if let Some(absent) = absent_headers {
            let absent = absent.iter().map(|name| name.as_str().into());
            expected.insert("absent_headers".to_owned(), Value::Array(absent.collect()));
        }
        if let Ok(Some(json)) = self.answer.body(recorded) {
            expected.insert("json".to_owned(), json);
        }
        if let Some(text) = text {
            expected.remove("json");
            expected.insert("text".to_owned(), text.as_str().into());
            expected.remove("compare_text");
        }
        for (key, more) in [("volatile", volatile), ("contains", contains)] {
            let list = expected.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.extend(more.iter().map(|place| place.as_str().into()));
            }
        }
        expected
    }
}

impl Asserted {
    /// The JSON body, if it replaces the recorded one.
    fn body(&self, recorded: &Map<String, Value>) -> Result<Option<Value>> {
        if let Some(json) = &self.json {
            return Ok(Some(serde_json::from_str(json)?));
        }
        let more: Map<String, Value> = match &self.members {
            Some(members) => serde_json::from_str(members)?,
            None if self.without.is_empty() => return Ok(None),
            None => Map::new(),
        };
        let recorded = recorded.get("json").and_then(Value::as_object).cloned();
        let kept = recorded.unwrap_or_default().into_iter();
        let kept = kept.filter(|(name, _)| !self.without.contains(name));
        Ok(Some(Value::Object(kept.chain(more).collect())))
    }
}

/// The deviations as a document for readers.
#[must_use]
pub fn document(deviations: &[Deviation]) -> String {
    let mut out = String::from(
        "# Deliberate deviations\n\nThe answers of Isogloss that differ from the real server's, and the reason for \
         each. The page is generated from\n`fixtures/deviations.toml`, which also has the answer of Isogloss, by \
         `cargo run -p isogloss-testkit --bin deviations`. A test fails if\nit is not up to date.\n",
    );
    let dialects: BTreeSet<_> = deviations.iter().map(|row| row.dialect.as_str()).collect();
    for dialect in dialects {
        let heading = format!(
            "\n## {dialect}\n\n| exchange | the original | Isogloss | why |\n|---|---|---|---|\n"
        );
        out.push_str(&heading);
        for row in deviations.iter().filter(|row| row.dialect == dialect) {
            let exchanges = row.exchanges.join("; ");
            let place = format!("`{}`: {exchanges}", row.scenarios.join("`, `"));
            let why = format!("{} {}", row.reason.words(), row.why);
            let cells = [place.as_str(), &row.original, &row.ours, &why];
            let cells = cells.map(|cell| cell.trim().replace('|', "\\|").replace('\n', " "));
            out.extend(["| ", &cells.join(" | "), " |\n"]);
        }
    }
    out
}
