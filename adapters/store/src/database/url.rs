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

/// The servers of a URL, in its order: `postgres://USER@ONE:5432,OTHER:5432/DATABASE`. The error says
/// what is wrong, without the URL: it may have a password.
pub(super) fn servers(url: &str) -> Result<Vec<PgConnectOptions>, String> {
    let schemes = ["postgres://", "postgresql://"];
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or("the URL does not begin with postgres://")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let query = parameters(query)?;
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let server = |host: &str| {
        let url = format!("postgres://{user}{host}/{database}?{query}");
        PgConnectOptions::from_str(&url)
            .map(ConnectOptions::disable_statement_logging)
            .map_err(|_| "the URL of the database server cannot be read".to_owned())
    };
    if hosts.contains(',') && hosts.split(',').any(str::is_empty) {
        return Err("the URL of the database server has an empty host".to_owned());
    }
    hosts.split(',').map(server).collect()
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
        ];
        for (url, part) in cases {
            let told = servers(url).unwrap_err();
            assert!(told.contains(part) && !told.contains("secret"), "{told}");
        }
    }
}
