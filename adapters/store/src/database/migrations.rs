//! The chain of migrations, forward only, for both engines.

use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::faults::fault;

/// The migrations. A released migration is never edited: the database has its checksum.
const ALL: [(i64, &str, &str); 11] = [
    (1, "people", include_str!("../../migrations/0001_people.sql")),
    (2, "sidecar", include_str!("../../migrations/0002_sidecar.sql")),
    (3, "sessions", include_str!("../../migrations/0003_sessions.sql")),
    (4, "names", include_str!("../../migrations/0004_names.sql")),
    (5, "aliases", include_str!("../../migrations/0005_aliases.sql")),
    (6, "one database", include_str!("../../migrations/0006_one_database.sql")),
    (7, "held words", include_str!("../../migrations/0007_held_words.sql")),
    (8, "order", include_str!("../../migrations/0008_order.sql")),
    (9, "leases", include_str!("../../migrations/0009_leases.sql")),
    (10, "alias intents", include_str!("../../migrations/0010_alias_intents.sql")),
    (11, "keys of owner", include_str!("../../migrations/0011_keys_of_owner.sql")),
];

/// The chain as SQLite runs it.
pub(super) fn for_sqlite() -> Migrator {
    chain(SqlStr::from_static)
}

/// The chain as PostgreSQL runs it. Texts are compared byte by byte, as SQLite does, whatever the
/// locale of the database.
pub(super) fn for_postgres() -> Migrator {
    chain(|sql| AssertSqlSafe(sql.replace(" TEXT", " TEXT COLLATE \"C\"")).into_sql_str())
}

fn chain(sql: impl Fn(&'static str) -> SqlStr) -> Migrator {
    let one = |(version, name, text): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql(text), false)
    };
    Migrator::with_migrations(ALL.map(one).into())
}

/// The fault for a failed migration.
pub(super) fn failed(error: MigrateError) -> Fault {
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return fault(error);
    }
    let detail = if let MigrateError::VersionMissing(version) = error {
        format!(
            "the database was written by a newer release (its migration {version} is unknown to \
             this one); run that release, or restore an older backup of it and secret.key"
        )
    } else {
        "the database cannot be migrated".to_owned()
    };
    Fault::new(FaultKind::Unexpected, detail).because(error)
}
