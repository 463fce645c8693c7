//! The URL alone says where the database is and who connects: no variable of libpq, and no `.pgpass`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use isogloss_testkit::postgres::Postgres;

use crate::site::Site;

/// What `config check --connect` says of a URL: whether it can be used, and the words.
fn check(site: &Site, url: &str, variables: &[(&str, &str)]) -> (bool, String) {
    site.configure("checked.toml", url);
    site.tries_with(variables, &["config", "check", "--connect", "--config", "checked.toml"])
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn no_variable_and_no_password_file_says_who_connects() {
    let server = Postgres::start(&[]).unwrap();
    let site = Site::on(&server);
    let keeper = "CREATE ROLE keeper LOGIN PASSWORD 'right' IN ROLE isogloss";
    server.sql("postgres", keeper).unwrap();
    let access = "host all keeper 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    fs::write(server.cluster().join("pg_hba.conf"), access).unwrap();
    server.reload().unwrap();
    let with = |login: &str| server.url("postgres").replace("isogloss@", login);
    let (open, wrong) = (with("keeper:right@"), with("keeper:wrong@"));
    crate::site::until("the password is asked for", || !check(&site, &wrong, &[]).0);

    let misleading = [
        ("PGUSER", "nobody"),
        ("PGPASSWORD", "wrong"),
        ("PGHOST", "192.0.2.1"),
        ("PGHOSTADDR", "192.0.2.1"),
        ("PGPORT", "1"),
        ("PGDATABASE", "none"),
        ("PGSSLMODE", "verify-full"),
    ];
    let (done, told) = check(&site, &open, &misleading);
    assert!(done, "{told}");
    let (done, told) = check(&site, &open.replace("/postgres", ""), &misleading);
    assert!(!done && told.contains("does not exist"), "the default is the user's name: {told}");

    let file = site.path("pgpass");
    fs::write(&file, "*:*:*:*:right\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let file = file.display().to_string();
    let helpful = [("PGPASSWORD", "right"), ("PGPASSFILE", file.as_str()), ("PGUSER", "isogloss")];
    for (url, word) in [
        (with("keeper@"), "refuses the user or the password"),
        (with(""), "names no user"),
        ("postgres://keeper:right@/postgres".to_owned(), "names no host"),
    ] {
        let (done, told) = check(&site, &url, &helpful);
        assert!(!done && told.contains(word), "{told}");
        assert!(!told.contains("right"), "no password in an error: {told}");
    }
    for name in ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"] {
        let (done, told) = check(&site, &open, &[(name, "-c role=isogloss")]);
        assert!(!done && told.contains(name), "{told}");
    }
}
