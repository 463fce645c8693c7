//! Calls about the server itself: its version, and where its methods have moved.

use crate::dialect::answers::{self, Answer, json};
use crate::dialect::call::Call;
use crate::dialect::site::{decoded_path, quoted};
use crate::pyjson::Py;

/// The version that the dialect answers as.
const VERSION: &str = "1.11.8";

/// `GET /api/version`
pub(crate) async fn version(_: &Call<'_>) -> Answer {
    json(&Py::dict([
        ("api", Py::text("0.1")),
        ("server", Py::text(VERSION)),
        ("text", Py::text(format!("OctoPrint {VERSION}"))),
    ]))
}

/// `GET /api/server`
pub(crate) async fn server(_: &Call<'_>) -> Answer {
    json(&Py::dict([("safemode", Py::None), ("version", Py::text(VERSION))]))
}

/// `/api/users*` since 1.4: redirects to the same path under `/api/access`, without the query:
/// `fixtures/transcripts/octoprint/legacy-users.json`.
pub(crate) async fn moved(call: &Call<'_>) -> Answer {
    let root = &call.site.root;
    let path = decoded_path(&call.request.path, root);
    let below = path.strip_prefix("/api").unwrap_or(&path);
    Ok(answers::redirect(307, &format!("{root}/api/access{}", quoted(below))))
}
