//! What each version of a dialect claims, against the transcripts: a version without a recording is
//! marked as derived, and so is a method that no recording of its version shows.

use std::collections::BTreeMap;

use isogloss::listing;
use isogloss::registry;
use isogloss_canonical::version::VersionInfo;
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::transcript::load;
use serde_json::{Map, Value};

use crate::{assert_none, root};

/// The recorded requests, by dialect and version.
type Requests = BTreeMap<(String, String), Vec<Map<String, Value>>>;

fn requests() -> Requests {
    let profiles = Profiles::load(&root().join("fixtures")).unwrap();
    let mut requests = Requests::new();
    for transcript in load(&root().join("fixtures/transcripts")).unwrap() {
        let setup = profiles.setup(&transcript.heading()).unwrap();
        let default = || registry::adapter(&setup.dialect).unwrap().versions[0].name.to_owned();
        let version = setup.version.clone().unwrap_or_else(default);
        let own = requests.entry((setup.dialect, version)).or_default();
        own.extend(transcript.exchanges.into_iter().map(|exchange| exchange.request));
    }
    requests
}

fn of<'a>(
    requests: &'a Requests,
    dialect: &str,
    version: &VersionInfo,
) -> &'a [Map<String, Value>] {
    requests.get(&(dialect.to_owned(), version.name.to_owned())).map_or(&[], Vec::as_slice)
}

#[test]
fn a_version_without_a_recording_is_derived() {
    let requests = requests();
    let mut wrong = Vec::new();
    for adapter in registry::dialects() {
        let has = |version: &&VersionInfo| !of(&requests, adapter.name, version).is_empty();
        let lie = adapter.versions.iter().filter(|one| has(one) != one.recorded.is_some());
        wrong.extend(lie.map(|version| format!("{} {}", adapter.name, version.name)));
        assert!(adapter.versions[0].recorded.is_some(), "{}: the default is derived", adapter.name);
    }
    assert_none(wrong, "versions with a recording that are derived, or the other way round");
}

#[test]
fn every_method_of_a_recorded_version_has_a_transcript_or_is_derived() {
    let requests = requests();
    let mut wrong = Vec::new();
    for adapter in registry::dialects() {
        for version in adapter.versions.iter().filter(|version| version.recorded.is_some()) {
            let own = of(&requests, adapter.name, version);
            let name = format!("{} {}", adapter.name, version.name);
            let methods = registry::methods(adapter, version).unwrap();
            assert!(!methods.is_empty(), "{name} has no methods");
            let gone =
                version.derived.iter().filter(|own| methods.iter().all(|one| one.name != **own));
            wrong.extend(gone.map(|method| format!("{name}: no {method}")));
            let is_recorded = |method: &str| own.iter().any(|one| calls(one, method));
            let lie =
                methods.iter().filter(|one| is_recorded(one.name) == version.derives(one.name));
            wrong.extend(lie.map(|method| format!("{name}: {}", method.name)));
        }
    }
    assert_none(wrong, "methods without a transcript that are not derived, or the other way round");
}

#[test]
fn what_is_derived_is_listed_as_such() {
    for adapter in registry::dialects() {
        for row in listing::methods(adapter).unwrap() {
            let derived = row.derived().count();
            assert_eq!(row.versions().matches("(derived)").count(), derived, "{row:?}");
        }
    }
}

/// Whether a request calls a method: `createUser`, by its name in the body, or by verb and path:
/// `PUT /api/access/users/{name}`, where a step in braces is any.
fn calls(request: &Map<String, Value>, method: &str) -> bool {
    let word = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
    let body = ["json", "form", "text"].into_iter().find_map(|key| request.get(key));
    let body = body.map(Value::to_string).unwrap_or_default().replace("\\\"", "\"");
    let Some((verb, template)) = method.split_once(' ') else {
        return body.contains(&format!("\"{method}\""))
            || word("path").contains(&format!("/{method}"));
    };
    let path = word("path").split('?').next().unwrap_or_default();
    let (steps, wanted): (Vec<_>, Vec<_>) =
        (path.split('/').collect(), template.split('/').collect());
    let any = |step: &str| step.starts_with(['{', '<', ':']);
    verb.eq_ignore_ascii_case(word("method"))
        && steps.len() == wanted.len()
        && steps.iter().zip(&wanted).all(|(step, wanted)| any(wanted) || step == wanted)
}
