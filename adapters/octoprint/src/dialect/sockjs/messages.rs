//! What the server says on the socket, and in which form.

use std::io;

use isogloss_interop::python::stored::to_json;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value, json};

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::server::version_of;
use crate::wire;

/// The state of a server without a printer.
const IDLE: &str = include_str!("history.json");
/// What the web page of 1.11.8 compares to find out whether it is stale: its plugins and its settings.
const PLUGINS: &str = "4f24db746950f0c7a7c41cae3723b167";
const SETTINGS: &str = "f957a8ba46ce3b1a4218993a08844aba";
/// The Python of the recording. Clients show it to people.
const PYTHON: &str = "3.11.7";

/// How messages are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// As SockJS does: `o`, `h`, and `a[...]` around messages.
    SockJs,
    /// Each message is a text of its own.
    Raw,
}

impl Transport {
    /// The first frame, before every message.
    pub(super) fn opening(self) -> Option<String> {
        (self == Self::SockJs).then(|| "o".to_owned())
    }

    /// The frame that says that the connection is alive.
    pub(super) fn heartbeat(self) -> Option<String> {
        (self == Self::SockJs).then(|| "h".to_owned())
    }

    /// The frame of a message.
    pub(super) fn frame(self, message: &Value) -> String {
        match self {
            Self::SockJs => format!("a[{message}]"),
            Self::Raw => spaced(message),
        }
    }
}

/// `connected`: what the server is. It is said to everybody.
pub(super) async fn connected(call: &Call<'_>) -> Result<Value, Failure> {
    let version = version_of(call).await?;
    let permissions = call.rights().await?.permissions();
    let permissions: Vec<_> = permissions.map(|own| to_json(&wire::permission(own))).collect();
    Ok(json!({"connected": {
        "version": version,
        "display_version": version,
        "branch": "HEAD",
        "python_version": PYTHON,
        "plugin_hash": PLUGINS,
        "config_hash": SETTINGS,
        "debug": false,
        "safe_mode": null,
        "online": true,
        "permissions": permissions,
    }}))
}

/// `history`: the state of the printer.
pub(super) fn history(call: &Call<'_>) -> Value {
    let mut state: Map<String, Value> = serde_json::from_str(IDLE).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "OctoPrint writes seconds as a float too")]
    let seconds = call.exchange.now().as_microsecond() as f64 / 1_000_000.0;
    state.insert("serverTime".to_owned(), Value::from(seconds));
    json!({"history": state})
}

/// `timelapse`: there is none.
pub(super) fn timelapse() -> Value {
    json!({"timelapse": null})
}

/// `reauthRequired`: the client shall sign in on the socket again.
pub(super) fn reauthenticate(reason: &str) -> Value {
    json!({"reauthRequired": {"reason": reason}})
}

/// JSON as `json.dumps` writes it, with a blank after each comma and colon.
fn spaced(message: &Value) -> String {
    let mut out = Vec::new();
    let written = message.serialize(&mut Serializer::with_formatter(&mut out, Spaced));
    written.ok().and_then(|()| String::from_utf8(out).ok()).unwrap_or_default()
}

struct Spaced;

impl Spaced {
    fn separate<W: ?Sized + io::Write>(writer: &mut W, is_first: bool) -> io::Result<()> {
        if is_first { Ok(()) } else { writer.write_all(b", ") }
    }
}

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        Self::separate(writer, is_first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        Self::separate(writer, is_first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
