//! `usersettings/*` and `dandelion/version`: what a person chooses for themselves, and who we are.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::user::AttributeChanges;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::dialect::call::{Asked, Failure, Said};
use crate::dialect::users::TINY_BYTES;
use crate::php;
use crate::wire::{self, LOG_LIMIT, PREFIX, THEME};

/// The cookie that remembers the theme in a browser.
const THEME_COOKIE: &str = "dan_usertheme";

/// How long it does.
const MONTH: Duration = Duration::from_hours(24 * 30);

/// The themes a server is installed with: name, title and description. The last is the default.
const THEMES: [(&str, &str, &str); 2] = [
    (
        "legacy",
        "Dandelion Legacy",
        "The look and feel of Dandelion 5 with the power of Dandelion 6.",
    ),
    ("modern", "Dandelion Modern", "The polished look of awesomeness."),
];

/// `dandelion/version`.
pub(crate) async fn version(asked: &Asked<'_>) -> Result<Said, Failure> {
    Ok(if asked.older { "6.0.4" } else { "6.1.1" }.into())
}

/// `usersettings/saveloglimit`. By a key, 0 and what is no number are not saved.
pub(crate) async fn save_log_limit(asked: &Asked<'_>) -> Result<Said, Failure> {
    let limit = asked.given.int("limit");
    if asked.session.is_some() || limit.is_some_and(|limit| limit != 0) {
        let limit = limit.unwrap_or_default().clamp(5, 500);
        save(asked, LOG_LIMIT, json!(limit)).await?;
    }
    Ok("Setting saved".into())
}

/// `usersettings/savetheme`. What the session has already is not saved; without a session, that
/// is the empty theme.
pub(crate) async fn save_theme(asked: &Asked<'_>) -> Result<Said, Failure> {
    let theme = asked.given.text("theme").unwrap_or_default();
    if theme == asked.session.map_or("", |session| &session.theme) {
        return Ok("Setting saved".into());
    }
    let kept = php::cut(theme, TINY_BYTES);
    save(asked, THEME, json!(kept)).await?;
    if let Some(session) = asked.session {
        asked.visit.keep(&session.with_theme(theme)).await?;
    }
    let mut said = Said::from("Setting saved");
    if kept != wire::theme(asked.user) {
        said.cookies.push(cookie(THEME_COOKIE, theme, asked.exchange().now()));
    }
    Ok(said)
}

async fn save(asked: &Asked<'_>, name: &str, value: Value) -> Result<(), Failure> {
    let changes = AttributeChanges::from([(name.to_owned(), Some(value))]);
    asked.run(Command::MergeSettings(asked.me(), PREFIX.to_owned(), changes)).await?;
    Ok(())
}

/// `usersettings/getthemelist`. The selected one is the browser's or the session's choice.
pub(crate) async fn get_theme_list(asked: &Asked<'_>) -> Result<Said, Failure> {
    let known = |theme: &&str| THEMES.iter().any(|(slug, ..)| slug == theme);
    let browser = asked.visit.cookie(THEME_COOKIE);
    let session = asked.session.map(|session| session.theme.as_str()).filter(known);
    let chosen = if browser.is_some() { browser.filter(known) } else { session };
    let selected = chosen.unwrap_or(THEMES[THEMES.len() - 1].0);
    let shown: Vec<_> = THEMES.iter().map(|theme| metadata(*theme, selected)).collect();
    let mut said = Said::from(shown);
    if let (None, Some(theme)) = (browser, session) {
        said.cookies.push(cookie(THEME_COOKIE, theme, asked.exchange().now()));
    }
    Ok(said)
}

fn metadata((slug, name, about): (&str, &str, &str), selected: &str) -> Value {
    json!({
        "slug": slug,
        "name": name,
        "author": "Lee Keitel",
        "email": "keitellf@gmail.com",
        "description": about,
        "version": "0.1.1",
        "files": [],
        "extends": "",
        "selected": slug == selected,
    })
}

/// The header's value that PHP sets a cookie for a month with; an empty value takes it away.
pub(crate) fn cookie(name: &str, value: &str, now: Timestamp) -> String {
    if value.is_empty() {
        let gone = "deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/";
        return format!("{name}={gone}");
    }
    let until = now.saturating_add(MONTH).unwrap_or(now).strftime("%a, %d-%b-%Y %H:%M:%S GMT");
    let escaped: String = value.bytes().map(escape).collect();
    format!("{name}={escaped}; expires={until}; Max-Age={}; path=/", MONTH.as_secs())
}

fn escape(byte: u8) -> String {
    match byte {
        b' ' => "+".to_owned(),
        b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_written_as_php_writes_them() {
        let now = "2026-11-21T20:05:28Z".parse().unwrap();
        let expected =
            "t=a+%C3%A9%2F; expires=Mon, 21-Dec-2026 20:05:28 GMT; Max-Age=2592000; path=/";
        assert_eq!(cookie("t", "a é/", now), expected);
        assert!(cookie("t", "", now).starts_with("t=deleted; "));
    }
}
