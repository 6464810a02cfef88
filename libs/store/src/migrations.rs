//! What brings each engine's tables up to date: the files of `migrations`, kept in the binary. Not
//! by sqlx's macro, which has the whole of sqlx, its drivers, TLS and a runtime compiled once more,
//! for the compiler's own use, to read a few files (ADR 33).

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, name, and what is run.
type File = (i64, &'static str, &'static str);

/// The files of one engine's folder. Numbers and names are the same in both.
macro_rules! files {
    ($folder:literal) => {
        [
            (1, "history", sql!($folder, "0001_history")),
            (2, "payments", sql!($folder, "0002_payments")),
            (3, "receipts", sql!($folder, "0003_receipts")),
            (4, "commands", sql!($folder, "0004_commands")),
            (5, "projection", sql!($folder, "0005_projection")),
            (6, "receipt doors", sql!($folder, "0006_receipt_doors")),
            (7, "unread", sql!($folder, "0007_unread")),
        ]
    };
}

macro_rules! sql {
    ($folder:literal, $file:literal) => {
        include_str!(concat!("../../../migrations/", $folder, "/", $file, ".sql"))
    };
}

const POSTGRES: [File; 7] = files!("postgres");
const SQLITE: [File; 7] = files!("sqlite");

pub(crate) fn postgres() -> Migrator {
    migrator(&POSTGRES)
}

pub(crate) fn sqlite() -> Migrator {
    migrator(&SQLITE)
}

fn migrator(files: &[File]) -> Migrator {
    let migrations = files.iter().map(|&(number, name, sql)| {
        let sql = sql.into_sql_str();
        // Each in a transaction of its own.
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    use super::{postgres, sqlite};
    use sqlx::migrate::Migrator;
    use std::path::Path;

    /// Everything that a database remembers of a migration, or that changes how it is run.
    fn all(migrator: &Migrator) -> Vec<(i64, String, Vec<u8>, bool)> {
        let all = migrator.iter().map(|migration| {
            assert!(migration.migration_type.is_up_migration());
            (
                migration.version,
                migration.description.to_string(),
                migration.checksum.to_vec(),
                migration.no_tx,
            )
        });
        all.collect()
    }

    #[tokio::test]
    async fn every_file_of_both_folders_is_in_the_binary_as_sqlx_itself_reads_it() {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        for (engine, ours) in [("postgres", postgres()), ("sqlite", sqlite())] {
            let read = Migrator::new(folders.join(engine)).await.unwrap();
            assert_eq!(all(&ours), all(&read), "{engine}");
            assert!(!all(&ours).is_empty());
        }
    }
}
