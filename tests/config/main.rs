//! Every configuration in `fixtures/config/bad` is refused, with file, line, key, what was found
//! and what was expected. Every one in `fixtures/config/good` is accepted.
//!
//! A comment at the end of a line has the expected finding: `# refused: KEY: PROBLEM; expected
//! WHAT`, or the first part of it. `# warned:` is for a warning. `# environment: NAME=VALUE` sets a
//! variable. `# refused by PLACE: KEY: PROBLEM` is for a finding outside the file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod connect;
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use isogloss::registry;
use serde_json::Value;

use crate::program::Workdir;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(folder);
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

/// The expectations that a fixture's comments contain.
#[derive(Default)]
struct Wanted {
    /// The place, and the first part of the finding.
    refused: Vec<(String, String)>,
    warned: Vec<(String, String)>,
    variables: Vec<(String, String)>,
}

impl Wanted {
    fn of(file: &Path) -> Self {
        let (text, file) = (fs::read_to_string(file).unwrap(), file.display());
        let mut wanted = Self::default();
        for (index, line) in text.lines().enumerate() {
            let here = format!("{file}:{}", index + 1);
            let at = |rest: &str| {
                let all = rest.split(" | ").map(|one| one.replace("FILE", &file.to_string()));
                all.map(|one| (here.clone(), one.trim().to_owned())).collect::<Vec<_>>()
            };
            let outside_the_file = |rest: &str| {
                let (place, rest) = rest.split_once(": ").unwrap();
                (place.to_owned(), rest.to_owned())
            };
            if let Some((_, rest)) = line.split_once("# refused: ") {
                wanted.refused.extend(at(rest));
            } else if let Some((_, rest)) = line.split_once("# warned: ") {
                wanted.warned.extend(at(rest));
            } else if let Some(rest) = line.strip_prefix("# refused by ") {
                wanted.refused.push(outside_the_file(rest));
            } else if let Some(rest) = line.strip_prefix("# warned by ") {
                wanted.warned.push(outside_the_file(rest));
            } else if let Some(rest) = line.strip_prefix("# environment: ") {
                let (name, value) = rest.split_once('=').unwrap();
                wanted.variables.push((name.to_owned(), value.to_owned()));
            }
        }
        wanted
    }
}

/// The findings of `config check --json`: the place, and `KEY: PROBLEM; expected WHAT`.
fn found(list: &Value, severity: &str) -> Vec<(String, String)> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter();
    let own = list.filter(|one| one["severity"] == severity);
    own.map(|one| {
        let word = |name: &str| one[name].as_str().unwrap();
        let line = one["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
        let key = Some(word("key")).filter(|key| !key.is_empty());
        let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
        let rest = format!("{key}{}; expected {}", word("problem"), word("expected"));
        (format!("{}{line}", word("file")), rest)
    })
    .collect()
}

/// The differences between expectations and findings.
fn differences(wanted: &[(String, String)], found: &[(String, String)]) -> Vec<String> {
    let fits = |one: &(String, String), other: &(String, String)| {
        one.0 == other.0 && other.1.starts_with(&one.1)
    };
    let lacking = wanted.iter().filter(|one| !found.iter().any(|other| fits(one, other)));
    let lacking = lacking.map(|(place, rest)| format!("not found: {place}: {rest}"));
    let extra = found.iter().filter(|one| !wanted.iter().any(|other| fits(other, one)));
    lacking.chain(extra.map(|(place, rest)| format!("too much: {place}: {rest}"))).collect()
}

#[test]
fn every_bad_configuration_is_refused_with_every_problem_at_once() {
    let workdir = Workdir::new();
    let mut wrong = Vec::new();
    for file in fixtures("bad") {
        let wanted = Wanted::of(&file);
        assert!(!wanted.refused.is_empty(), "{} says nothing", file.display());
        let done =
            workdir.run(&["config", "check", "--json", "--config"], &file, &wanted.variables);
        if done.status != Some(1) {
            wrong.push(format!("{}: status {:?}", file.display(), done.status));
        }
        let list = serde_json::from_str(&done.out).unwrap_or_default();
        wrong.extend(differences(&wanted.refused, &found(&list, "error")));
        assert!(!(done.out + &done.complaint).contains("hunter2"), "{}", file.display());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_good_configuration_is_taken() {
    let workdir = Workdir::new();
    let mut wrong = Vec::new();
    for file in fixtures("good") {
        let wanted = Wanted::of(&file);
        let done =
            workdir.run(&["config", "check", "--json", "--config"], &file, &wanted.variables);
        let list: Value = serde_json::from_str(&done.out).unwrap_or_default();
        wrong.extend(differences(&wanted.warned, &found(&list, "warning")));
        wrong.extend(differences(&[], &found(&list, "error")));
        assert_eq!(done.status, Some(0), "{}: {}", file.display(), done.complaint);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn serve_refuses_with_the_same_report_before_it_opens_anything() {
    for file in fixtures("bad") {
        let workdir = Workdir::new();
        let wanted = Wanted::of(&file);
        let before = workdir.names();
        let checked = workdir.run(&["config", "check", "--config"], &file, &wanted.variables);
        let served = workdir.run(&["serve", "--config"], &file, &wanted.variables);
        let lines = |text: &str| -> BTreeSet<String> {
            let is_own = |line: &&str| line.starts_with("  ") || line.contains("refused: ");
            text.lines().filter(is_own).map(str::to_owned).collect()
        };
        assert_eq!(served.status, Some(1), "{}: {}", file.display(), served.complaint);
        assert_eq!(lines(&served.complaint), lines(&checked.complaint), "{}", file.display());
        assert!(!lines(&served.complaint).is_empty(), "{}", served.complaint);
        assert_eq!(workdir.names(), before, "{} left something behind", file.display());
    }
}

/// Any dialect, which is a system too.
fn some_dialect() -> &'static str {
    registry::dialects().next().unwrap().name
}

#[test]
fn what_the_command_line_says_is_checked_too() {
    let workdir = Workdir::new();
    let some = some_dialect();
    let no_option = format!("command line: route.options.colour: {some} has no option");
    let cases: [(&[&str], &str); 7] = [
        (&["--listen", "localhost"], "command line --listen: server.listen: \"localhost\""),
        (&["--log-level", "loud"], "command line --log-level: log.level: \"loud\" is no level"),
        (&["--data-dir", "/proc/x"], "command line --data-dir: store.directory: /proc"),
        (&["--dialect", "latin"], "command line: route.dialect: no dialect \"latin\""),
        (&["--dialect", some, "--option", "colour=1"], &no_option),
        (
            &["--dialect", some, "--origin", "http://127.0.0.1:8080"],
            "command line: route.origin.url: http://127.0.0.1:8080 is an address of the gateway",
        ),
        (&["--config", "no-such-file"], "no-such-file: the file cannot be read"),
    ];
    for (words, told) in cases {
        let words: Vec<_> = ["serve"].iter().chain(words).copied().collect();
        let done = workdir.run_words(&words, &[]);
        assert_eq!(done.status, Some(1), "{words:?}");
        assert!(done.complaint.contains(told), "{words:?}: {}", done.complaint);
    }
}

#[test]
fn a_configuration_is_shown_without_its_secrets() {
    let workdir = Workdir::new();
    let text = "[backend.old]\nsystem = \"SYSTEM\"\nurl = \"https://ada:hunter2@old.example.org/?k=hunter2\"\n\
         secret = \"hunter2\"\nidentity_file = \"identity.pem\"\n\
         [[route]]\ndialect = \"SYSTEM\"\nbackend = \"old\"\n[route.origin]\n\
         url = \"https://hunter2@old.example.org\"\n\
         [directory]\nurl = \"ldap://ada:hunter2@127.0.0.1\"\nuser_base_dn = \"dc=example\"\n\
         bind_dn = \"cn=reader\"\nbind_password = \"hunter2\"\n";
    workdir.write("gateway.toml", &text.replace("SYSTEM", some_dialect()));
    workdir.write("identity.pem", "hunter2");
    for words in [&["config", "show"][..], &["config", "show", "--json"]] {
        let done = workdir.run(&[words, &["--config"]].concat(), Path::new("gateway.toml"), &[]);
        assert_eq!(done.status, Some(0), "{}", done.complaint);
        assert!(!done.out.contains("hunter2"), "{}", done.out);
        assert!(done.out.contains("https://***@old.example.org/?***"), "{}", done.out);
    }
}
