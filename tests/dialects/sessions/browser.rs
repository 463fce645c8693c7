//! A browser: it stores cookies and sends them, with OctoPrint's CSRF token.

use std::collections::BTreeMap;

use isogloss_canonical::exchange::Exchange;
use serde_json::{Value, json};

use crate::calls::{Answer, Asked, octoprint};
use crate::gateway::{TestGateway, dialect_of};

#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) jar: BTreeMap<String, String>,
}

impl Browser {
    /// Sends a request with the cookies, and stores those of the answer.
    pub(crate) async fn send(&mut self, gateway: &TestGateway, asked: Asked) -> Answer {
        self.through(&gateway.pipeline(), asked).await
    }

    /// The same with another exchange.
    pub(crate) async fn through(&mut self, exchange: &dyn Exchange, asked: Asked) -> Answer {
        let cookies: Vec<_> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let asked = if cookies.is_empty() { asked } else { asked.within(&cookies) };
        let dialect = dialect_of(asked.dialect, asked.version);
        let answer = Answer::of(asked.dialect, &dialect.answer(&asked.request, exchange).await);
        for cookie in &answer.cookies {
            let (name, value) = cookie.split_once('=').unwrap();
            match value {
                "" => self.jar.remove(name),
                value => self.jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// A request to OctoPrint, with the CSRF token in a cookie and in a header.
    pub(crate) async fn octoprint(
        &mut self,
        gateway: &TestGateway,
        line: &str,
        body: &Value,
    ) -> Answer {
        let mut asked = octoprint("", line, body);
        if let Some(token) = self.cookie("csrf_token") {
            asked.request = asked.request.with("x-csrf-token", token.to_owned());
        }
        self.send(gateway, asked).await
    }

    /// Opens OctoPrint's login page and signs in.
    pub(crate) async fn sign_in(
        gateway: &TestGateway,
        name: &str,
        password: &str,
        stay: bool,
    ) -> Self {
        let mut browser = Self::default();
        browser.octoprint(gateway, "GET /login/", &Value::Null).await;
        let login = json!({"user": name, "pass": password, "remember": stay});
        let answer = browser.octoprint(gateway, "POST /api/login", &login).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        browser
    }

    /// The user name that OctoPrint shows.
    pub(crate) async fn name(&mut self, gateway: &TestGateway) -> Value {
        let answer = self.octoprint(gateway, "GET /api/currentuser", &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["name"].clone()
    }

    /// A cookie by the first part of its name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.jar.iter().filter(|(own, _)| own.starts_with(name));
        cookies.next().map(|(_, value)| value.as_str())
    }

    /// A browser with only some of the cookies.
    pub(crate) fn with(&self, names: &[&str]) -> Self {
        let mut jar = self.jar.clone();
        jar.retain(|own, _| names.iter().any(|name| own.starts_with(name)));
        Self { jar }
    }
}
