//! A browser at OctoPrint: it sends the CSRF token of its cookie.

use serde_json::{Value, json};

use super::octoprint;
use crate::browser::Browser;
use crate::calls::Answer;
use crate::gateway::TestGateway;

impl Browser {
    /// A request to OctoPrint, with the CSRF token in a cookie and in a header.
    pub(super) async fn octoprint(
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
    pub(super) async fn sign_in(
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
    pub(super) async fn name(&mut self, gateway: &TestGateway) -> Value {
        let answer = self.octoprint(gateway, "GET /api/currentuser", &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["name"].clone()
    }
}
