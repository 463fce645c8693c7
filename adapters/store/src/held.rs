//! Names and e-mail addresses that one row holds. A unique index refuses a second holder.
//!
//! A command that asks for a unique word writes a row that holds it. Another command writes a row
//! that holds the word only if no other row does. Example: Kanboard accepts `Ada` beside `ada`;
//! then one of the two rows holds `ada`, and Dandelion's creation of `ADA` is refused by the index.

use isogloss_canonical::fault::{Fault, Subject};
use uuid::Uuid;

use crate::sql::{Connection, Query};

/// SQL: no other active user of the backend holds this word.
macro_rules! no_user_holds {
    ($column:literal, $holds:literal, $word:literal, $backend:literal, $id:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM users o WHERE o.backend = ",
            $backend,
            " AND o.",
            $column,
            " = ",
            $word,
            " AND o.",
            $holds,
            " AND o.state = 'active' AND o.id <> ",
            $id,
            ")"
        )
    };
}

/// SQL: a user who becomes active again holds the new name, and their e-mail address, if nobody else does.
macro_rules! hold_what_is_free {
    ($name:literal) => {
        concat!(
            "holds_name = ",
            $crate::held::no_user_holds!(
                "folded_name",
                "holds_name",
                $name,
                "users.backend",
                "users.id"
            ),
            ", holds_email = ",
            $crate::held::no_user_holds!(
                "folded_email",
                "holds_email",
                "users.folded_email",
                "users.backend",
                "users.id"
            )
        )
    };
}

/// SQL: no other group holds this name.
macro_rules! no_group_holds {
    ($name:literal, $namespace:literal, $backend:literal, $id:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM groups o WHERE o.backend = ",
            $backend,
            " AND o.namespace = ",
            $namespace,
            " AND o.name = ",
            $name,
            " AND o.holds_name AND o.id <> ",
            $id,
            ")"
        )
    };
}

pub(crate) use {hold_what_is_free, no_group_holds, no_user_holds};

/// The name of a user, ignoring case.
pub(crate) const NAME: &str = "UPDATE users SET holds_name = TRUE WHERE id = (SELECT o.id FROM users o \
     WHERE o.backend = $1 AND o.folded_name = $2 AND o.id <> $3 AND o.state = 'active' \
     ORDER BY o.holds_name DESC, o.id LIMIT 1)";

/// The e-mail address of a user, ignoring case.
pub(crate) const EMAIL: &str = "UPDATE users SET holds_email = TRUE WHERE id = (SELECT o.id FROM users o \
     WHERE o.backend = $1 AND o.folded_email = $2 AND o.id <> $3 AND o.state = 'active' \
     ORDER BY o.holds_email DESC, o.id LIMIT 1)";

/// The name of a group.
pub(crate) const GROUP: &str = "UPDATE groups SET holds_name = TRUE WHERE id = (SELECT o.id FROM groups o \
     WHERE o.backend = $1 AND o.name = $2 AND o.id <> $3 AND o.namespace = $4 \
     ORDER BY o.holds_name DESC, o.id LIMIT 1)";

/// Lets another row with the word hold it, so that the index refuses the row that is written next.
/// It is a conflict if there is another row.
pub(crate) async fn refuse_other(
    write: &mut Connection,
    (statement, subject): (Query, Subject),
    (backend, word, id): (&str, &str, Uuid),
    namespace: Option<&str>,
) -> Result<(), Fault> {
    let query = statement.bind(backend).bind(word).bind(id.to_string());
    let query = match namespace {
        Some(namespace) => query.bind(namespace),
        None => query,
    };
    match query.execute(write).await? {
        0 => Ok(()),
        _ => Err(Fault::conflict(subject)),
    }
}
