//! The file with the first administrator's credentials.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// The name of the file with the first credentials, in the store's directory.
pub const CREDENTIALS: &str = "credentials.json";

/// Writes the credentials to a file that only its owner can read.
pub fn write_credentials(directory: &Path, credentials: &Value) -> anyhow::Result<()> {
    let path = directory.join(CREDENTIALS);
    let text = serde_json::to_string_pretty(credentials)? + "\n";
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
    made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .with_context(|| format!("{} cannot be written", path.display()))
}
