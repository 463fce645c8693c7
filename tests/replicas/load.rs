//! Mixed load: one client in each dialect creates and deletes users, and keeps what was acknowledged.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use isogloss_testkit::calls::Calls;
use isogloss_testkit::calls::answers::Class;
use isogloss_testkit::client::Answer;

use crate::caller::{Caller, about, class};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "a long password";
/// How long a client waits after an error.
const PAUSE: Duration = Duration::from_millis(20);

/// What is known of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The creation was acknowledged.
    There,
    /// The deletion was acknowledged.
    Gone,
    /// The last request about the user had no answer, or an error of the server.
    Unknown,
}

/// What clients have done so far.
#[derive(Default)]
pub(crate) struct Done {
    fates: Mutex<BTreeMap<String, Fate>>,
    acknowledged: AtomicUsize,
    over: AtomicBool,
}

impl Done {
    /// The users and their fates.
    pub(crate) fn fates(&self) -> BTreeMap<String, Fate> {
        self.fates.lock().unwrap().clone()
    }

    /// How many requests were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Whether the clients of a round stop.
    pub(crate) fn set_over(&self, over: bool) {
        self.over.store(over, Ordering::SeqCst);
    }

    fn note(&self, name: &str, fate: Fate) {
        self.fates.lock().unwrap().insert(name.to_owned(), fate);
        if fate == Fate::Unknown {
            thread::sleep(PAUSE);
        } else {
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Creates users in a dialect until the round is over, and deletes every third one.
    pub(crate) fn work(&self, caller: &Caller, gateway: &str, (round, calls): (u64, &Calls)) {
        for number in 0_u64.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let name = format!("{}{round}x{number}", &calls.dialect[..1]);
            let email = format!("{name}@example.org");
            let new = about(&[("name", &name), ("password", PASSWORD), ("email", &email)]);
            let answer = caller.calls(gateway, calls, "create", &new).ok();
            let made = answer.as_ref().is_some_and(|answer| class(calls, answer) == Class::Done);
            assert!(!answer.as_ref().is_some_and(|answer| says_taken(calls, answer)), "{name}");
            self.note(&name, if made { Fate::There } else { Fate::Unknown });
            if !made || number % 3 != 2 {
                continue;
            }
            let Some(id) = id_of(calls, &name, answer.as_ref()) else { continue };
            let who = about(&[("name", &name), ("id", &id)]);
            let answer = caller.calls(gateway, calls, "delete", &who).ok();
            let gone = answer.as_ref().is_some_and(|answer| class(calls, answer) == Class::Done);
            assert!(!answer.as_ref().is_some_and(says_absent), "{name}");
            self.note(&name, if gone { Fate::Gone } else { Fate::Unknown });
        }
    }
}

/// The id of a user who was created, by the answer. `None`: the answer does not say it.
fn id_of(calls: &Calls, name: &str, answer: Option<&Answer>) -> Option<String> {
    if calls.people.id.is_none() {
        return Some(name.to_owned());
    }
    let id = answer?.json.as_ref()?.pointer(calls.created_id.as_deref()?)?;
    Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

/// Every name is asked for once, so nobody can have it. An answer that may be an outage as well says
/// nothing.
fn says_taken(calls: &Calls, answer: &Answer) -> bool {
    let (text, json) = (answer.text(), answer.json.clone().unwrap_or_default());
    calls.answers.is_taken(answer.status, &text, &json)
        && !calls.answers.is_outage(answer.status, &text, &json)
}

/// Every user is deleted once, so none can be absent.
fn says_absent(answer: &Answer) -> bool {
    let text = answer.text().to_lowercase();
    answer.status == 404 || ["does not exist", "not found"].iter().any(|told| text.contains(told))
}
