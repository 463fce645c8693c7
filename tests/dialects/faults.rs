//! An outage is never reported as absence, whichever command fails.
//!
//! The test calls every method of `fixtures/authorisation.toml` once to record its commands. Then
//! it calls the method once for each of these commands and each kind of outage, with that command
//! failing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss::registry;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use isogloss_testkit::calls::Caller;
use isogloss_testkit::suite::trial;
use isogloss_testkit::variables::Variables;
use libtest_mimic::{Failed, Trial};

use crate::authorisation::methods::{asked, furnished};
use crate::authorisation::{Row, part, words};
use crate::block_on;
use crate::calls::{self, Answer, Asked};
use crate::gateway::TestGateway;

/// A system that cannot be reached or refuses the gateway, is too slow, gives an invalid answer, or
/// limits the requests.
const OUTAGES: [FaultKind; 4] =
    [FaultKind::Unavailable, FaultKind::Timeout, FaultKind::Unexpected, FaultKind::Throttled];
/// The password of a user of [`furnished`].
const PASSWORD: &str = "the secret of ann";
/// Words that report absence.
const ABSENCE: [&str; 4] = ["not found", "does not exist", "no such", "unknown"];

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |dialect: &'static str| {
        let name = format!("faults::{dialect}::an-outage-is-never-absence");
        trial(name, move || block_on(outages(dialect)))
    };
    registry::dialects().map(|adapter| trial(adapter.name)).collect()
}

async fn outages(dialect: &'static str) -> Result<(), Failed> {
    let prepared = furnished().await;
    let mut wrong = BTreeSet::new();
    let mut struck = 0;
    for (method, call) in calls(dialect) {
        let call = || call.clone();
        let (mut gateway, mut failing) = failing(prepared.open().await);
        gateway.send(call()).await;
        let taken = std::mem::take(&mut *failing.asked.lock().unwrap());
        for (verb, kind) in taken.iter().flat_map(|verb| OUTAGES.map(|kind| (*verb, kind))) {
            if taken.iter().any(|verb| writes(*verb)) {
                (gateway, failing) = self::failing(prepared.open().await);
            }
            *failing.strikes.lock().unwrap() = Some((verb, kind));
            let answer = gateway.send(call()).await;
            struck += 1;
            if !is_error(&answer) {
                let text: String = answer.text.chars().take(200).collect();
                wrong.insert(format!("{method}, {verb} {kind:?}: {} {text}", answer.status));
            }
        }
    }
    if struck < 20 {
        return Err(format!("only {struck} commands were struck").into());
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The methods that an administrator may call, and the sign-in with a password.
fn calls(dialect: &'static str) -> Vec<(String, Asked)> {
    let rows = part::<Row>(dialect).into_iter();
    let rows = rows.filter(|(_, row)| words(&row.may).contains("administrator"));
    let call = |(method, row): (String, Row)| {
        let call = asked(dialect, &method, &row, "administrator");
        (method, call)
    };
    let calls = calls::of(dialect);
    let signs_in = calls.sign_in.as_ref().and_then(|sign_in| {
        let (mut about, caller) = (Variables::default(), Caller { name: "ann", secret: PASSWORD });
        about.set("name", "ann");
        about.set("password", PASSWORD);
        about.set("csrf", "");
        let (call, caller) = match sign_in.steps.last() {
            Some(step) if sign_in.csrf.is_none() => (step, Caller::default()),
            // A token needs a browser.
            Some(_) => return None,
            None => (&sign_in.me, caller),
        };
        Some(calls::request(calls, caller, call, &about))
    });
    let signs_in = signs_in.map(|call| ("signing in".to_owned(), call));
    rows.map(call).chain(signs_in).collect()
}

fn writes(verb: Verb) -> bool {
    let name = verb.to_string();
    !["Get", "List", "Read", "Find", "Verify", "GroupsOf", "ServerFacts"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Whether an answer is the dialect's error for a fault that the caller did not cause.
fn is_error(answer: &Answer) -> bool {
    let text = answer.text.to_lowercase();
    answer.is_outage() && !ABSENCE.iter().any(|words| text.contains(words))
}

fn failing(mut gateway: TestGateway) -> (TestGateway, Arc<Failing>) {
    let failing = Arc::new(Failing {
        store: gateway.store.clone(),
        asked: Mutex::default(),
        strikes: Mutex::default(),
    });
    gateway.backend = Arc::clone(&failing) as Arc<dyn Backend>;
    (gateway, failing)
}

/// The store, with one command that fails.
#[derive(Debug)]
struct Failing {
    store: Store,
    asked: Mutex<BTreeSet<Verb>>,
    strikes: Mutex<Option<(Verb, FaultKind)>>,
}

#[async_trait]
impl Backend for Failing {
    fn capability(&self) -> &Capability {
        self.store.capability()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        self.asked.lock().unwrap().insert(verb);
        let strikes = *self.strikes.lock().unwrap();
        match strikes {
            Some((struck, kind)) if struck == verb => Err(Fault::new(kind, "out of reach")),
            _ => self.store.execute(command).await,
        }
    }
}
