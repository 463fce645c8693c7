//! The signatures of methods, as Python's `inspect` shows them, and the search for methods by name.

use isogloss_interop::python::dict::Dict;

use crate::dialect::glob::Pattern;
use crate::options::version::Version;

/// A method's name and parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    /// The name.
    pub(crate) name: &'static str,
    /// The version that brought the method.
    pub(crate) since: Version,
    /// The parameters in order: `name` for a required one, `name=default`, `name=@` for one that
    /// defaults to the caller, `name:default` for a plain default of Python. A `+` before it: only
    /// in 4.26; a `-`: only in 4.3.
    pub(crate) parameters: &'static str,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Its default, as `get_method` shows it; `None` if the parameter is required.
    pub(crate) default: Option<String>,
}

impl Signature {
    /// Whether a version has the method.
    pub(crate) fn is_in(&self, version: Version) -> bool {
        self.since <= version
    }

    /// The parameters in the order of Python 2's hash table, which decides which missing argument is
    /// named: fixtures/transcripts/rhodecode/create-user-missing.json.
    pub(crate) fn parameters(&self, version: Version) -> Vec<Parameter> {
        let own = self.parameters.split(' ').filter_map(|word| parameter(word, version));
        let mut all = vec![("request", None), ("apiuser", None)];
        all.extend(own);
        let table: Dict<Option<String>> =
            all.into_iter().rev().map(|(name, default)| (name.to_owned(), default)).collect();
        let parameter = |(name, default): (&str, &Option<String>)| Parameter {
            name: name.to_owned(),
            default: default.clone(),
        };
        table.hashed().into_iter().map(parameter).collect()
    }

    /// The parameters that a caller must give.
    pub(crate) fn required(&self, version: Version) -> impl Iterator<Item = String> {
        // The server itself fills in these two.
        let of_server = |name: &str| name == "request" || name == "apiuser";
        let required = move |parameter: Parameter| {
            (parameter.default.is_none() && !of_server(&parameter.name)).then_some(parameter.name)
        };
        self.parameters(version).into_iter().filter_map(required)
    }
}

fn parameter(word: &'static str, version: Version) -> Option<(&'static str, Option<String>)> {
    let (word, has) = match word.split_at_checked(1) {
        Some(("+", word)) => (word, version == Version::V4_26),
        Some(("-", word)) => (word, version == Version::V4_3),
        _ => (word, !word.is_empty()),
    };
    if !has {
        return None;
    }
    if let Some((name, default)) = word.split_once('=') {
        let default = if default == "@" { "<OptionalAttr:apiuser>" } else { default };
        return Some((name, Some(format!("<Optional:{default}>"))));
    }
    match word.split_once(':') {
        Some((name, default)) => Some((name, Some(default.to_owned()))),
        None => Some((word, None)),
    }
}

/// The methods whose names match one of the patterns; those of an earlier pattern first.
pub(crate) fn matching<'a>(
    signatures: impl IntoIterator<Item = &'static Signature>,
    patterns: impl IntoIterator<Item = &'a str>,
) -> Vec<&'static Signature> {
    let mut found: Vec<&'static Signature> = Vec::new();
    let mut left: Vec<&'static Signature> = signatures.into_iter().collect();
    for pattern in patterns {
        if left.is_empty() {
            break;
        }
        let pattern = Pattern::of(pattern);
        left.retain(|signature| {
            let matches = pattern.matches(signature.name);
            if matches && !found.iter().any(|own| own.name == signature.name) {
                found.push(signature);
            }
            !matches
        });
    }
    found
}
