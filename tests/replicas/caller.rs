//! A caller with credentials for each dialect, and what a gateway answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use isogloss::registry;
use isogloss_testkit::calls::answers::Class;
use isogloss_testkit::calls::{self, Calls, Request};
use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::facts::Facts;
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

/// The calls of every dialect.
pub(crate) fn dialects() -> &'static [Calls] {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let dialects = registry::dialects().map(|adapter| adapter.name);
    Facts::all_calls(&fixtures, dialects).unwrap()
}

/// The first dialect that has these calls.
pub(crate) fn dialect_with(names: &[&str]) -> &'static Calls {
    let has_all = |calls: &&Calls| names.iter().all(|name| calls.call(name).is_some());
    dialects().iter().find(has_all).unwrap()
}

/// The dialect whose callers show their password in each call.
pub(crate) fn dialect_of_passwords() -> &'static Calls {
    let shows =
        |calls: &&Calls| calls.sign_in.as_ref().is_some_and(|sign_in| sign_in.steps.is_empty());
    dialects().iter().find(shows).unwrap()
}

/// The name and the secret of a caller in each dialect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller(BTreeMap<String, (String, String)>);

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The list of all users.
    Everybody,
    /// The caller may not, or is not known.
    Refused,
    /// The gateway failed: the dialect's error for a failure of the server.
    Failed,
    /// Anything else.
    Other,
}

impl Caller {
    /// With these credentials in a dialect.
    #[must_use]
    pub(crate) fn with(mut self, calls: &Calls, name: &str, secret: &str) -> Self {
        self.0.insert(calls.dialect.clone(), (name.to_owned(), secret.to_owned()));
        self
    }

    fn credentials(&self, calls: &Calls) -> calls::Caller<'_> {
        let (name, secret) = &self.0[&calls.dialect];
        calls::Caller { name, secret }
    }

    /// Makes a call at a gateway.
    pub(crate) fn calls(
        &self,
        gateway: &str,
        calls: &Calls,
        name: &str,
        about: &Variables,
    ) -> anyhow::Result<Answer> {
        let call = calls.call(name).unwrap();
        let request = calls.request(self.credentials(calls), call, about)?;
        send(&format!("{gateway}/{}", calls.dialect), &request)
    }

    /// Asks for the list of all users, which only administrators get.
    pub(crate) fn asks(&self, gateway: &str, calls: &Calls) -> Heard {
        match self.calls(gateway, calls, "list", &Variables::default()) {
            Ok(answer) => heard(calls, &answer),
            Err(_) => Heard::Other,
        }
    }

    /// The names in the list of all users. No name is there twice.
    pub(crate) fn names(&self, gateway: &str, calls: &Calls) -> BTreeSet<String> {
        names(calls, &self.calls(gateway, calls, "list", &Variables::default()).unwrap())
    }

    /// The same of a server with the dialect at its root.
    pub(crate) fn names_in(&self, server: &str, calls: &Calls) -> BTreeSet<String> {
        let list = calls.call("list").unwrap();
        let request = calls.request(self.credentials(calls), list, &Variables::default()).unwrap();
        names(calls, &send(server, &request).unwrap())
    }

    /// The name of whom a dialect takes the caller for.
    pub(crate) fn me(&self, gateway: &str, calls: &Calls) -> Value {
        let sign_in = calls.sign_in.as_ref().unwrap();
        let caller = self.credentials(calls);
        let request = calls.request(caller, &sign_in.me, &Variables::default()).unwrap();
        let answer = send(&format!("{gateway}/{}", calls.dialect), &request).unwrap();
        let name = answer.json.as_ref().and_then(|json| json.pointer(&sign_in.name));
        name.cloned().unwrap_or_default()
    }

    /// The id of a user in a dialect. It is the name in a dialect that has no others.
    pub(crate) fn id_of(&self, gateway: &str, calls: &Calls, name: &str) -> String {
        let answer = self.calls(gateway, calls, "list", &Variables::default()).unwrap();
        let people = calls.people.of(&answer.json.unwrap_or_default()).unwrap();
        let user = people.into_iter().find(|user| user.name == name).unwrap();
        user.id.unwrap_or(user.name)
    }
}

/// What a call is about.
pub(crate) fn about(values: &[(&str, &str)]) -> Variables {
    let mut about = Variables::default();
    for (name, value) in values {
        about.set(*name, *value);
    }
    about
}

/// The class of an answer.
pub(crate) fn class(calls: &Calls, answer: &Answer) -> Class {
    let json = answer.json.clone().unwrap_or_default();
    calls.answers.class(answer.status, &answer.text(), &json)
}

/// The names in a list.
fn names(calls: &Calls, answer: &Answer) -> BTreeSet<String> {
    let people = calls.people.of(&answer.json.clone().unwrap_or_default());
    let people = people.unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
    let names: BTreeSet<_> = people.iter().map(|user| user.name.clone()).collect();
    assert_eq!(names.len(), people.len(), "a name is there twice: {people:?}");
    names
}

/// Sends a request in the form of a transcript.
pub(crate) fn send(server: &str, request: &Request) -> anyhow::Result<Answer> {
    Base::parse(server)?.send(request, &Variables::default())
}

/// Signs in at the pages of a dialect. Answers the cookies.
pub(crate) fn sign_in(gateway: &str, calls: &Calls, (name, password): (&str, &str)) -> String {
    let sign_in = calls.sign_in.as_ref().unwrap();
    let mut jar = BTreeMap::new();
    for step in &sign_in.steps {
        let csrf = sign_in.csrf.as_ref().map(|csrf| {
            let cookie = jar.iter().find(|(own, _): &(&String, &String)| own.starts_with(csrf));
            cookie.map(|(_, value)| value.clone()).unwrap_or_default()
        });
        let csrf = csrf.unwrap_or_default();
        let about = about(&[("name", name), ("password", password), ("csrf", &csrf)]);
        let mut request = calls.request(calls::Caller::default(), step, &about).unwrap();
        within(&mut request, &line(&jar));
        let answer = send(&format!("{gateway}/{}", calls.dialect), &request).unwrap();
        assert!(answer.status < 400, "{}", answer.text());
        keep(&mut jar, &answer);
    }
    line(&jar)
}

/// The list of all users with the cookies of a sign-in.
pub(crate) fn asks_within(gateway: &str, calls: &Calls, cookies: &str) -> Heard {
    let list = calls.call("list").unwrap();
    let nobody = calls::Caller::default();
    let mut request = calls.request(nobody, list, &Variables::default()).unwrap();
    within(&mut request, cookies);
    heard(calls, &send(&format!("{gateway}/{}", calls.dialect), &request).unwrap())
}

fn within(request: &mut Request, cookies: &str) {
    let headers = request.entry("headers").or_insert_with(|| json!({}));
    headers["Cookie"] = cookies.into();
}

/// Stores the cookies of an answer.
fn keep(jar: &mut BTreeMap<String, String>, answer: &Answer) {
    let set = answer.headers.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("set-cookie/")?;
        let pair = value.split(';').next().unwrap_or_default();
        Some((name, pair.strip_prefix(&format!("{name}=")).unwrap_or(pair)))
    });
    jar.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

fn line(jar: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

fn heard(calls: &Calls, answer: &Answer) -> Heard {
    let json = answer.json.clone().unwrap_or_default();
    let is_outage = calls.answers.is_outage(answer.status, &answer.text(), &json);
    match (class(calls, answer), calls.people.of(&json), is_outage) {
        (Class::Refused, None, _) => Heard::Refused,
        (Class::Done, Some(_), _) => Heard::Everybody,
        (Class::Failed, None, true) => Heard::Failed,
        _ => {
            eprintln!("{}: {} {}", calls.dialect, answer.status, answer.text());
            Heard::Other
        }
    }
}
