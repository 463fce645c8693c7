//! `usersettings/*`: the settings that users make for themselves.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::AttributeChanges;
use serde_json::{Value, json};

use crate::dialect::call::Call;
use crate::dialect::cookies;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::wire::attributes::{LOG_LIMIT, PREFIX, THEME};
use crate::wire::{columns, person};

/// The cookie with the theme of the browser.
const THEME_COOKIE: &str = "dan_usertheme";

/// The themes that a server is installed with: name, title, description. The last is the default.
const THEMES: [(&str, &str, &str); 2] = [
    (
        "legacy",
        "Dandelion Legacy",
        "The look and feel of Dandelion 5 with the power of Dandelion 6.",
    ),
    ("modern", "Dandelion Modern", "The polished look of awesomeness."),
];

/// `usersettings/saveloglimit`. In a call by key, 0 and a value that is no number are not saved.
pub(crate) async fn save_log_limit(call: &Call<'_>) -> Result<Answer, Failure> {
    let limit = call.arguments.int("limit");
    if call.session.is_some() || limit.is_some_and(|limit| limit != 0) {
        let limit = limit.unwrap_or_default().clamp(5, 500);
        save(call, LOG_LIMIT, json!(limit)).await?;
    }
    Ok("Setting saved".into())
}

/// `usersettings/savetheme`. The theme of the session is not saved again; in a call by key, that
/// is the empty theme.
pub(crate) async fn save_theme(call: &Call<'_>) -> Result<Answer, Failure> {
    let theme = call.arguments.text("theme").unwrap_or_default();
    if theme == call.session.map_or("", |session| &session.theme) {
        return Ok("Setting saved".into());
    }
    let stored = columns::tiny_text(theme);
    save(call, THEME, json!(stored)).await?;
    if let Some(session) = call.session {
        call.sessions.save(&session.with_theme(theme)).await?;
    }
    let mut answer = Answer::from("Setting saved");
    if stored != person::theme(call.user) {
        answer.cookies.push(cookies::set(THEME_COOKIE, theme, call.exchange.now()));
    }
    Ok(answer)
}

async fn save(call: &Call<'_>, name: &str, value: Value) -> Result<(), Failure> {
    let changes = AttributeChanges::from([(name.to_owned(), Some(value))]);
    call.run(Command::MergeSettings(call.me(), PREFIX.to_owned(), changes)).await?;
    Ok(())
}

/// `usersettings/getthemelist`. The browser's cookie decides which theme is selected, else the
/// session.
pub(crate) async fn get_theme_list(call: &Call<'_>) -> Result<Answer, Failure> {
    let known = |theme: &&str| THEMES.iter().any(|(name, ..)| name == theme);
    let browser = cookies::read(call.request, THEME_COOKIE);
    let session = call.session.map(|session| session.theme.as_str()).filter(known);
    let chosen = if browser.is_some() { browser.filter(known) } else { session };
    let selected = chosen.unwrap_or(THEMES[THEMES.len() - 1].0);
    let shown: Vec<_> = THEMES.iter().map(|theme| metadata(*theme, selected)).collect();
    let mut answer = Answer::from(shown);
    if let (None, Some(theme)) = (browser, session) {
        answer.cookies.push(cookies::set(THEME_COOKIE, theme, call.exchange.now()));
    }
    Ok(answer)
}

fn metadata((name, title, description): (&str, &str, &str), selected: &str) -> Value {
    json!({
        "slug": name,
        "name": title,
        "author": "Lee Keitel",
        "email": "keitellf@gmail.com",
        "description": description,
        "version": "0.1.1",
        "files": [],
        "extends": "",
        "selected": name == selected,
    })
}
