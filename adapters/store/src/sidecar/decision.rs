//! Decides how a read of the system changes the records. The decision is a pure function, so that
//! it can be tested alone.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

/// The state of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The system has this person.
    Active,
    /// The system no longer has this person. The record gives no access. It is restored only with
    /// proof that the person is the same.
    Suspended(Absence),
    /// Another person now has this person's id or name. The record never gives access again.
    Tombstone,
}

impl State {
    /// The name of the state in commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended(_) => "suspended",
            Self::Tombstone => "tombstone",
        }
    }
}

/// How the absence of a suspended record is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// One read did not show the person, and the second one failed.
    Once,
    /// Two different reads agree.
    Confirmed,
    /// Many people vanished at once: an operator decides.
    Held,
}

/// The fields of a record that the decision needs.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: Uuid,
    /// The system's id. `None`: the record has none any more.
    pub(crate) native: Option<String>,
    pub(crate) name: String,
    pub(crate) state: State,
    /// When state, name or id last changed.
    pub(crate) changed: i64,
    /// The new name of a rename that the gateway is doing now.
    pub(crate) expected: Option<String>,
    pub(crate) prints: Prints,
}

/// Keyed hashes of the evidence in the system's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prints {
    pub(crate) secret: Option<String>,
    pub(crate) created: Option<String>,
}

impl Prints {
    /// Whether both prove the same person. A changed secret is no proof of another person, because
    /// passwords change.
    fn prove(&self, seen: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        !self.contradict(seen)
            && (same(&self.secret, &seen.secret) || same(&self.created, &seen.created))
    }

    /// Whether the rows have different creation dates. Then they are different people.
    fn contradict(&self, seen: &Self) -> bool {
        differ(self.created.as_ref(), seen.created.as_ref())
    }
}

fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// A person as read from the system.
#[derive(Clone, Debug)]
pub(crate) struct Sighted<'a> {
    pub(crate) native: &'a str,
    pub(crate) name: &'a str,
    pub(crate) prints: Prints,
    /// Whether the gateway has just created this person.
    pub(crate) made: bool,
    /// Whether no index can hold the name or the address.
    pub(crate) too_long: bool,
}

/// The record that a seen person gets. The number is the index of a known record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This record, unchanged.
    Same { known: usize, new_secret: bool },
    /// This record, renamed or restored.
    Update { known: usize, new_secret: bool },
    /// A new record. The known one becomes a tombstone.
    Replace(usize),
    /// A new record.
    New,
    /// No record for now, with the reason.
    Withheld(&'static str),
}

/// The changes of the records.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// One verdict for each seen person.
    pub(crate) verdicts: Vec<Verdict>,
    /// The records to suspend.
    pub(crate) suspend: Vec<(usize, Absence)>,
    /// The records that become tombstones, in addition to replaced ones.
    pub(crate) tombstones: Vec<usize>,
    /// The records whose people must be looked up in the system before the decision.
    pub(crate) look_up: Vec<usize>,
    /// Whether a record changed after the read began. Then the read can be outdated.
    pub(crate) stale: bool,
}

/// The results of one or several reads of the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) seen: Vec<Sighted<'a>>,
    /// Records whose people the system does not have, and whether a second read confirms it.
    pub(crate) absent: HashMap<Uuid, bool>,
    /// Whether `seen` has all people of the system.
    pub(crate) complete: bool,
    /// When the first read began.
    pub(crate) asked: i64,
}

/// Decides.
pub(crate) fn decide(known: &[Known], reading: &Facts<'_>) -> Decision {
    let mut decision = Decision::default();
    let by_native = index(known, |record| record.native.as_deref());
    let mut handled = HashSet::new();
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    for seen in &reading.seen {
        let twice = !ids.insert(seen.native) || !names.insert(seen.name);
        let record = by_native.get(seen.native).copied();
        handled.extend(record);
        let verdict = match record {
            _ if twice => Verdict::Withheld("the system shows this id or name twice"),
            _ if seen.too_long => {
                Verdict::Withheld("the name or the e-mail address has more than 1024 bytes")
            }
            None => Verdict::New,
            Some(at) => judge(at, &known[at], seen, reading.asked),
        };
        let moved = match verdict {
            Verdict::Update { known: at, .. } | Verdict::Replace(at) => Some(at),
            Verdict::Same { .. } | Verdict::New | Verdict::Withheld(_) => None,
        };
        decision.stale |= moved.is_some_and(|at| known[at].changed >= reading.asked);
        decision.verdicts.push(verdict);
    }
    missing(known, reading, &handled, &names, &mut decision);
    decision
}

fn index<'k>(
    known: &'k [Known],
    key: impl Fn(&'k Known) -> Option<&'k str>,
) -> HashMap<&'k str, usize> {
    let living = known.iter().enumerate().filter(|(_, record)| record.state != State::Tombstone);
    living.filter_map(|(at, record)| key(record).map(|key| (key, at))).collect()
}

/// Whether a seen person with a record's id is the person of the record.
fn judge(at: usize, record: &Known, seen: &Sighted<'_>, asked: i64) -> Verdict {
    let new_secret = differ(record.prints.secret.as_ref(), seen.prints.secret.as_ref());
    let proof = record.prints.prove(&seen.prints);
    let same_name = record.name == seen.name;
    let expected = record.expected.as_deref() == Some(seen.name);
    let same = Verdict::Same { known: at, new_secret };
    let update = Verdict::Update { known: at, new_secret };
    if seen.made {
        return match record.state {
            // Another request has already read this person.
            State::Active if same_name && record.changed >= asked => same,
            State::Active if proof => {
                Verdict::Withheld("the system answers a person it had before")
            }
            State::Active | State::Suspended(_) | State::Tombstone => Verdict::Replace(at),
        };
    }
    let contradicted = record.prints.contradict(&seen.prints);
    match record.state {
        State::Active if same_name && !contradicted => same,
        State::Active if proof || expected && !contradicted => update,
        State::Suspended(_) if proof => update,
        // The absence was not confirmed, so the person was never deleted.
        State::Suspended(Absence::Once) if same_name && !contradicted => update,
        State::Suspended(Absence::Held) if same_name => {
            Verdict::Withheld("many people vanished at once: an operator decides who this is")
        }
        State::Active | State::Suspended(_) | State::Tombstone => Verdict::Replace(at),
    }
}

/// Handles the records that the read does not show.
fn missing(
    known: &[Known],
    reading: &Facts<'_>,
    handled: &HashSet<usize>,
    names: &HashSet<&str>,
    decision: &mut Decision,
) {
    for (at, record) in known.iter().enumerate() {
        let newer = record.changed >= reading.asked;
        if handled.contains(&at) || record.state == State::Tombstone || newer {
            continue;
        }
        let taken = names.contains(record.name.as_str());
        let said = reading.absent.get(&record.id).copied();
        let agreed = said == Some(true) || record.state == State::Suspended(Absence::Confirmed);
        let unsure = matches!(record.state, State::Active | State::Suspended(Absence::Once));
        match said {
            _ if taken && agreed => decision.tombstones.push(at),
            Some(true) if unsure => decision.suspend.push((at, Absence::Confirmed)),
            Some(false) if record.state == State::Active => {
                decision.suspend.push((at, Absence::Once));
            }
            None if unsure && (taken || reading.complete) => decision.look_up.push(at),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
