//! Decides what a read of the system says about the records: pure, so that it can be tested alone.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

/// The state of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody whom the system has.
    Active,
    /// Somebody whom the system no longer has. Opens nothing; is restored only on proof.
    Suspended(Absence),
    /// Somebody whose id or name another person has now. Opens nothing, for good.
    Tombstone,
}

impl State {
    /// The word for it that commands take and print.
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
    /// One read did not show them; the second one failed.
    Once,
    /// Two different reads agree.
    Confirmed,
    /// They vanished among many: an operator decides.
    Held,
}

/// What of a record matters here.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: Uuid,
    /// The system's id; `None`: it has none any more.
    pub(crate) native: Option<String>,
    pub(crate) name: String,
    pub(crate) state: State,
    /// When state, name or id last changed.
    pub(crate) changed: i64,
    /// The name that the gateway itself is giving.
    pub(crate) expected: Option<String>,
    pub(crate) prints: Prints,
}

/// Keyed hashes of what a row proves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prints {
    pub(crate) secret: Option<String>,
    pub(crate) created: Option<String>,
}

impl Prints {
    /// Whether both prove the same person. A changed secret disproves nothing: passwords change.
    fn prove(&self, seen: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        !self.contradict(seen)
            && (same(&self.secret, &seen.secret) || same(&self.created, &seen.created))
    }

    /// Whether the row was made at another time, so that it is another row.
    fn contradict(&self, seen: &Self) -> bool {
        differ(self.created.as_ref(), seen.created.as_ref())
    }
}

fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Somebody as the system shows them.
#[derive(Clone, Debug)]
pub(crate) struct Sighted<'a> {
    pub(crate) native: &'a str,
    pub(crate) name: &'a str,
    pub(crate) prints: Prints,
    /// Whether the gateway itself has just made them there.
    pub(crate) made: bool,
}

/// Whose record a sighted person gets. The number is the record's place among the known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The record as it is.
    Same { known: usize, new_secret: bool },
    /// The record, renamed or restored.
    Update { known: usize, new_secret: bool },
    /// A new one; this one becomes a tombstone.
    Replace(usize),
    /// A new one.
    New,
    /// Nobody's for now, and why.
    Withheld(&'static str),
}

/// What a read says about the records.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// For each sighted person.
    pub(crate) verdicts: Vec<Verdict>,
    /// To be suspended.
    pub(crate) suspend: Vec<(usize, Absence)>,
    /// To become tombstones, in addition to those who are replaced.
    pub(crate) tombstones: Vec<usize>,
    /// Whose whereabouts must be asked before anything is decided.
    pub(crate) look_up: Vec<usize>,
    /// Whether the read began before a record last changed, so that it may be outdated.
    pub(crate) stale: bool,
}

/// One read of the system, or several that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) seen: Vec<Sighted<'a>>,
    /// Records whom the system does not have, and whether a second read agrees.
    pub(crate) absent: HashMap<Uuid, bool>,
    /// Whether `seen` is everybody.
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

/// Whether somebody with a record's id is that record's person.
fn judge(at: usize, record: &Known, seen: &Sighted<'_>, asked: i64) -> Verdict {
    let new_secret = differ(record.prints.secret.as_ref(), seen.prints.secret.as_ref());
    let proof = record.prints.prove(&seen.prints);
    let same_name = record.name == seen.name;
    let expected = record.expected.as_deref() == Some(seen.name);
    let same = Verdict::Same { known: at, new_secret };
    let update = Verdict::Update { known: at, new_secret };
    if seen.made {
        return match record.state {
            // Another request has seen them already.
            State::Active if same_name && record.changed >= asked => same,
            State::Active if proof => {
                Verdict::Withheld("the system answers somebody it had before")
            }
            _ => Verdict::Replace(at),
        };
    }
    let contradicted = record.prints.contradict(&seen.prints);
    match record.state {
        State::Active if same_name && !contradicted => same,
        State::Active if proof || expected && !contradicted => update,
        State::Suspended(_) if proof => update,
        // The absence was never confirmed: they were not away.
        State::Suspended(Absence::Once) if same_name && !contradicted => update,
        State::Suspended(Absence::Held) if same_name => {
            Verdict::Withheld("many people vanished at once: an operator decides who this is")
        }
        State::Active | State::Suspended(_) | State::Tombstone => Verdict::Replace(at),
    }
}

/// The records that the read does not show.
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
