//! The methods about the server itself, and the deprecated ones.

use std::net::IpAddr;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::user::User;

use crate::dialect::call::{Answer, Call, Raised, told};
use crate::dialect::envelope;
use crate::dialect::lookup::{self, Someone};
use crate::dialect::registry::{self, Row, Since};
use crate::dialect::{elsewhere, users};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::simplejson::decode;
use crate::version::Version;

/// The methods that others have taken the place of.
pub(crate) const DEPRECATED: &[Row] = &[
    elsewhere::CHANGESET_COMMENT,
    Row::own("get_locks", "userid=@", |call| Box::pin(users::get_user_locks(call)))
        .deprecated("get_user_locks")
        .about(&[Verb::ListLocks], "The earlier name of get_user_locks."),
    Row::own("show_ip", "userid=@", |call| Box::pin(get_ip(call)))
        .deprecated("get_ip")
        .about(&[Verb::GetUser], "The earlier name of get_ip."),
];

/// The methods about the server.
pub(crate) const ROWS: &[Row] = &[
    Row::own("cleanup_sessions", "older_then=60", |call| told(cleanup_sessions(call)))
        .since(Since::Current)
        .about(&[], "Removes old web sessions: there are none here."),
    Row::own("get_ip", "userid=@", |call| Box::pin(get_ip(call)))
        .about(&[Verb::GetUser], "Shows the caller's address, and where a person may call from."),
    Row::own("get_method", "pattern='*'", |call| told(get_method(call)))
        .since(Since::Current)
        .about(&[], "Lists the methods whose names match a pattern."),
    Row::own("get_repo_store", "", |call| told(get_repo_store(call)))
        .since(Since::Current)
        .about(&[], "Shows where repositories are kept: nowhere here."),
    Row::own("get_server_info", "", |call| Box::pin(get_server_info(call)))
        .about(&[Verb::ServerFacts], "Shows the shape of a server's facts, without any of ours."),
    Row::own("rescan_repos", "remove_obsolete=False", |call| told(rescan_repos(call)))
        .about(&[], "Looks for new repositories: there are none here."),
    Row::own("store_exception", "exc_data_json prefix='rhodecode'", |call| {
        told(store_exception(call))
    })
    .since(Since::Current)
    .about(&[], "Takes a program's exception, which is not kept here."),
];

async fn get_ip(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let addresses = match lookup::user_or_caller(call).await? {
        Someone::Default => Vec::new(),
        Someone::Person(user) => ranges(&user),
    };
    let shape = Mapping::default().with("server_ip_addr", call.address);
    Ok(shape.with("user_ips", Py::List(addresses)).into())
}

fn ranges(user: &User) -> Vec<Py> {
    let range = |address: &String| {
        let ends = ends(address).map(|(low, high)| vec![Py::from(low), Py::from(high)]);
        let shape = Mapping::default().with("ip_addr", address.as_str());
        Py::from(shape.with("ip_range", Py::List(ends.unwrap_or_default())))
    };
    user.addresses.iter().map(range).collect()
}

/// The first and the last address of a network.
fn ends(network: &str) -> Option<(String, String)> {
    let (address, prefix) = match network.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (network, None),
    };
    match address.parse().ok()? {
        IpAddr::V4(address) => {
            let hosts = 32_u32.checked_sub(prefix.unwrap_or(32))?;
            let mask = u32::MAX.checked_shl(hosts).unwrap_or(0);
            let low = address.to_bits() & mask;
            let end = |bits| std::net::Ipv4Addr::from_bits(bits).to_string();
            Some((end(low), end(low | !mask)))
        }
        IpAddr::V6(address) => {
            let hosts = 128_u32.checked_sub(prefix.unwrap_or(128))?;
            let mask = u128::MAX.checked_shl(hosts).unwrap_or(0);
            let low = address.to_bits() & mask;
            let end = |bits| std::net::Ipv6Addr::from_bits(bits).to_string();
            Some((end(low), end(low | !mask)))
        }
    }
}

/// How many patterns are looked at. RhodeCode looks at any number.
const MOST_PATTERNS: usize = 1_000;

/// The names that match, and the parameters if it is one name only:
/// fixtures/transcripts/rhodecode/server-methods.json.
fn get_method(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let text = |value: &Py| value.as_str().map(str::to_owned).ok_or(Raised::Exception("TypeError"));
    let patterns = match call.arg("pattern") {
        None => vec!["*".to_owned()],
        Some(Py::List(items)) => items.iter().map(text).collect::<Result<_, _>>()?,
        Some(value) => vec![text(value)?],
    };
    if patterns.len() > MOST_PATTERNS {
        return Err(Raised::Exception("MemoryError"));
    }
    let found = registry::matching(call.version(), patterns.iter().map(String::as_str));
    let mut answer: Vec<_> = found.iter().map(|row| Py::from(row.method.name)).collect();
    if let [row] = found.as_slice() {
        let parameters = row.signature(call.version()).into_iter();
        let required = || "<RequiredType>".to_owned();
        let shape =
            parameters.map(|(name, default)| (name, default.unwrap_or_else(required).into()));
        answer.push(Py::Dict(shape.collect()));
    }
    Ok(Py::List(answer))
}

fn get_repo_store(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    Ok(Mapping::default().with("path", "").into())
}

fn rescan_repos(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let shape = Mapping::default().with("added", Py::List(Vec::new()));
    Ok(shape.with("removed", Py::List(Vec::new())).into())
}

fn cleanup_sessions(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let removed = Py::Int("0".to_owned());
    Ok(Mapping::default().with("sessions_removed", removed).with("backend", "file").into())
}

fn store_exception(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let unreadable = || {
        Raised::error(
            "Failed to parse JSON data from exc_data_json field. \
             Please make sure it contains a valid JSON.",
        )
    };
    let text = call.required("exc_data_json").as_str().ok_or_else(unreadable)?;
    let Py::Dict(members) = decode(text.as_bytes()).map_err(|_| unreadable())? else {
        return Err(Raised::Exception("TypeError"));
    };
    for name in ["exc_traceback", "exc_type_name"] {
        if members.get(name).is_none() {
            return Err(Raised::error(format!(
                "Missing exc_traceback, or exc_type_name in exc_data_json field. Missing: '{name}'"
            )));
        }
    }
    let id = envelope::exception_id(call.exchange);
    let host = call.request.header("host").unwrap_or("localhost");
    let mount = &call.request.mount;
    let url = format!("http://{host}{mount}/_admin/settings/exceptions/{id}");
    Ok(Mapping::default().with("exc_id", Py::Int(id)).with("exc_url", url).into())
}

/// The groups of facts of version 4.26.
const FACTS: [&str; 25] = [
    "load",
    "locale",
    "storage_archive",
    "storage_inodes",
    "uptime",
    "git",
    "ulimit",
    "py_modules",
    "platform",
    "memory",
    "vcs_backends",
    "storage_gist",
    "python",
    "vcs_server",
    "storage_temp",
    "hg",
    "svn",
    "search",
    "rhodecode_config",
    "rhodecode_app",
    "database",
    "server",
    "rhodecode_usage",
    "cpu",
    "vcs_server_config",
];

/// The facts of version 4.3 that are texts, dictionaries, numbers and nothing.
const EARLY_TEXTS: [&str; 12] = [
    "db_version",
    "index_storage",
    "py_version",
    "server_id",
    "storage",
    "platform",
    "archive_storage",
    "git_version",
    "rhodecode_config_ini",
    "gist_storage",
    "db_type",
    "py_path",
];
const EARLY_GROUPS: [&str; 6] =
    ["load", "disk", "memory", "disk_index", "disk_gist", "disk_archive"];
const EARLY_NUMBERS: [&str; 3] = ["uptime", "boot_time", "cpu"];

/// The shape of the facts. What RhodeCode tells of its machine is not told of ours.
async fn get_server_info(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    call.run(Command::ServerFacts).await?;
    let mut facts = Mapping::default();
    if call.version() == Version::Current {
        for name in FACTS {
            facts.set(name, Mapping::default());
        }
        return Ok(facts.with("index_storage", "").with("storage", "").into());
    }
    for name in EARLY_TEXTS {
        facts.set(name, "");
    }
    for name in EARLY_GROUPS {
        facts.set(name, Mapping::default());
    }
    for name in EARLY_NUMBERS {
        facts.set(name, Py::Float(0.0));
    }
    facts.set("py_modules", Py::List(Vec::new()));
    facts.set("hg_version", Py::None);
    facts.set("svn_version", Py::None);
    facts.set("rhodecode_version", "4.3.0");
    facts.set("server_ip", call.request.header("host").unwrap_or_default());
    Ok(facts.with("db_migrate_version", Py::Int("55".to_owned())).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_a_network_begins_and_ends() {
        for (network, low, high) in [
            ("10.11.12.13/32", "10.11.12.13", "10.11.12.13"),
            ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("::1", "::1", "::1"),
        ] {
            assert_eq!(ends(network), Some((low.to_owned(), high.to_owned())));
        }
    }
}
