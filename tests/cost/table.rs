//! `fixtures/costs.toml`: the requests, and the limits on their cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) bounds: Bounds,
    pub(crate) request: Vec<Request>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    pub(crate) answer_per_byte: u64,
    pub(crate) answer_bytes: u64,
    pub(crate) cpu_ms: u64,
    pub(crate) memory_mib: u64,
    pub(crate) rows: u64,
    pub(crate) log_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) dialect: String,
    pub(crate) name: String,
    pub(crate) protects: String,
    method: String,
    path: Text,
    #[serde(default)]
    headers: BTreeMap<String, Text>,
    #[serde(default)]
    body: Text,
    /// Whether it is sent with OctoPrint's CSRF token, which every client gets without credentials.
    #[serde(default)]
    pub(crate) csrf: bool,
    /// How many times it is sent. The limits are for the sum.
    #[serde(default = "once")]
    pub(crate) often: u64,
    /// The versions of the dialect that have it. None is named: all of them.
    #[serde(default)]
    versions: Vec<String>,
    cpu_ms: Option<u64>,
    memory_mib: Option<u64>,
    rows: Option<u64>,
    log_bytes: Option<u64>,
}

const fn once() -> u64 {
    1
}

/// A text, or its parts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Parts(Vec<Part>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    /// A text, repeated.
    Repeated {
        repeat: String,
        times: usize,
    },
    /// A text, repeated, with `{n}` replaced by the number of the repetition.
    Counted {
        count: String,
        times: usize,
    },
}

impl Table {
    pub(crate) fn read() -> Self {
        Self::named("costs.toml")
    }

    /// A table of the same form.
    pub(crate) fn named(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }
}

impl Request {
    /// Whether a version of its dialect has it.
    pub(crate) fn is_in(&self, version: &str) -> bool {
        self.versions.is_empty() || self.versions.iter().any(|own| own == version)
    }

    pub(crate) fn bounds(&self, usual: &Bounds) -> Bounds {
        Bounds {
            cpu_ms: self.cpu_ms.unwrap_or(usual.cpu_ms),
            memory_mib: self.memory_mib.unwrap_or(usual.memory_mib),
            rows: self.rows.unwrap_or(usual.rows),
            log_bytes: self.log_bytes.unwrap_or(usual.log_bytes),
            ..usual.clone()
        }
    }

    /// The bytes of the request below a path prefix, with more headers. The counts of repetitions
    /// are divided by `divided`.
    fn spelled(&self, mount: &str, further: &str, divided: usize) -> Vec<u8> {
        let body = self.body.spelled(divided);
        let mut out = format!("{} {mount}{} HTTP/1.1\r\n", self.method, self.path.spelled(divided));
        out.push_str("Host: gateway\r\nConnection: close\r\n");
        out.push_str(further);
        for (name, value) in &self.headers {
            write!(out, "{name}: {}\r\n", value.spelled(divided)).unwrap();
        }
        if self.method != "GET" {
            write!(out, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        out.push_str("\r\n");
        out.push_str(&body);
        out.into_bytes()
    }

    /// The requests to send. `{i}` is replaced by the number of the request. All numbers have the
    /// same length.
    pub(crate) fn all(&self, mount: &str, further: &str, divided: usize) -> Vec<Vec<u8>> {
        let one = String::from_utf8(self.spelled(mount, further, divided)).unwrap();
        let numbered =
            |number: u64| one.replace("{i}", &format!("{:03}", number % 1000)).into_bytes();
        (0..self.often).map(numbered).collect()
    }
}

impl Text {
    fn spelled(&self, divided: usize) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(|part| part.spelled(divided)).collect(),
        }
    }
}

impl Part {
    fn spelled(&self, divided: usize) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeated { repeat, times } => repeat.repeat(times / divided),
            Self::Counted { count, times } => {
                (0..times / divided).map(|n| count.replace("{n}", &n.to_string())).collect()
            }
        }
    }
}
