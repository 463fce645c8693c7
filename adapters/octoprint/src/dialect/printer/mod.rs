//! What clients ask about the printer when they start. The embedded store has no server with a printer
//! beside it, so the answers are those of a server without one, as recorded:
//! `fixtures/transcripts/octoprint/idle-printer.json`. Behind a route with an origin the origin answers;
//! with a remote backend and no origin the paths do not exist.

use isogloss_canonical::http::Response;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::content::CONTENT_TYPE;
use crate::dialect::failure::Failure;
use crate::dialect::site::decoded_path;

/// The answer to one path.
struct Idle {
    path: &'static str,
    /// The permission that a caller needs.
    permission: &'static str,
    status: u16,
    /// The body. `ROOT` stands for the address of the server.
    body: &'static str,
}

const NOT_OPERATIONAL: &str = "{\n  \"error\": \"Printer is not operational\"\n}\n";
const NO_FILES: &str = "{\n  \"files\": []\n}\n";
/// Nothing can be uploaded.
const NO_SPACE: &str = "{\n  \"files\": [],\n  \"free\": 0,\n  \"total\": 0\n}\n";
const NO_COMMANDS: &str = "{\n  \"core\": [],\n  \"custom\": [],\n  \"plugin\": []\n}\n";
const NO_TIMELAPSE: &str =
    "{\n  \"config\": {\n    \"type\": \"off\"\n  },\n  \"enabled\": true,\n  \"files\": []\n}\n";
const NO_LANGUAGES: &str = "{\n  \"language_packs\": {\n    \"_core\": {\n      \"display\": \"Core\",\n      \"identifier\": \"_core\",\n      \"languages\": []\n    }\n  }\n}\n";

const fn idle(path: &'static str, permission: &'static str, body: &'static str) -> Idle {
    Idle { path, permission, status: 200, body }
}

const fn refused(path: &'static str) -> Idle {
    Idle { path, permission: "STATUS", status: 409, body: NOT_OPERATIONAL }
}

/// The answers. The permissions are those of the server's own tables.
#[rustfmt::skip]
const ANSWERS: [Idle; 19] = [
    idle("/api/settings", "SETTINGS_READ", include_str!("settings.json")),
    idle("/api/connection", "STATUS", include_str!("connection.json")),
    refused("/api/printer"),
    refused("/api/printer/tool"),
    refused("/api/printer/bed"),
    refused("/api/printer/chamber"),
    idle("/api/printer/sd", "STATUS", "{\n  \"ready\": false\n}\n"),
    idle("/api/printer/error", "STATUS", "{\n  \"error\": \"\",\n  \"reason\": \"\"\n}\n"),
    idle("/api/printer/command/custom", "CONTROL", "{\n  \"controls\": []\n}\n"),
    idle("/api/job", "STATUS", include_str!("job.json")),
    idle("/api/printerprofiles", "CONNECTION", include_str!("profiles.json")),
    idle("/api/printerprofiles/_default", "CONNECTION", include_str!("profile.json")),
    idle("/api/files", "FILES_LIST", NO_SPACE),
    idle("/api/files/local", "FILES_LIST", NO_SPACE),
    idle("/api/files/sdcard", "FILES_LIST", NO_FILES),
    idle("/api/system/commands", "SYSTEM", NO_COMMANDS),
    idle("/api/timelapse", "TIMELAPSE_LIST", NO_TIMELAPSE),
    idle("/api/languages", "SETTINGS", NO_LANGUAGES),
    idle("/api/slicing", "SLICE", "{}\n"),
];

/// Answers for the printer that is not there.
pub(crate) async fn answer(call: &Call<'_>) -> Answer {
    let path = decoded_path(&call.request.path, &call.site.root);
    let found = ANSWERS.iter().find(|idle| idle.path == path);
    let idle = found.filter(|_| call.exchange.is_embedded()).ok_or(Failure::of(404))?;
    call.require(idle.permission).await?;
    let body = idle.body.replace("ROOT", &call.site.absolute(""));
    Ok(Response::new(idle.status, body).with(CONTENT_TYPE, "application/json"))
}
