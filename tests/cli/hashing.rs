//! The memory that password hashing costs the process.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::workdir::{Server, Workdir};

const MIB: usize = 1024 * 1024;

/// The memory of one hash.
const ARGON2: usize = 19 * MIB;

/// The memory that the process may use for other things: connections, their statements, threads.
const OTHER: usize = 8 * MIB;

/// The resident memory of a process.
fn resident(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
}

#[test]
fn hashing_takes_no_more_memory_than_a_hash_for_each_core() {
    let workdir = Workdir::new();
    let credentials: Value = serde_json::from_str(&workdir.ok(&["init", "--json"])).unwrap();
    let server = workdir.serve(&[]);
    let create = |name: String| {
        let made = server.ask(&credentials, "createUser", &json!([name, "correct horse"]));
        assert!(made["result"].is_u64(), "{made}");
    };
    for _ in 0..20 {
        server.ask(&credentials, "getAllUsers", &json!([]));
    }
    let idle = resident(&server);
    thread::scope(|scope| {
        for part in 0..5 {
            let create = &create;
            scope.spawn(move || (0..10).for_each(|number| create(format!("p{part}-{number}"))));
        }
    });
    let cores = thread::available_parallelism().unwrap().get();
    let grown = resident(&server).saturating_sub(idle);
    assert!(grown <= cores * ARGON2 + OTHER, "{} MiB more than before", grown / MIB);
    server.stop();
}
