//! Packages of other ecosystems that tests run: clients and servers from PyPI, and packages from npm.
//! Each set of packages is installed once, below `target/installed`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Says whether the tests with foreign programs are left out, and prints a message if they are.
/// `ISOGLOSS_SKIP_CLIENTS` leaves them out, except in CI.
#[must_use]
pub fn is_left_out(what: &str) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let skip = set("ISOGLOSS_SKIP_CLIENTS") && !set("CI");
    if skip {
        eprintln!("!!! {what} WAS NOT RUN: ISOGLOSS_SKIP_CLIENTS is set !!!");
    }
    skip
}

/// Runs a command to its end and returns what it printed. A failure has it in its message.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| {
        format!("{command:?} cannot be run: ./test installs what the tests need")
    })?;
    let printed = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    ensure!(output.status.success(), "{command:?} failed:\n{printed}");
    Ok(printed)
}

/// Installs packages from PyPI (`name==version`) into a Python environment of their own, below the
/// root of the repository. Returns the folder of the environment.
pub fn python(root: &Path, packages: &[&str]) -> Result<PathBuf> {
    once(root, "python", packages, |folder| {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        let quiet = ["install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(folder.join("bin/pip")).args(quiet).args(packages))
    })
}

/// Installs packages from npm (`name@version`) below the root of the repository. Returns the folder
/// that `NODE_PATH` needs. No script of a package runs.
pub fn node(root: &Path, packages: &[&str]) -> Result<PathBuf> {
    let folder = once(root, "node", packages, |folder| {
        let quiet = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
        let npm = &mut Command::new("npm");
        run(npm.args(quiet).arg("--prefix").arg(folder).args(packages))
    })?;
    Ok(folder.join("node_modules"))
}

/// Fills a folder once, completely or not at all. Processes that want the same folder wait for each
/// other.
fn once(
    root: &Path,
    ecosystem: &str,
    packages: &[&str],
    fill: impl FnOnce(&Path) -> Result<String>,
) -> Result<PathBuf> {
    let all = root.join("target/installed");
    let name = format!("{ecosystem}-{}", packages.join("+"));
    let (folder, done) = (all.join(&name), all.join(format!("{name}.done")));
    fs::create_dir_all(&folder)?;
    let lock = File::create(all.join(format!("{name}.lock")))?;
    lock.lock()?;
    if !done.exists() {
        fill(&folder)?;
        fs::write(done, "")?;
    }
    Ok(folder)
}
