//! The tables of the dialect: the methods of each version, and which one a request calls.

mod overlay;
mod v1_11;
mod v1_3;

use std::sync::LazyLock;

use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::method::{Area, Method};
use crate::options::Options;
use crate::options::version::Version;

/// The methods of one version.
struct Table {
    methods: Vec<&'static Method>,
    /// The same, for the manual.
    infos: Vec<MethodInfo>,
}

impl Table {
    /// The manual does not have the methods about the printer: the gateway does not translate them.
    fn of(methods: Vec<&'static Method>) -> Self {
        let translated = methods.iter().filter(|method| method.area != Area::Printer);
        let infos = translated.map(|method| method.info).collect();
        Self { methods, infos }
    }
}

static V1_11: LazyLock<Table> =
    LazyLock::new(|| Table::of(v1_11::METHODS.iter().chain(v1_11::PRINTER).collect()));
static V1_3: LazyLock<Table> = LazyLock::new(|| Table::of(v1_3::V1_3.over(&translated())));
static V1_3_0: LazyLock<Table> = LazyLock::new(|| Table::of(v1_3::V1_3_0.over(&V1_3.methods)));

/// The methods of 1.11 that the gateway translates. What an older server without a printer answers to the
/// others is not recorded.
fn translated() -> Vec<&'static Method> {
    v1_11::METHODS.iter().collect()
}

fn table(version: Version) -> &'static Table {
    match version {
        Version::V1_11 => &V1_11,
        Version::V1_3 => &V1_3,
        Version::V1_3_0 => &V1_3_0,
    }
}

/// The methods of a version, for the manual.
pub(crate) fn infos(version: Version) -> &'static [MethodInfo] {
    &table(version).infos
}

/// What a request calls.
pub(crate) enum Found {
    /// A method, with the text at the parameter of its path.
    Method(&'static Method, String),
    /// `OPTIONS`: the verbs of the path are asked for.
    Options(Area, Vec<&'static str>),
    /// No method: the path has only these verbs.
    WrongVerb(Vec<&'static str>),
    /// No method: the path has another spelling, to which Flask redirects.
    Redirect(String),
    /// No method: there is no such path.
    Nothing,
}

/// Finds what a request calls. The path is decoded.
pub(crate) fn find(options: &Options, verb: &str, path: &str) -> Found {
    // Flask answers this page without its slash, too.
    let path = if path == "/login" { "/login/" } else { path };
    let matching: Vec<_> = matching(options, path).collect();
    let Some((first, _)) = matching.first() else { return merged(options, path) };
    let (area, verbs) = (first.area, allowed(&matching));
    if verb == "OPTIONS" {
        return Found::Options(area, verbs);
    }
    let wanted = if verb == "HEAD" { "GET" } else { verb };
    match matching.into_iter().find(|(method, _)| method.verb() == wanted) {
        Some((method, parameter)) => Found::Method(method, parameter.to_owned()),
        None if area == Area::Printer => Found::Nothing,
        None => Found::WrongVerb(verbs),
    }
}

/// Flask redirects a path with `//` to the one with `/`. Flask before 1.0 does not.
fn merged(options: &Options, path: &str) -> Found {
    let merged = path.replace("//", "/");
    let redirects = options.version.differences().merges_slashes;
    let is_translated = |(method, _): (&Method, _)| method.area != Area::Printer;
    if redirects && merged != path && matching(options, &merged).any(is_translated) {
        return Found::Redirect(merged);
    }
    Found::Nothing
}

/// The methods of a path, each with the text at the parameter.
fn matching<'a>(
    options: &Options,
    path: &'a str,
) -> impl Iterator<Item = (&'static Method, &'a str)> {
    let wizard = options.first_run;
    let has = move |method: &&'static Method| wizard || !is_of_wizard(method);
    let methods = table(options.version).methods.iter().copied().filter(has);
    methods.filter_map(move |method| Some((method, parameter(method.path(), path)?)))
}

/// Whether a method belongs to the setup wizard. Only a route with `first_run` has these.
fn is_of_wizard(method: &Method) -> bool {
    const PATHS: [&str; 2] = ["/plugin/corewizard", "/api/setup/wizard"];
    let has_path = PATHS.iter().any(|path| method.path().starts_with(path));
    has_path || method.info.name == "POST /"
}

/// The verbs of a path, in Flask's order.
fn allowed(methods: &[(&'static Method, &str)]) -> Vec<&'static str> {
    let mut verbs = vec!["OPTIONS"];
    for (method, _) in methods {
        verbs.push(method.verb());
        if method.verb() == "GET" {
            verbs.push("HEAD");
        }
    }
    verbs
}

/// The text at the parameter of a pattern, empty if the pattern has none. `None`: the path does not
/// match.
fn parameter<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let mut parameter = "";
    let mut steps = path.split('/');
    for expected in pattern.split('/') {
        let step = steps.next()?;
        if expected.starts_with('<') && !step.is_empty() {
            parameter = step;
        } else if expected != step {
            return None;
        }
    }
    steps.next().is_none().then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_parameter_of_a_path() {
        let pattern = "/api/users/<name>/apikey";
        assert_eq!(parameter(pattern, "/api/users/ada/apikey"), Some("ada"));
        assert_eq!(parameter("/api/users", "/api/users"), Some(""));
        for other in ["/api/users//apikey", "/api/users/ada", "/api/users/ada/apikey/"] {
            assert_eq!(parameter(pattern, other), None, "{other}");
        }
    }
}
