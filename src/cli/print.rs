//! Prints results: JSON for programs, tables and sentences for people.

use std::io::{ErrorKind, Write};

use anyhow::Context;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use isogloss_canonical::key::Key;
use isogloss_canonical::user::User;

use crate::auth::restrictions::Restrictions;

/// The reader of standard output has closed it: `isogloss matrix | head`.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct Closed;

/// Prints a line on standard output.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes on standard output.
pub(crate) fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("standard output cannot be written"),
    }
}

/// Prints a value as indented JSON.
pub(crate) fn json(value: &Value) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Prints a table. On a terminal, long cells are broken so that a row is not wider than the terminal;
/// elsewhere a row is one line, for programs.
pub(crate) fn table(headings: &[&str], rows: Vec<Vec<String>>) -> anyhow::Result<()> {
    let mut table = Table::new();
    let rows = rows.into_iter().map(|row| row.iter().map(|cell| visible(cell)).collect::<Vec<_>>());
    table.load_style(NOTHING).set_header(headings).add_rows(rows);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    line(&table.to_string())
}

/// A text without control characters, which a terminal would obey: clients choose names. Each is shown as
/// Rust writes it (`\u{1b}`).
fn visible(cell: &str) -> String {
    if !cell.chars().any(char::is_control) {
        return cell.to_owned();
    }
    let shown = |letter: char| -> String {
        if letter.is_control() { letter.escape_default().collect() } else { letter.to_string() }
    };
    cell.chars().map(shown).collect()
}

/// A user as JSON.
pub(crate) fn user_value(user: &User, restrictions: Restrictions) -> Value {
    let ids = user.ids.iter().map(|(namespace, id)| (namespace.to_string(), json!(id)));
    let groups: Vec<_> = user.groups.iter().map(|group| group.name.clone()).collect();
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "display_name": user.full_name(),
        "email": user.email,
        "role": user.role.as_str(),
        "active": user.active,
        "locked": restrictions.locked,
        "waiting_addresses": restrictions.waiting_addresses,
        "groups": groups,
        "ids": ids.collect::<serde_json::Map<_, _>>(),
        "created": user.created.to_string(),
        "last_login": user.last_login.map(|time| time.to_string()),
    })
}

/// A user as a row of a table.
pub(crate) fn user_row(user: &User, restrictions: Restrictions) -> Vec<String> {
    let ids: Vec<_> = user.ids.iter().map(|(namespace, id)| format!("{namespace}:{id}")).collect();
    vec![
        user.username.clone(),
        user.full_name().unwrap_or_default(),
        user.email.clone().unwrap_or_default(),
        user.role.as_str().to_owned(),
        activity(user, restrictions),
        ids.join(" "),
    ]
}

/// `active, locked, 2 addresses wait`.
fn activity(user: &User, restrictions: Restrictions) -> String {
    let active = if user.active { "active" } else { "inactive" };
    let locked = if restrictions.locked { ", locked" } else { "" };
    let waiting = match restrictions.waiting_addresses {
        0 => String::new(),
        1 => ", 1 address waits".to_owned(),
        count => format!(", {count} addresses wait"),
    };
    format!("{active}{locked}{waiting}")
}

/// The headings of [`user_row`].
pub(crate) const USER_HEADINGS: [&str; 6] =
    ["USERNAME", "NAME", "EMAIL", "ROLE", "ACTIVITY", "IDS"];

/// A key as JSON, without its value.
pub(crate) fn key_value(key: &Key, owner: Option<&str>, state: Option<&str>) -> Value {
    json!({
        "id": key.id.to_string(),
        "dialect": key.namespace.to_string(),
        "owner": owner,
        "owner_state": state,
        "label": key.label,
        "scope": key.scope,
        "expires": key.expires.map(|time| time.to_string()),
        "addresses": key.addresses,
        "created": key.created.to_string(),
    })
}

/// A key as a row of a table, without its value.
pub(crate) fn key_row(key: &Key, owner: Option<&str>) -> Vec<String> {
    vec![
        key.id.to_string(),
        key.namespace.to_string(),
        owner.unwrap_or("(application)").to_owned(),
        key.label.clone().unwrap_or_default(),
        key.scope.clone().unwrap_or_default(),
        key.expires.map(|time| time.to_string()).unwrap_or_default(),
        key.addresses.join(" "),
    ]
}

/// The headings of [`key_row`].
pub(crate) const KEY_HEADINGS: [&str; 7] =
    ["ID", "DIALECT", "OWNER", "LABEL", "SCOPE", "EXPIRES", "ADDRESSES"];

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn no_text_of_a_client_moves_the_cursor_of_the_terminal() {
        assert_eq!(visible("evil\u{1b}[31m\r\n\u{85}x"), "evil\\u{1b}[31m\\r\\n\\u{85}x");
        assert_eq!(visible("Ren\u{e9}e"), "Ren\u{e9}e");
    }
}
