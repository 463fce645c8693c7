//! The URL of a PostgreSQL database, with one server or several.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// The parameters that a URL can have, besides `options[NAME]`.
const KNOWN: [&str; 14] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
    "target_session_attrs",
];

/// The parameters whose value is a file.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// The variables that sqlx would read for what a URL leaves out, and that no value of this module can
/// replace: each with the parameter that says the same.
const VARIABLES: [(&str, &str); 4] = [
    ("PGOPTIONS", "options"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
];

/// The servers of a URL, in its order: `postgres://USER@ONE:5432,OTHER:5432/DATABASE`. The error says
/// what is wrong, without the URL: it may have a password.
///
/// The URL alone says where the database is and who connects. sqlx would take what is left out from
/// libpq's variables (`PGUSER`, `PGPASSWORD` and others) and from `.pgpass`.
pub(super) fn servers(url: &str) -> Result<Vec<PgConnectOptions>, String> {
    let schemes = ["postgres://", "postgresql://"];
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or("the URL does not begin with postgres://")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let query = parameters(query)?;
    complete(login, hosts, &query)?;
    free_of_variables(&query, |name| std::env::var_os(name).is_some())?;
    let login_at = if login.is_empty() { String::new() } else { format!("{login}@") };
    let server = |host: &str| {
        let defaults = defaults(login, host);
        let url = format!("postgres://{login_at}{host}/{database}?{defaults}{query}");
        let options = PgConnectOptions::from_str(&url)
            .map_err(|_| "the URL of the database server cannot be read".to_owned())?;
        let options = options.disable_statement_logging();
        if !database.is_empty() || has(&query, "dbname") {
            return Ok(options);
        }
        // As PostgreSQL itself does.
        let user = options.get_username().to_owned();
        Ok(options.database(&user))
    };
    hosts.split(',').map(server).collect()
}

/// Whether a parameter has a value.
fn has(query: &str, name: &str) -> bool {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.any(|(known, value)| known == name && !value.is_empty())
}

/// Refuses a URL without a user or a host.
fn complete(login: &str, hosts: &str, query: &str) -> Result<(), String> {
    let user = login.split(':').next().unwrap_or_default();
    if user.is_empty() && !has(query, "user") {
        return Err(
            "the URL of the database server names no user: write postgres://USER@HOST/DATABASE; \
                    PGUSER is not read"
                .to_owned(),
        );
    }
    if hosts.contains(',') && hosts.split(',').any(str::is_empty) {
        return Err("the URL of the database server has an empty host".to_owned());
    }
    if hosts.is_empty() && !has(query, "host") && !has(query, "hostaddr") {
        return Err(
            "the URL of the database server names no host: write postgres://USER@HOST/DATABASE \
                    or host=DIRECTORY for a socket; PGHOST is not read"
                .to_owned(),
        );
    }
    Ok(())
}

/// Refuses a variable of libpq that would change the connection. The URL cannot take it back.
fn free_of_variables(query: &str, is_set: impl Fn(&str) -> bool) -> Result<(), String> {
    let is_plain = query.split('&').any(|pair| pair == "sslmode=disable");
    let unneeded =
        |parameter: &str| has(query, parameter) || is_plain && FILES.contains(&parameter);
    let surprising = |(name, parameter): &&(&str, &str)| {
        is_set(name) && (*name == "PGOPTIONS" || !unneeded(parameter))
    };
    VARIABLES.iter().find(surprising).map_or(Ok(()), |(name, parameter)| {
        Err(format!(
            "the environment variable {name} is set, and the URL of the database server alone must \
             describe the connection: unset it, or write {parameter} in the URL and unset it"
        ))
    })
}

/// The parameters of what the URL of a server leaves out, before its own. An empty password keeps
/// sqlx from reading `.pgpass`.
fn defaults(login: &str, host: &str) -> String {
    let mut defaults = "sslmode=prefer&".to_owned();
    if !host.rsplit(']').next().unwrap_or_default().contains(':') {
        defaults.push_str("port=5432&");
    }
    if login.split_once(':').is_none_or(|(_, password)| password.is_empty()) {
        defaults.push_str("password=&");
    }
    defaults
}

/// The parameters for one server. One that is not known is refused: it may be a misspelt `sslmode`.
fn parameters(query: &str) -> Result<String, String> {
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (name, value) {
            ("target_session_attrs", "read-write" | "primary") => {}
            ("target_session_attrs", _) => {
                return Err("target_session_attrs must be read-write: a gateway writes".to_owned());
            }
            (name, file) if FILES.contains(&name) && !file.contains('%') => {
                if let Err(error) = std::fs::File::open(file) {
                    return Err(format!("the file {file} of {name} cannot be read: {error}"));
                }
                kept.push(pair);
            }
            (name, _) if KNOWN.contains(&name) || name.starts_with("options[") => kept.push(pair),
            (name, _) => {
                return Err(format!(
                    "the URL of the database server has an unknown parameter {name:?}; known are \
                     {} and options[NAME]",
                    KNOWN.join(", ")
                ));
            }
        }
    }
    Ok(kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_one_server() {
        let all = servers(
            "postgres://ada:p%40ss@one:5433,two,[::1]:7/db?sslmode=disable&target_session_attrs=read-write",
        )
        .unwrap();
        let places: Vec<_> =
            all.iter().map(|one| (one.get_host().to_owned(), one.get_port())).collect();
        assert_eq!(
            places,
            [("one".to_owned(), 5433), ("two".to_owned(), 5432), ("[::1]".to_owned(), 7)]
        );
        assert!(all.iter().all(|one| one.get_database() == Some("db")));
        assert!(all.iter().all(|one| one.get_username() == "ada"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_the_password() {
        let cases = [
            ("mysql://x", "begin with postgres://"),
            ("postgres://u:secret@one,/db", "empty host"),
            ("postgres://u:secret@one/db?target_session_attrs=standby", "read-write"),
            ("postgres://u:secret@one/db?sslmod=secret", "\"sslmod\""),
            ("postgres://u:secret@one:port/db", "cannot be read"),
            ("postgres://u:secret@one/db?sslcert=missing.crt", "missing.crt of sslcert"),
            ("postgres://u:secret@one/db?sslmode=secret", "cannot be read"),
            ("postgres://one/db", "names no user"),
            ("postgres://:secret@one/db", "names no user"),
            ("postgres://u:secret@/db", "names no host"),
        ];
        for (url, part) in cases {
            let told = servers(url).unwrap_err();
            assert!(told.contains(part) && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn a_variable_that_the_url_cannot_take_back_is_refused() {
        let cases = [
            ("", "PGOPTIONS", false),
            ("options[role]=other", "PGOPTIONS", false),
            ("", "PGSSLROOTCERT", false),
            ("sslrootcert=/ca.crt", "PGSSLROOTCERT", true),
            ("sslmode=verify-full", "PGSSLCERT", false),
            ("sslmode=disable", "PGSSLKEY", true),
            // The module sets what these would.
            ("", "PGUSER", true),
            ("", "PGPASSWORD", true),
        ];
        for (query, variable, taken) in cases {
            let told = free_of_variables(query, |name| name == variable);
            assert_eq!(told.is_ok(), taken, "{query} {variable}: {told:?}");
            assert!(told.err().is_none_or(|told| told.contains(variable)));
        }
    }
}
