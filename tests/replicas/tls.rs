//! A server that demands a client certificate, and what `config check --connect` says.

use std::fs;
use std::path::Path;
use std::process::Command;

use isogloss_testkit::postgres::Postgres;

use crate::caller::{Heard, dialects};
use crate::site::Site;

/// Makes a certificate authority in a folder, and certificates of it for the server and for a client.
fn certificates(folder: &Path) {
    let openssl = |words: &str| {
        let done = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
    };
    for name in ["ca", "other-ca"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name} \
             -keyout {name}.key -out {name}.crt"
        ));
    }
    fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    for (name, subject) in [("server", "127.0.0.1"), ("client", "isogloss"), ("eve", "eve")] {
        openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={subject} \
             -keyout {name}.key -out {name}.csr"
        ));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
             -extfile san -out {name}.crt"
        ));
    }
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_client_certificate_opens_the_database() {
    let server = Postgres::start(&[]).unwrap();
    let site = Site::on(&server);
    certificates(&site.path(""));
    let cluster = server.cluster();
    for (name, place) in
        [("server.crt", "server.crt"), ("server.key", "server.key"), ("ca.crt", "root.crt")]
    {
        fs::copy(site.path(name), cluster.join(place)).unwrap();
        server.own(&cluster.join(place)).unwrap();
    }
    for setting in ["ssl = 'on'", "ssl_ca_file = 'root.crt'"] {
        server.sql("postgres", &format!("ALTER SYSTEM SET {setting}")).unwrap();
    }
    let access = "hostssl all all 127.0.0.1/32 trust clientcert=verify-full\n";
    fs::write(cluster.join("pg_hba.conf"), access).unwrap();
    server.reload().unwrap();
    let check = |parameters: &str| {
        site.configure("tls.toml", &format!("{}?{parameters}", server.url("postgres")));
        site.tries(&["config", "check", "--connect", "--config", "tls.toml"])
    };
    let good = "sslmode=verify-full&sslrootcert=ca.crt&sslcert=client.crt&sslkey=client.key";
    // The server needs a moment to read its settings.
    crate::site::until("TLS is on", || check(good).0);
    let gateway = site.serve("one", "tls.toml");
    for dialect in dialects() {
        assert_eq!(site.administrator().asks(&gateway.url, dialect), Heard::Everybody);
    }
    let bad = [
        ("sslmode=verify-full&sslrootcert=ca.crt", "certificate"),
        ("sslmode=disable", "refuses"),
        (
            "sslmode=verify-full&sslrootcert=other-ca.crt&sslcert=client.crt&sslkey=client.key",
            "UnknownIssuer",
        ),
        ("sslmode=verify-full&sslrootcert=ca.crt&sslcert=eve.crt&sslkey=eve.key", "refuses"),
        ("sslmode=verify-full&sslrootcert=missing.crt", "missing.crt"),
    ];
    for (parameters, word) in bad {
        let (done, told) = check(parameters);
        assert!(!done && told.contains(word), "{parameters}: {told}");
    }
}
