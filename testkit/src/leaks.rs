//! Searches a log for secrets: passwords, keys, tokens and cookies.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::profile::Setup;
use crate::spelling;
use crate::transcript::Transcript;
use crate::variables::Variables;

/// The shortest secret that is searched for. A shorter text appears in a log by chance.
const SHORTEST: usize = 6;
/// The names of JSON members, headers and cookies whose values are secret.
const SECRET_NAMES: &[&str] = &[
    "password",
    "pass",
    "pw",
    "current",
    "api_key",
    "apikey",
    "auth_token",
    "api_token",
    "app_token",
    "authorization",
    "x-api-key",
    "x-api-auth",
    "x-rc-auth-token",
    "cookie",
    "x-csrf-token",
    "twofactor_secret",
    "api_access_token",
    "auth_tokens",
    "user_token",
    "session",
];

/// The secrets of one scenario.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    texts: BTreeSet<String>,
    public: BTreeSet<String>,
}

impl Secrets {
    /// The secrets of a scenario that has been played.
    #[must_use]
    pub fn of(setup: &Setup, transcript: &Transcript, variables: &Variables) -> Self {
        let mut secrets = Self::default();
        secrets.note_accounts(&setup.accounts);
        for (name, value) in variables.iter() {
            let secret = ["key", "token", "auth", "password", "cookie", "csrf", "session"];
            if secret.iter().any(|word| name.contains(word)) {
                secrets.note_login(&spelling::text(value));
            }
        }
        for exchange in &transcript.exchanges {
            let request = Value::Object(exchange.request.clone());
            if let Ok(request) = variables.fill(&request) {
                secrets.note_members(&request);
            }
        }
        secrets
    }

    /// The secrets in a log, each with its line.
    #[must_use]
    pub fn shown_in(&self, log: &str) -> Vec<String> {
        let mut shown = Vec::new();
        for secret in self.texts.iter().filter(|secret| !self.public.contains(*secret)) {
            let spellings = [secret.clone(), STANDARD.encode(secret), spelling::percent(secret)];
            let line = log.lines().find(|line| spellings.iter().any(|one| line.contains(one)));
            shown.extend(line.map(|line| format!("{secret:?} in: {line}")));
        }
        shown
    }

    fn note(&mut self, secret: &str) {
        if secret.chars().count() >= SHORTEST {
            self.texts.insert(secret.to_owned());
        }
    }

    /// Adds the secret of `name:secret`, as in Basic authentication, or of a secret alone.
    fn note_login(&mut self, text: &str) {
        self.note(text);
        if let Some((_, secret)) = text.split_once(':') {
            self.note(secret);
        }
    }

    fn note_accounts(&mut self, accounts: &Value) {
        let users = accounts.get("users").and_then(Value::as_array).into_iter().flatten();
        for user in users {
            let word = |key: &str| user.get(key).and_then(Value::as_str);
            self.public.extend(word("username").map(str::to_owned));
            self.public.extend(word("email").map(str::to_owned));
            self.note(word("password").unwrap_or_default());
            self.note_keys(user.get("keys"));
        }
        self.note_keys(accounts.get("application_keys"));
    }

    fn note_keys(&mut self, keys: Option<&Value>) {
        for key in keys.and_then(Value::as_array).into_iter().flatten() {
            self.note(key.get("value").and_then(Value::as_str).unwrap_or_default());
        }
    }

    fn note_members(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.note_members(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    let secret = SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str());
                    match member.as_str() {
                        Some(text) if secret => self.note_login(proof(text)),
                        Some(text) if name == "username" || name == "name" => {
                            self.public.insert(text.to_owned());
                        }
                        _ => self.note_members(member),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The credentials in a header's value, without the scheme.
fn proof(text: &str) -> &str {
    let schemes = ["Basic ", "Bearer ", "basic ", "bearer "];
    schemes.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_secrets_in_each_spelling_but_no_names() {
        let accounts = json!({"users": [
            {"username": "secretary", "password": "secretary", "keys": [{"value": "key-0123"}]},
            {"username": "ada", "password": "correct horse"},
        ]});
        let setup = Setup { accounts, ..Setup::default() };
        let transcript = Transcript {
            name: String::new(),
            folder: String::new(),
            scenario: String::new(),
            profile: String::new(),
            about: String::new(),
            exchanges: Vec::new(),
        };
        let secrets = Secrets::of(&setup, &transcript, &Variables::default());
        let log = "in came secretary\nwith a%20nice correct%20horse\nand a2V5LTAxMjM=\n";
        let shown = secrets.shown_in(log);
        assert_eq!(shown.len(), 2, "{shown:?}");
    }
}
