//! A row of the file that `isogloss identity` exports and imports: a user and an id of theirs.

use anyhow::bail;
use isogloss_canonical::namespace::Numbering;
use isogloss_store::Numbered;
use serde::{Deserialize, Serialize};

/// A row of the file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id_namespace: String,
    pub(crate) id: String,
    pub(crate) username: String,
    /// The name by which clients know the user, if it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alias: Option<String>,
}

/// Refuses a row whose id or id namespace is not valid.
pub(crate) fn check(row: &Row, namespaces: &[Numbered]) -> anyhow::Result<()> {
    let known = namespaces.iter().find(|known| known.namespace.as_str() == row.id_namespace);
    let Some(known) = known else {
        let all: Vec<_> = namespaces.iter().map(|known| known.namespace.as_str()).collect();
        bail!("no id namespace {:?}; known: {}", row.id_namespace, all.join(", "));
    };
    if known.users == Numbering::Names {
        bail!("the ids of {} are the user names; other ids cannot be imported", row.id_namespace);
    }
    let number = row.id.parse::<i64>().ok();
    let number = number.filter(|number| number.to_string() == row.id);
    match number {
        Some(number) if (1..=GREATEST).contains(&number) => Ok(()),
        _ => {
            bail!(
                "{:?} is no id of {}: a whole number from 1 to {GREATEST}",
                row.id,
                row.id_namespace
            )
        }
    }
}

/// The greatest id that can be imported. The counter needs one number above it.
const GREATEST: i64 = i64::MAX - 1;
