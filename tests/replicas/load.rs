//! Mixed load: one client in each dialect creates and deletes users, and keeps what was acknowledged.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use isogloss_testkit::client::Answer;
use serde_json::{Value, json};

use crate::caller::{Caller, DIALECTS};

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
    pub(crate) fn work(&self, caller: &Caller, gateway: &str, (round, dialect): (u64, usize)) {
        let dialect = DIALECTS[dialect];
        for number in 0_u64.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let name = format!("{}{round}x{number}", &dialect[..1]);
            let answer = caller.creates(gateway, dialect, &name);
            let made = answer.as_ref().is_ok_and(|answer| has_created(dialect, answer));
            assert!(!answer.as_ref().is_ok_and(|answer| says_taken(dialect, answer)), "{name}");
            self.note(&name, if made { Fate::There } else { Fate::Unknown });
            if !made || number % 3 != 2 {
                continue;
            }
            let id = answer.ok().and_then(|answer| answer.json).unwrap_or_default();
            let Some(answer) = caller.deletes(gateway, dialect, (&name, &id["result"])) else {
                continue;
            };
            let gone = answer.as_ref().is_ok_and(|answer| has_deleted(dialect, answer));
            assert!(!answer.as_ref().is_ok_and(|answer| says_absent(dialect, answer)), "{name}");
            self.note(&name, if gone { Fate::Gone } else { Fate::Unknown });
        }
    }
}

impl Caller {
    fn creates(&self, gateway: &str, dialect: &str, name: &str) -> anyhow::Result<Answer> {
        match dialect {
            "octoprint" => {
                let user = json!({"name": name, "password": PASSWORD, "active": true});
                let path = "/octoprint/api/access/users";
                self.octoprint(gateway, "POST", path, &user)
            }
            "rhodecode" => {
                let email = format!("{name}@example.org");
                let user = json!({"username": name, "email": email, "password": PASSWORD});
                self.rhodecode(gateway, "create_user", &user)
            }
            "kanboard" => {
                let user = json!({"username": name, "password": PASSWORD});
                self.kanboard(gateway, "createUser", &user)
            }
            _ => {
                let form = json!({"apikey": self.dandelion, "username": name,
                    "password": PASSWORD, "fullname": name, "role": "1"});
                let path = "/dandelion/api/users/create";
                crate::caller::send(gateway, &json!({"method": "POST", "path": path, "form": form}))
            }
        }
    }

    /// `None`: the dialect needs an id that its creation does not say.
    fn deletes(
        &self,
        gateway: &str,
        dialect: &str,
        (name, id): (&str, &Value),
    ) -> Option<anyhow::Result<Answer>> {
        match dialect {
            "octoprint" => {
                let path = format!("/octoprint/api/access/users/{name}");
                Some(self.octoprint(gateway, "DELETE", &path, &Value::Null))
            }
            "rhodecode" => Some(self.rhodecode(gateway, "delete_user", &json!({"userid": name}))),
            "kanboard" => Some(self.kanboard(gateway, "removeUser", &json!({"user_id": id}))),
            _ => None,
        }
    }
}

fn has_created(dialect: &str, answer: &Answer) -> bool {
    let json = answer.json.clone().unwrap_or_default();
    match dialect {
        "octoprint" => matches!(answer.status, 200 | 201),
        "rhodecode" => json["error"].is_null() && json["result"].is_object(),
        "kanboard" => json["result"].is_number(),
        _ => json["errorcode"] == json!(0),
    }
}

fn has_deleted(dialect: &str, answer: &Answer) -> bool {
    let json = answer.json.clone().unwrap_or_default();
    match dialect {
        "octoprint" => answer.status == 200,
        "rhodecode" => json["error"].is_null() && json["result"].is_object(),
        _ => json["result"] == json!(true),
    }
}

/// Every name is asked for once, so nobody can have it.
fn says_taken(dialect: &str, answer: &Answer) -> bool {
    match dialect {
        "octoprint" => answer.status == 409,
        "rhodecode" => answer.text().contains("already exist"),
        _ => false,
    }
}

/// Every user is deleted once, so none can be absent.
fn says_absent(dialect: &str, answer: &Answer) -> bool {
    match dialect {
        "octoprint" => answer.status == 404,
        "rhodecode" => answer.text().contains("does not exist"),
        _ => false,
    }
}
