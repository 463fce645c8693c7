//! Reads the configuration: the built-in defaults, then a file, then the environment. It reports
//! all problems at once, each with its line.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat};
use toml::Value;
use toml::de::DeTable;

use crate::config::environment::Variables;
use crate::config::finding::{Finding, Findings, Key, Place, Severity};
use crate::config::settings::{Route, Settings};
use crate::config::shape::Draft;
use crate::config::sources::{Sources, line_of};

pub use crate::config::finding::ConfigError;

/// The shipped `gateway.toml`: the defaults and their manual in one.
pub const DEFAULTS: &str = include_str!("../../gateway.toml");
/// The name of the built-in configuration in findings.
const BUILT_IN: &str = "built-in configuration";

/// A configuration that was read, valid or not.
#[derive(Debug)]
pub struct Loaded {
    /// The settings. A value with a wrong structure has its default here.
    pub settings: Settings,
    /// The place of each value.
    pub sources: Sources,
    /// The values, for checks by key.
    pub tree: Value,
    /// The findings about the structure: unknown keys, wrong types, missing values.
    pub findings: Findings,
    /// Variables with the prefix that have no known meaning yet. A secret reference may still name
    /// one.
    pub strays: Vec<String>,
}

/// Reads the configuration. Without a file, it has the defaults. It refuses a wrong structure;
/// [`check`](crate::config::check::check) finds the rest.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let loaded = read(file).map_err(|findings| findings.refusal())?;
    loaded.findings.verdict()?;
    Ok(loaded.settings)
}

/// Reads the configuration and checks its structure. The error has the findings of a configuration
/// that cannot be read at all.
pub fn read(file: Option<&Path>) -> Result<Loaded, Findings> {
    read_with(file, Variables::of_process())
}

/// The same, with these variables as the environment.
pub fn read_with(file: Option<&Path>, variables: Variables) -> Result<Loaded, Findings> {
    let mut findings = Findings::default();
    let mut sources = Sources::default();
    document(DEFAULTS, &Place::named(BUILT_IN), &mut sources, &mut findings);
    let text = file.map(|path| written(path, &mut sources, &mut findings)).unwrap_or_default();
    let texts = variables.places.iter().map(|(key, _)| key.clone()).collect();
    sources.lay_values(variables.places);
    // A document with a syntax error is not merged, because the rest of it can have another
    // meaning.
    let is_whole = !findings.has_errors();
    findings.extend(variables.findings);
    if !is_whole {
        return Err(findings);
    }
    let (merged, defaults) = match merge(&text, variables.values) {
        Ok(merged) => merged,
        Err(why) => return Err(broken(why.to_string())),
    };
    let mut draft = Draft { merged, defaults: &defaults, sources: &mut sources, texts };
    let (settings, wrong) = draft.read();
    let tree = draft.merged;
    findings.extend(wrong);
    match settings {
        Some(settings) => {
            Ok(Loaded { settings, sources, tree, findings, strays: variables.strays })
        }
        None if findings.has_errors() => Err(findings),
        None => Err(broken("it cannot be read".to_owned())),
    }
}

/// All layers merged, and the defaults alone.
fn merge(
    text: &str,
    variables: HashMap<String, String>,
) -> Result<(Value, Value), config::ConfigError> {
    let environment = Environment::with_prefix("ISOGLOSS").separator("__").prefix_separator("__");
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    let merged = defaults
        .clone()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment.source(Some(variables)));
    Ok((merged.build()?.try_deserialize()?, defaults.build()?.try_deserialize()?))
}

/// Reads a file and adds it to the sources. A file that cannot be read is a finding.
fn written(path: &Path, sources: &mut Sources, findings: &mut Findings) -> String {
    let place = Place::named(&path.display().to_string());
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| {
        let problem = format!("the file cannot be read: {error}");
        findings.add(error_at(place.clone(), problem, "a file in TOML"));
        String::new()
    });
    document(&text, &place, sources, findings);
    text
}

/// Adds a document to the sources. Every syntax error is a finding.
fn document(text: &str, place: &Place, sources: &mut Sources, findings: &mut Findings) {
    let (document, errors) = DeTable::parse_recoverable(text);
    // Numbers are parsed late. The error contains the number, which can be a secret.
    if errors.is_empty()
        && let Err(error) = toml::from_str::<toml::Table>(text)
    {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        findings.add(error_at(place.at(line), "the number is too large".to_owned(), "less"));
    }
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let (problem, expected) =
            error.message().split_once(", expected ").unwrap_or((error.message(), "TOML"));
        findings.add(error_at(place.at(line), problem.to_owned(), expected));
    }
    sources.lay_document(place, text, document.get_ref());
}

fn error_at(place: Place, problem: String, expected: &str) -> Finding {
    let (key, expected) = (String::new(), expected.to_owned());
    Finding { severity: Severity::Error, place, key, problem, expected }
}

fn broken(why: String) -> Findings {
    let mut findings = Findings::default();
    findings.add(error_at(Place::named("configuration"), why, ""));
    findings
}

impl Loaded {
    /// Marks a value as given on the command line, which overrides all other layers.
    pub fn from_command_line(&mut self, argument: &str, key: &[&str]) {
        let place = Place::named(&format!("command line {argument}"));
        self.sources.lay_values(vec![(Key::of(key), place)]);
    }

    /// Replaces all routes by one of the command line.
    pub fn only_route(&mut self, route: Route) {
        self.settings.route = vec![route];
        self.sources.lay_list("route", &Place::named("command line"));
        if let Value::Table(tree) = &mut self.tree {
            tree.remove("route");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn loaded(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Findings> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        read_with(Some(file.path()), Variables::among(variables.collect::<Vec<(OsString, _)>>()))
    }

    /// Each finding as `LINE KEY: PROBLEM; EXPECTED`.
    fn found(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let findings = match loaded(text, variables) {
            Ok(loaded) => loaded.findings,
            Err(findings) => findings,
        };
        let show = |one: &&Finding| {
            let line = one.place.line.unwrap_or_default();
            format!("{line} {}: {}; {}", one.key, one.problem, one.expected)
        };
        findings.of(Severity::Error).iter().map(show).collect()
    }

    #[test]
    fn the_shipped_file_is_the_default() {
        let loaded = read_with(None, Variables::default()).unwrap();
        assert_eq!(loaded.findings, Findings::default());
        assert_eq!(loaded.settings.server.listen, "127.0.0.1:8080");
        assert_eq!(loaded.settings.server.body_limit_bytes, 1 << 20);
        assert_eq!(loaded.settings.route.len(), 4);
    }

    #[test]
    fn every_problem_of_the_shape_is_found_at_once() {
        let text = "[server]\nbody_limit = 3\nworkers = \"4\"\n[backend.old]\nurl = \"http://a\"\n\
                    [[route]]\nbackend = \"people\"\n[[route]]\ndialect = \"kanboard\"\nhots = \"a\"\n\
                    [log]\nformat = \"xml\"\n";
        let found = found(text, &[]);
        let starts = [
            "2 server.body_limit: unknown key `body_limit`",
            "3 server.workers: the value is of the wrong type: string; a whole number",
            "4 backend.old: `system` is missing",
            "6 route: `dialect` is missing",
            "10 route.hots: unknown key `hots`",
            "12 log.format: unknown variant `xml`; `text` or `json`",
        ];
        assert_eq!(found.len(), starts.len(), "{found:#?}");
        for (found, start) in found.iter().zip(starts) {
            assert!(found.starts_with(start), "{found}");
        }
        assert!(found[0].contains("`body_limit_bytes`"), "{found:?}");
    }

    #[test]
    fn a_value_of_the_environment_is_read_as_what_is_expected() {
        let variables = [
            ("ISOGLOSS__SERVER__WORKERS", "3"),
            ("ISOGLOSS__BACKEND__OLD__SYSTEM", "kanboard"),
            ("ISOGLOSS__BACKEND__OLD__SECRET", "007"),
        ];
        let loaded = loaded("", &variables).unwrap();
        assert_eq!(loaded.findings, Findings::default());
        assert_eq!(loaded.settings.server.workers, 3);
        let secret = loaded.settings.backend["old"].secret.as_ref().unwrap();
        assert_eq!(secret.resolve().unwrap().expose(), "007", "text stays as it is");
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let variables = [("ISOGLOSS__SERVER__WORKERS", "many"), ("ISOGLOSS__SERVER__LISTN", "a")];
        let loaded = loaded("", &variables).unwrap();
        let errors = loaded.findings.of(Severity::Error);
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with(
            "environment variable ISOGLOSS__SERVER__LISTN: server.listn: unknown key `listn`"
        ));
        assert!(
            told[1].starts_with("environment variable ISOGLOSS__SERVER__WORKERS: server.workers")
        );
    }

    #[test]
    fn no_value_is_shown() {
        let text = "[backend.old]\nsystem = \"kanboard\"\nurl = 5\nsecret = 123454321\n";
        assert!(!found(text, &[]).concat().contains("12345"));
        let text = "[backend.old]\nsecret = \"hunter2\n";
        assert!(!found(text, &[]).concat().contains("hunter2"), "{:?}", found(text, &[]));
    }

    #[test]
    fn every_syntax_error_is_found_at_once() {
        let told = found("[server\nlisten = \"a\"\n[log]\nlevel = \nformat = \"text\"\n", &[]);
        let lines: Vec<_> = told.iter().map(|one| one.split(' ').next().unwrap()).collect();
        assert_eq!(lines, ["1", "4"], "{told:?}");
    }
}
