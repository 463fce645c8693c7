//! The differences of each pair: `fixtures/pairs/<dialect>-on-<system>.toml`. Each row has a reason
//! of a fixed set. The test compares the reasons with the tables of the code. Example: if the
//! matrix does not refuse a method, no row may give the reason "refused".

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use isogloss::matrix::{Level, rows};
use isogloss::registry;
use isogloss_canonical::capability::{Capability, Field};
use isogloss_canonical::verb::Verb;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::ledger::Ledger;
use isogloss_testkit::played::Played;
use isogloss_testkit::transcript::{Recording, Transcript};
use serde::Deserialize;

/// A reason for a difference.
pub(crate) struct Reason {
    name: &'static str,
    /// The reason in a sentence.
    about: &'static str,
    /// Whether it can apply to a pair.
    of: fn(&Able) -> bool,
}

/// The facts about a pair that the tables contain.
pub(crate) struct Able {
    reasons: Vec<String>,
    own: Capability,
    levels: Vec<Level>,
}

impl Able {
    fn lacks(&self, field: Field) -> bool {
        !self.own.holds(field)
    }

    /// Whether the facts about the system have this reason.
    fn gives(&self, reason: &str) -> bool {
        self.reasons.iter().any(|own| own == reason)
    }
}

/// All reasons.
const REASONS: &[Reason] = &[
    Reason {
        name: "refused",
        about: "The system cannot do what the method asks: the matrix says refused.",
        of: |able| able.levels.contains(&Level::Refused),
    },
    Reason {
        name: "lossy",
        about: "The system does not do it whole: the matrix says lossy, and what is lost.",
        of: |able| able.levels.contains(&Level::Lossy),
    },
    Reason {
        name: "no-rename",
        about: "The system cannot rename people.",
        of: |able| able.lacks(Field::Rename),
    },
    Reason {
        name: "no-password-change",
        about: "The system cannot set the password of somebody who is there.",
        of: |able| able.lacks(Field::Password),
    },
    Reason {
        name: NO_PAGES,
        about: "The system of this test has no web pages, by which its passwords are verified.",
        of: |able| able.gives(NO_PAGES),
    },
    Reason {
        name: "no-inactive-login",
        about: "The system does not say whether the password of an inactive user is right.",
        of: |able| able.own.has(Verb::VerifyPassword),
    },
    Reason {
        name: SOURCE,
        about: "The system alone says where an account comes from.",
        of: |able| able.gives(SOURCE),
    },
    Reason {
        name: REQUIRED,
        about: "The system wants a name or an e-mail address of everybody, and one is made up.",
        of: |able| able.gives(REQUIRED),
    },
    Reason {
        name: "not-made",
        about: "The system cannot make what the call asks for besides the person.",
        of: |_| true,
    },
    Reason {
        name: "name-policy",
        about: "The system does not take this name, or not to the letter.",
        of: |_| true,
    },
    Reason {
        name: FOLDED,
        about: "To the system, names that differ in case alone are one name.",
        of: |able| able.gives(FOLDED),
    },
    Reason {
        name: "email-policy",
        about: "The system does not take this e-mail address.",
        of: |able| !able.lacks(Field::Email),
    },
    Reason {
        name: "password-policy",
        about: "The system does not take this password.",
        of: |_| true,
    },
    Reason {
        name: "masked",
        about: "The gateway that plays the system masks tokens and second factors.",
        of: |able| able.own.shows_keys(),
    },
    Reason {
        name: "inactive-owner",
        about: "The system does not say whose a key is if the owner is inactive.",
        of: |able| able.own.has(Verb::FindKey),
    },
    Reason {
        name: "harms-the-server",
        about: "The system would store it and then fail for everybody, so the gateway refuses it.",
        of: |able| able.own.rights_groups().is_some(),
    },
    Reason {
        name: "not-translated",
        about: "The dialect does not translate the method, and no origin is there to answer it.",
        of: |_| true,
    },
    Reason {
        name: FOLLOWS,
        about: "It follows from a difference before it in the scenario.",
        of: |_| true,
    },
];

/// The reasons that apply only to some systems. `fixtures/systems/` lists them.
const SOURCE: &str = "source-of-the-system";
const REQUIRED: &str = "required-field";
const FOLDED: &str = "names-folded";
const NO_PAGES: &str = "no-web-pages";
/// The reason for a difference that an earlier difference explains.
const FOLLOWS: &str = "follows";
/// The prefix of a known bug: `bug: what is wrong`.
const BUG: &str = "bug: ";

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    scenario: String,
    reason: String,
    exchanges: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    difference: Vec<Row>,
}

/// The list of one pair.
pub(crate) struct List {
    file: PathBuf,
    dialect: &'static str,
    system: &'static str,
    rows: Vec<Row>,
}

impl List {
    /// Reads the list. A pair without a file has no differences.
    pub(crate) fn load(
        fixtures: &Path,
        dialect: &'static str,
        system: &'static str,
    ) -> Result<Self> {
        let file = fixtures.join("pairs").join(format!("{dialect}-on-{system}.toml"));
        let list: File = match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).with_context(|| file.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        Ok(Self { file, dialect, system, rows: list.difference })
    }

    fn reason(&self, scenario: &str, exchange: &str) -> Option<&str> {
        let mut fits = self.rows.iter().filter(|row| row.scenario == scenario);
        fits.find(|row| row.exchanges.iter().any(|one| one == exchange))
            .map(|row| row.reason.as_str())
    }

    /// Checks a scenario: each difference must be listed, and each listed exchange must differ.
    pub(crate) fn verdict(
        &self,
        ledger: &Ledger,
        transcript: &Transcript,
        played: &[Played],
    ) -> Result<(), String> {
        let mut report = String::new();
        for exchange in played {
            let listed = self.reason(&transcript.name, &exchange.label).is_some();
            match (exchange.matched(), listed) {
                (true, true) => {
                    let file = self.file.display();
                    writeln!(report, "- {}\n  matches: take it off {file}", exchange.label)
                        .map_err(|error| error.to_string())?;
                }
                (false, false) if !differs_anyway(ledger, &transcript.name, exchange) => {
                    report.push_str(&exchange.to_string());
                }
                (true, false) | (false, true | false) => {}
            }
        }
        if report.is_empty() { Ok(()) } else { Err(format!("{}\n{report}", transcript.about)) }
    }

    /// The faults of the list itself: reasons that do not exist or cannot apply, and rows about
    /// exchanges that do not exist.
    pub(crate) fn flaws(&self, fixtures: &Path, recordings: &[Recording]) -> Result<Vec<String>> {
        let able = able(fixtures, self.dialect, self.system)?;
        let mut flaws = Vec::new();
        for row in &self.rows {
            let known = REASONS.iter().find(|reason| reason.name == row.reason);
            if !known.is_some_and(|reason| (reason.of)(&able)) && !row.reason.starts_with(BUG) {
                flaws.push(format!("{}: no reason here: {:?}", row.scenario, row.reason));
            }
            let first = |other: &Row| other.scenario == row.scenario && other.reason != FOLLOWS;
            if row.reason == FOLLOWS && !self.rows.iter().any(first) {
                flaws.push(format!("{}: there is nothing it could follow from", row.scenario));
            }
            let named = recordings.iter().find(|one| one.heading.name == row.scenario);
            let named = named.map(Recording::transcript).transpose()?;
            let labels: Vec<_> = named
                .into_iter()
                .flat_map(|one| &one.exchanges)
                .map(|exchange| &exchange.label)
                .collect();
            let lost = row.exchanges.iter().filter(|exchange| !labels.contains(exchange));
            flaws.extend(lost.map(|exchange| format!("{}: no {exchange:?}", row.scenario)));
        }
        Ok(flaws)
    }

    /// Writes the list again after scenarios were played. Known reasons stay.
    pub(crate) fn write(&self, ledger: &Ledger, played: &[(String, Vec<Played>)]) -> Result<()> {
        let mut rows: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let is_new = |row: &&Row| !played.iter().any(|(one, _)| *one == row.scenario);
        for row in self.rows.iter().filter(is_new) {
            let key = (row.scenario.clone(), row.reason.clone());
            rows.entry(key).or_default().extend(row.exchanges.clone());
        }
        for (scenario, exchanges) in played {
            for one in exchanges.iter().filter(|one| !one.matched()) {
                if differs_anyway(ledger, scenario, one) {
                    continue;
                }
                let reason = self.reason(scenario, &one.label).unwrap_or("unexplained");
                let key = (scenario.clone(), reason.to_owned());
                rows.entry(key).or_default().push(one.label.clone());
            }
        }
        if rows.is_empty() {
            return match fs::remove_file(&self.file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        fs::create_dir_all(self.file.parent().context("a list is in a folder")?)?;
        Ok(fs::write(&self.file, self.text(&rows)?)?)
    }

    fn text(&self, rows: &BTreeMap<(String, String), Vec<String>>) -> Result<String> {
        let mut text = format!(
            "# What clients of {} see differently with {} behind.\n",
            self.dialect, self.system
        );
        let used = |reason: &&Reason| rows.keys().any(|(_, one)| one == reason.name);
        for reason in REASONS.iter().filter(used) {
            writeln!(text, "# {}: {}", reason.name, reason.about)?;
        }
        for ((scenario, reason), exchanges) in rows {
            let quoted: Vec<_> =
                exchanges.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
            write!(
                text,
                "\n[[difference]]\nscenario = {scenario:?}\nreason = {reason:?}\nexchanges = [\n"
            )?;
            for one in quoted {
                writeln!(text, "  {one},")?;
            }
            text.push_str("]\n");
        }
        Ok(text)
    }
}

/// Whether the exchange already differs with the embedded store.
fn differs_anyway(ledger: &Ledger, scenario: &str, exchange: &Played) -> bool {
    let mut rows = ledger.differences.iter().filter(|row| row.scenario == scenario);
    rows.any(|row| row.exchanges.contains(&exchange.label))
}

fn able(fixtures: &Path, dialect: &str, system: &'static str) -> Result<Able> {
    let (_, backend) = registry::backend(system).map_err(anyhow::Error::msg)?;
    let rows = rows().map_err(anyhow::Error::msg)?;
    let rows = rows.iter().filter(|row| row.dialect == dialect && row.backend == system);
    let levels = rows.map(|row| row.level).collect();
    let reasons = Facts::load(fixtures, system)?.pairs.reasons;
    Ok(Able { reasons, own: backend.capability(), levels })
}
