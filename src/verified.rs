//! The rows of the matrix that `scripts/verify` has played before a real server, and looked up in that
//! server.

use serde::Deserialize;

/// The file that the script writes.
const FILE: &str = include_str!("verified.toml");

/// Methods of a dialect that were played before a release of a system.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// The system.
    pub system: String,
    /// Its release.
    pub release: String,
    /// The day, as `2026-11-28`.
    pub date: String,
    /// The dialect.
    pub dialect: String,
    /// Whether the calls were carried out, or refused without a change.
    pub result: Found,
    /// The methods.
    pub methods: Vec<String>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// The server shows what the call asked for.
    Done,
    /// The answer is a refusal, and the server has changed nothing.
    Refused,
}

impl Found {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    verified: Vec<Verified>,
}

/// All rows of the file.
pub fn all() -> Result<Vec<Verified>, String> {
    let file: File = toml::from_str(FILE).map_err(|error| error.to_string())?;
    Ok(file.verified)
}

/// The section of the matrix.
pub fn markdown() -> Result<String, String> {
    let row = |one: &Verified| {
        let methods: Vec<_> = one.methods.iter().map(|method| format!("`{method}`")).collect();
        let Verified { system, release, date, dialect, .. } = one;
        let result = one.result.as_str();
        format!("| {system} {release} | {date} | {dialect} | {result} | {} |", methods.join(", "))
    };
    let rows: Vec<_> = all()?.iter().map(row).collect();
    Ok(format!(
        "\n## Verified\n\nThe rows that `scripts/verify` has played before a real server. *done*: the server \
         itself shows afterwards what the call asked for. *refused*: the call is refused, and the \
         server shows no change.\n\n| backend | on | dialect | result | methods |\n|---|---|---|---|---|\n{}",
        rows.join("\n")
    ))
}
