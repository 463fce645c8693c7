//! The tables of the state database, in an order in which they can be filled.

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Boolean,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns of its primary key. Rows are read in their order.
    pub(crate) key: &'static [&'static str],
    pub(crate) columns: &'static [(&'static str, Kind)],
}

use Kind::{Boolean, Integer, Text};

/// Every table with rows that last. `claims` and `leases` are of running gateways, and are not listed.
pub(crate) const TABLES: [Table; 11] = [
    Table { name: "meta", key: &["name"], columns: &[("name", Text), ("value", Text)] },
    Table {
        name: "users",
        key: &["id"],
        columns: &[
            ("id", Text),
            ("username", Text),
            ("folded_name", Text),
            ("display_name", Text),
            ("given_name", Text),
            ("family_name", Text),
            ("email", Text),
            ("folded_email", Text),
            ("role", Text),
            ("active", Boolean),
            ("password", Text),
            ("source", Text),
            ("failures", Integer),
            ("locked_until", Integer),
            ("addresses", Text),
            ("attributes", Text),
            ("created", Integer),
            ("password_changed", Integer),
            ("last_login", Integer),
            ("state", Text),
            ("absence", Text),
            ("settled", Integer),
            ("secret_print", Text),
            ("created_print", Text),
            ("expected", Text),
            ("expected_until", Integer),
            ("was", Text),
            ("sessions_since", Integer),
            ("backend", Text),
            ("holds_name", Boolean),
            ("holds_email", Boolean),
        ],
    },
    Table {
        name: "groups",
        key: &["id"],
        columns: &[
            ("id", Text),
            ("namespace", Text),
            ("name", Text),
            ("unique_name", Text),
            ("description", Text),
            ("owner", Text),
            ("active", Boolean),
            ("grants", Text),
            ("confers", Text),
            ("attributes", Text),
            ("created", Integer),
            ("state", Text),
            ("absence", Text),
            ("settled", Integer),
            ("secret_print", Text),
            ("created_print", Text),
            ("expected", Text),
            ("expected_until", Integer),
            ("was", Text),
            ("backend", Text),
            ("holds_name", Boolean),
        ],
    },
    Table {
        name: "memberships",
        key: &["group_id", "user_id"],
        columns: &[("group_id", Text), ("user_id", Text), ("place", Text)],
    },
    Table {
        name: "co_owners",
        key: &["group_id", "user_id"],
        columns: &[("group_id", Text), ("user_id", Text), ("place", Text)],
    },
    Table {
        name: "aliases",
        key: &["id"],
        columns: &[("id", Text), ("alias", Text), ("folded", Text), ("backend", Text)],
    },
    Table {
        name: "alias_intents",
        key: &["backend", "username"],
        columns: &[
            ("backend", Text),
            ("username", Text),
            ("alias", Text),
            ("folded", Text),
            ("made", Integer),
        ],
    },
    Table {
        name: "identities",
        key: &["backend", "namespace", "kind", "native"],
        columns: &[
            ("namespace", Text),
            ("kind", Text),
            ("native", Text),
            ("id", Text),
            ("backend", Text),
        ],
    },
    Table {
        name: "counters",
        key: &["backend", "namespace", "kind"],
        columns: &[("namespace", Text), ("kind", Text), ("next", Integer), ("backend", Text)],
    },
    Table {
        name: "keys",
        key: &["id"],
        columns: &[
            ("id", Text),
            ("namespace", Text),
            ("owner", Text),
            ("label", Text),
            ("scope", Text),
            ("expires", Integer),
            ("addresses", Text),
            ("digest", Text),
            ("sealed", Text),
            ("created", Integer),
            ("backend", Text),
        ],
    },
    Table {
        name: "session_store",
        key: &["kind", "digest"],
        columns: &[
            ("kind", Text),
            ("digest", Text),
            ("sealed", Text),
            ("tally", Integer),
            ("expires", Integer),
        ],
    },
];
