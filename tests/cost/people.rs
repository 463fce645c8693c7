//! Many people in the store of a gateway.

use crate::gateway::Gateway;

/// The statements that add `{n}` people, `p00001` and so on: each with an id in every namespace that
/// numbers people, and with a key in every namespace.
const ADD: [&str; 3] = [
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {n}) \
     INSERT INTO users (id, username, folded_name, role, active, failures, addresses, attributes, \
     created, password_changed) \
     SELECT printf('018f0000-0000-7000-8000-%012x', n), printf('p%05d', n), printf('p%05d', n), \
     'user', TRUE, 0, '[]', '{}', 0, 0 FROM numbers",
    "INSERT INTO identities (backend, namespace, kind, native, id) \
     SELECT '', counters.namespace, 'user', 1000 + row_number() OVER \
     (PARTITION BY counters.namespace ORDER BY users.id), users.id FROM users, counters \
     WHERE users.username GLOB 'p[0-9]*' AND counters.kind = 'user'",
    "INSERT INTO keys (id, namespace, owner, addresses, digest, created, backend) \
     SELECT printf('01910000-0000-7000-8000-%012x', row_number() OVER (ORDER BY users.id)), \
     used.namespace, users.id, '[]', hex(randomblob(32)), 0, '' \
     FROM users, (SELECT DISTINCT namespace FROM keys) used WHERE users.username GLOB 'p[0-9]*'",
];

/// Adds so many people.
pub(crate) fn add(gateway: &Gateway, people: usize) {
    for sql in ADD {
        gateway.change(&sql.replace("{n}", &people.to_string()));
    }
}
