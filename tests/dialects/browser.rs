//! A browser: it stores cookies and sends them.

use std::collections::BTreeMap;

use isogloss_canonical::exchange::Exchange;
use isogloss_testkit::calls::{Caller, Calls};
use isogloss_testkit::variables::Variables;
use serde_json::Value;

use crate::calls::{self, Answer, Asked};
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

    /// Takes the steps of a sign-in. A dialect that has none does nothing.
    pub(crate) async fn sign_in_at(
        &mut self,
        exchange: &dyn Exchange,
        calls: &'static Calls,
        (name, password): (&str, &str),
    ) {
        let Some(sign_in) = &calls.sign_in else { return };
        let mut about = Variables::default();
        about.set("name", name);
        about.set("password", password);
        for step in &sign_in.steps {
            let token = sign_in.csrf.as_deref().and_then(|csrf| self.cookie(csrf));
            about.set("csrf", token.unwrap_or_default());
            let asked = calls::request(calls, Caller::default(), step, &about);
            self.through(exchange, asked).await;
        }
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

/// The name that a dialect shows to whom a name and a password sign in. Null: nobody signed in.
pub(crate) async fn signed_in(
    gateway: &TestGateway,
    calls: &'static Calls,
    (name, password): (&str, &str),
) -> Value {
    let sign_in = calls.sign_in.as_ref().unwrap();
    let mut browser = Browser::default();
    browser.sign_in_at(&gateway.pipeline(), calls, (name, password)).await;
    let by_password = Caller { name, secret: password };
    let caller = if sign_in.steps.is_empty() { by_password } else { Caller::default() };
    let me = calls::request(calls, caller, &sign_in.me, &Variables::default());
    let me = browser.send(gateway, me).await;
    me.json.pointer(&sign_in.name).cloned().unwrap_or_default()
}
