//! The methods about the server itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use isogloss_canonical::command::Command;
use isogloss_canonical::user::User;
use isogloss_interop::python::simplejson::read::read;
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::{Failure, exception_id};
use crate::dialect::lookup::{FoundUser, user_or_caller};
use crate::dialect::method::Answer;
use crate::dialect::signature::matching;
use crate::options::version::ServerFacts;
use crate::wire::Object;

/// `get_ip`, and `show_ip`, its earlier name.
pub(crate) async fn get_ip(call: &Call<'_>) -> Answer {
    let addresses = match user_or_caller(call).await? {
        FoundUser::Default => Vec::new(),
        FoundUser::Person(user) => allowed_addresses(&user),
    };
    let shape = Object::default().with("server_ip_addr", call.address);
    Ok(shape.with("user_ips", Py::List(addresses)).into())
}

fn allowed_addresses(user: &User) -> Vec<Py> {
    let range = |address: &String| {
        let ends = ends(address).map(|(low, high)| vec![Py::from(low), Py::from(high)]);
        let shape = Object::default().with("ip_addr", address.as_str());
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
            let end = |bits| Ipv4Addr::from_bits(bits).to_string();
            Some((end(low), end(low | !mask)))
        }
        IpAddr::V6(address) => {
            let hosts = 128_u32.checked_sub(prefix.unwrap_or(128))?;
            let mask = u128::MAX.checked_shl(hosts).unwrap_or(0);
            let low = address.to_bits() & mask;
            let end = |bits| Ipv6Addr::from_bits(bits).to_string();
            Some((end(low), end(low | !mask)))
        }
    }
}

/// How many patterns a call may hold. RhodeCode accepts any number.
const MOST_PATTERNS: usize = 1_000;

/// `get_method`: the names that match, and the parameters if it is one name only:
/// fixtures/transcripts/rhodecode/server-methods.json.
pub(crate) async fn get_method(call: &Call<'_>) -> Answer {
    let text =
        |value: &Py| value.as_str().map(str::to_owned).ok_or(Failure::Exception("TypeError"));
    let patterns = match call.argument("pattern") {
        None => vec!["*".to_owned()],
        Some(Py::List(items)) => items.iter().map(text).collect::<Result<_, _>>()?,
        Some(value) => vec![text(value)?],
    };
    if patterns.len() > MOST_PATTERNS {
        return Err(Failure::Exception("MemoryError"));
    }
    let signatures = (call.signatures)(call.version());
    let found = matching(signatures, patterns.iter().map(String::as_str));
    let mut answer: Vec<_> = found.iter().map(|signature| Py::from(signature.name)).collect();
    if let [signature] = found.as_slice() {
        let required = || "<RequiredType>".to_owned();
        let shape = signature.parameters(call.version()).into_iter().map(|parameter| {
            (parameter.name, Py::from(parameter.default.unwrap_or_else(required)))
        });
        answer.push(Py::Dict(shape.collect()));
    }
    Ok(Py::List(answer))
}

/// `get_repo_store`.
pub(crate) async fn get_repo_store(_: &Call<'_>) -> Answer {
    Ok(Object::default().with("path", "").into())
}

/// `rescan_repos`.
pub(crate) async fn rescan_repos(_: &Call<'_>) -> Answer {
    let shape = Object::default().with("added", Py::List(Vec::new()));
    Ok(shape.with("removed", Py::List(Vec::new())).into())
}

/// `cleanup_sessions`.
pub(crate) async fn cleanup_sessions(_: &Call<'_>) -> Answer {
    let removed = Py::Int("0".to_owned());
    Ok(Object::default().with("sessions_removed", removed).with("backend", "file").into())
}

/// `store_exception`: checks the exception and stores nothing.
pub(crate) async fn store_exception(call: &Call<'_>) -> Answer {
    let unreadable = || {
        Failure::error(
            "Failed to parse JSON data from exc_data_json field. \
             Please make sure it contains a valid JSON.",
        )
    };
    let text = call.required("exc_data_json").as_str().ok_or_else(unreadable)?;
    let Py::Dict(members) = read(text.as_bytes()).map_err(|_| unreadable())? else {
        return Err(Failure::Exception("TypeError"));
    };
    for name in ["exc_traceback", "exc_type_name"] {
        if members.get(name).is_none() {
            return Err(Failure::error(format!(
                "Missing exc_traceback, or exc_type_name in exc_data_json field. Missing: '{name}'"
            )));
        }
    }
    let id = exception_id(call.exchange);
    let host = call.request.header("host").unwrap_or("localhost");
    let prefix = &call.request.path_prefix;
    let url = format!("http://{host}{prefix}/_admin/settings/exceptions/{id}");
    Ok(Object::default().with("exc_id", Py::Int(id)).with("exc_url", url).into())
}

/// The facts of version 4.26: each is a dictionary.
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

/// The facts of version 4.3: texts, dictionaries and numbers.
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

/// `get_server_info`: the names of the facts. The gateway does not disclose its own machine's.
pub(crate) async fn get_server_info(call: &Call<'_>) -> Answer {
    call.run(Command::ServerFacts).await?;
    Ok(match call.differences().server_facts {
        ServerFacts::Objects => facts().into(),
        ServerFacts::Values => early_facts(call.request.header("host").unwrap_or_default()).into(),
    })
}

fn facts() -> Object {
    let mut facts = Object::default();
    for name in FACTS {
        facts.set(name, Object::default());
    }
    facts.with("index_storage", "").with("storage", "")
}

fn early_facts(host: &str) -> Object {
    let mut facts = Object::default();
    for name in EARLY_TEXTS {
        facts.set(name, "");
    }
    for name in EARLY_GROUPS {
        facts.set(name, Object::default());
    }
    for name in EARLY_NUMBERS {
        facts.set(name, Py::Float(0.0));
    }
    facts
        .with("py_modules", Py::List(Vec::new()))
        .with("hg_version", Py::None)
        .with("svn_version", Py::None)
        .with("rhodecode_version", "4.3.0")
        .with("server_ip", host)
        .with("db_migrate_version", Py::Int("55".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_first_and_a_last_address() {
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
