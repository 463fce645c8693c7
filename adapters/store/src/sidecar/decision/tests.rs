//! Tests of the rules of the decision.

use std::collections::HashMap;

use super::*;

fn known(number: u128, name: &str, state: State, secret: Option<&str>) -> Known {
    Known {
        id: Uuid::from_u128(number),
        native: Some(number.to_string()),
        name: name.to_owned(),
        state,
        changed: 0,
        expected: None,
        prints: Prints { secret: secret.map(str::to_owned), created: None },
    }
}

fn seen<'a>(native: &'a str, name: &'a str, secret: Option<&str>) -> Sighted<'a> {
    let prints = Prints { secret: secret.map(str::to_owned), created: None };
    Sighted { native, name, prints, made: false, too_long: false }
}

fn facts(seen: Vec<Sighted<'_>>) -> Facts<'_> {
    Facts { seen, absent: HashMap::new(), complete: false, asked: 10 }
}

fn verdict(record: &Known, seen: Sighted<'_>) -> Verdict {
    let mut decision = decide(std::slice::from_ref(record), &facts(vec![seen]));
    assert!(!decision.stale && decision.look_up.is_empty());
    decision.verdicts.remove(0)
}

const UPDATE: Verdict = Verdict::Update { known: 0, new_secret: false };
const SAME: Verdict = Verdict::Same { known: 0, new_secret: false };

#[test]
fn the_same_id_and_name_is_the_same_person() {
    let ada = known(1, "ada", State::Active, Some("x"));
    assert_eq!(verdict(&ada, seen("1", "ada", Some("x"))), SAME);
    assert_eq!(verdict(&ada, seen("1", "ada", None)), SAME);
    let changed = Verdict::Same { known: 0, new_secret: true };
    assert_eq!(verdict(&ada, seen("1", "ada", Some("y"))), changed);
}

#[test]
fn another_name_is_a_renaming_only_if_it_is_proved_or_the_gateway_s_own() {
    let ada = known(1, "ada", State::Active, Some("x"));
    assert_eq!(verdict(&ada, seen("1", "bob", Some("x"))), UPDATE);
    assert_eq!(verdict(&ada, seen("1", "bob", Some("y"))), Verdict::Replace(0));
    assert_eq!(verdict(&ada, seen("1", "bob", None)), Verdict::Replace(0));
    let expected = Known { expected: Some("bob".to_owned()), ..ada };
    assert_eq!(verdict(&expected, seen("1", "bob", None)), UPDATE);
    assert_eq!(verdict(&expected, seen("1", "eve", None)), Verdict::Replace(0));
}

#[test]
fn a_suspended_person_is_restored_on_proof_only() {
    let gone = |absence| known(1, "ada", State::Suspended(absence), Some("x"));
    for absence in [Absence::Once, Absence::Confirmed, Absence::Held] {
        assert_eq!(verdict(&gone(absence), seen("1", "ada", Some("x"))), UPDATE);
        assert_eq!(verdict(&gone(absence), seen("1", "bob", None)), Verdict::Replace(0));
    }
    let without = |absence| verdict(&gone(absence), seen("1", "ada", None));
    assert_eq!(without(Absence::Once), UPDATE);
    assert_eq!(without(Absence::Confirmed), Verdict::Replace(0));
    assert!(matches!(without(Absence::Held), Verdict::Withheld(_)));
}

#[test]
fn a_tombstone_is_nobody_s_record_even_on_proof() {
    let ada = known(1, "ada", State::Tombstone, Some("x"));
    assert_eq!(verdict(&ada, seen("1", "ada", Some("x"))), Verdict::New);
}

#[test]
fn a_row_that_was_made_at_another_time_is_another_person() {
    let made = |day: &str| Prints { secret: None, created: Some(day.to_owned()) };
    let ada = Known { prints: made("2020"), ..known(1, "ada", State::Active, None) };
    let later = Sighted { prints: made("2021"), ..seen("1", "ada", None) };
    assert_eq!(verdict(&ada, later), Verdict::Replace(0));
    let renamed = Sighted { prints: made("2020"), ..seen("1", "bob", None) };
    assert_eq!(verdict(&ada, renamed), UPDATE);
}

#[test]
fn whoever_was_made_just_now_is_nobody_s_successor() {
    let ada = known(1, "ada", State::Active, None);
    let made = || Sighted { made: true, ..seen("1", "ada", None) };
    assert_eq!(verdict(&ada, made()), Verdict::Replace(0));
    let fresh = Known { changed: 11, ..ada };
    assert_eq!(verdict(&fresh, made()), SAME, "another request has seen them");
    let proved = known(1, "ada", State::Active, Some("x"));
    let made = Sighted { made: true, ..seen("1", "ada", Some("x")) };
    assert!(matches!(verdict(&proved, made), Verdict::Withheld(_)), "that is somebody else");
}

#[test]
fn a_read_that_began_before_the_record_changed_is_outdated() {
    let ada = Known { changed: 10, ..known(1, "ada", State::Active, None) };
    assert!(decide(std::slice::from_ref(&ada), &facts(vec![seen("1", "bob", None)])).stale);
    let mut everybody = facts(Vec::new());
    everybody.complete = true;
    let decision = decide(&[ada], &everybody);
    assert!(decision.look_up.is_empty() && decision.suspend.is_empty());
}

#[test]
fn whom_a_read_does_not_explain_is_asked_for_first() {
    let records = [known(1, "ada", State::Active, None), known(2, "bob", State::Active, None)];
    let mut everybody = facts(vec![seen("1", "ada", None)]);
    assert!(decide(&records, &everybody).look_up.is_empty(), "one read says nothing about others");
    everybody.complete = true;
    assert_eq!(decide(&records, &everybody).look_up, [1]);
    everybody.absent = [(records[1].id, true)].into();
    assert_eq!(decide(&records, &everybody).suspend, [(1, Absence::Confirmed)]);
    everybody.absent = [(records[1].id, false)].into();
    assert_eq!(decide(&records, &everybody).suspend, [(1, Absence::Once)]);
    let mut renamed = facts(vec![seen("3", "bob", None)]);
    assert_eq!(decide(&records, &renamed).look_up, [1], "who had the name until now");
    renamed.absent = [(records[1].id, true)].into();
    assert_eq!(decide(&records, &renamed).tombstones, [1]);
}
