//! The plan: the changes of the records for one reading.

use std::collections::HashMap;

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::sidecar::decision::{Decision, Facts, Known, Sighted, State, Verdict, decide};
use crate::sidecar::reading::{Reading, Seen};
use crate::sidecar::reconciled::Reconciled;
use crate::sidecar::record::Row;
use crate::sidecar::records::Records;

/// After this many days a creation date proves the identity. On the same day another person can be
/// created with the same date.
const DAYS_UNTIL_PROOF: i32 = 2;

impl Records {
    pub(super) fn plan(&self, rows: Vec<Row>, reading: &Reading, sighted: &[Sighted<'_>]) -> Plan {
        let known: Vec<Known> = rows.iter().map(|row| row.known.clone()).collect();
        let facts = Facts {
            seen: sighted.to_vec(),
            absent: reading.absent.iter().map(|(id, agreed)| (id.0, *agreed)).collect(),
            complete: reading.complete,
            asked: reading.began,
        };
        let decision = decide(&known, &facts);
        let mut differences = Vec::with_capacity(sighted.len());
        for ((verdict, seen), one) in decision.verdicts.iter().zip(&reading.seen).zip(sighted) {
            let row = match verdict {
                Verdict::Same { known, .. } | Verdict::Update { known, .. } => rows.get(*known),
                Verdict::Replace(_) | Verdict::New | Verdict::Withheld(_) => None,
            };
            differences.push(row.map(|row| self.differences(row, seen, one)).unwrap_or_default());
        }
        Plan { rows, decision, differences }
    }

    /// The differences between the record and the system's row.
    fn differences(&self, row: &Row, seen: &Seen, one: &Sighted<'_>) -> Differences {
        let known = &row.known.prints;
        let text = |email: &Option<String>| email.clone().unwrap_or_default();
        let secret = one.prints.secret.clone().filter(|own| known.secret.as_ref() != Some(own));
        let is_old = seen.user.evidence.created.as_deref().is_some_and(proves_by_now);
        Differences {
            secret,
            created: one.prints.created.clone().filter(|_| is_old && known.created.is_none()),
            email: self.system.emails && text(&row.user.email) != text(&seen.user.email),
            activity: self.system.activity && row.user.active != seen.user.active,
            groups: self.system.groups && other_groups(&seen.user, &row.user).is_some(),
            made: seen.made.is_some(),
        }
    }
}

/// The changes of the records for one reading.
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    pub(super) decision: Decision,
    pub(super) differences: Vec<Differences>,
}

/// The differences between a record and the system's row, which must be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field that differs")]
pub(super) struct Differences {
    pub(super) secret: Option<String>,
    pub(super) created: Option<String>,
    pub(super) email: bool,
    pub(super) activity: bool,
    pub(super) groups: bool,
    made: bool,
}

impl Plan {
    /// The result if more reads are needed before a change.
    pub(super) fn needs_more(&self) -> Option<Reconciled> {
        if self.decision.stale {
            return Some(Reconciled::Stale);
        }
        let look_up: Vec<_> = self
            .decision
            .look_up
            .iter()
            .filter_map(|at| self.rows.get(*at))
            .map(Row::record)
            .collect();
        (!look_up.is_empty()).then_some(Reconciled::LookUp(look_up))
    }

    /// Whether the plan changes nothing.
    pub(super) fn changes_nothing(&self) -> bool {
        let still = |verdict: &Verdict| match verdict {
            Verdict::Same { new_secret, .. } => !new_secret,
            Verdict::Withheld(_) => true,
            Verdict::Update { .. } | Verdict::Replace(_) | Verdict::New => false,
        };
        let decision = &self.decision;
        decision.suspend.is_empty()
            && decision.tombstones.is_empty()
            && decision.verdicts.iter().all(still)
            && self.differences.iter().all(|differs| *differs == Differences::default())
    }

    /// The people of the reading, in its order.
    pub(super) fn people(self, sighted: &[Sighted<'_>]) -> Vec<Result<User, &'static str>> {
        let active = self.rows.into_iter().filter(|row| row.known.state == State::Active);
        let mut all: HashMap<String, User> =
            active.filter_map(|row| row.known.native.map(|native| (native, row.user))).collect();
        let one = |(seen, verdict): (&Sighted<'_>, Verdict)| match verdict {
            Verdict::Withheld(why) => Err(why),
            Verdict::Same { .. } | Verdict::Update { .. } | Verdict::Replace(_) | Verdict::New => {
                all.remove(seen.native).ok_or("the record has changed in the meantime")
            }
        };
        sighted.iter().zip(self.decision.verdicts).map(one).collect()
    }
}

/// Whether a creation date is old enough to identify a row.
pub(super) fn proves_by_now(created: &str) -> bool {
    let day = created.get(..10).and_then(|day| day.parse::<Date>().ok());
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    day.is_some_and(|day| (today - day).get_days() >= DAYS_UNTIL_PROOF)
}

/// The rights groups of the system's row, if they differ from the record. A row without groups
/// changes nothing.
pub(super) fn other_groups<'s>(
    seen: &'s User,
    record: &User,
) -> Option<(&'s IdNamespace, Vec<&'s str>)> {
    let namespace = seen.groups.first()?.namespace.as_ref()?;
    let wanted = groups_in(namespace, seen);
    (wanted != groups_in(namespace, record)).then_some((namespace, wanted))
}

fn groups_in<'u>(namespace: &IdNamespace, user: &'u User) -> Vec<&'u str> {
    let own = user.groups.iter().filter(|group| group.namespace.as_ref() == Some(namespace));
    own.filter_map(|group| group.ids.get(namespace).map(String::as_str)).collect()
}
