//! Calls about the server itself: its version, and where its methods have moved.

use isogloss_canonical::fault::Fault;
use isogloss_interop::percent::encode_path;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{self, Answer, json, json_as};
use crate::dialect::call::Call;
use crate::dialect::facts;
use crate::dialect::site::decoded_path;

/// `GET /api/version`
pub(crate) async fn version(call: &Call<'_>) -> Answer {
    let differences = call.differences();
    let version = version_of(call).await?;
    let mut shape = Py::dict([("api", Py::text("0.1")), ("server", Py::text(&version))]);
    if differences.version_text {
        shape.set("text", Py::text(format!("OctoPrint {version}")));
    }
    json_as(200, &shape, differences.json)
}

/// The version of the server behind the route. If it is no release that the version of the route stands
/// for, and without such a server, it is that of the recordings.
pub(crate) async fn version_of(call: &Call<'_>) -> Result<String, Fault> {
    let said = facts::version(call.exchange).await?;
    let said = said.filter(|release| call.differences().covers(release));
    Ok(said.unwrap_or_else(|| call.differences().server.to_owned()))
}

/// `GET /api/server`
pub(crate) async fn server(call: &Call<'_>) -> Answer {
    let version = version_of(call).await?;
    json(&Py::dict([("safemode", Py::None), ("version", Py::text(version))]))
}

/// `/api/users*` since 1.4: redirects to the same path under `/api/access`, without the query:
/// `fixtures/transcripts/octoprint/legacy-users.json`.
pub(crate) async fn moved(call: &Call<'_>) -> Answer {
    let root = &call.site.root;
    let path = decoded_path(&call.request.path, root);
    let below = path.strip_prefix("/api").unwrap_or(&path);
    Ok(answers::redirect(307, &format!("{root}/api/access{}", encode_path(below))))
}
