//! What is asked of a server before anything is trusted to it: whether it takes writes, whether its
//! transaction ids go on from the history's, and what it may lose.

use crate::Error;
use sqlx::{Connection, PgConnection};
use std::io::ErrorKind;

/// What an operator does about a history from another server.
const ADOPT: &str = "the history came from another server, by a dump or by logical replication: its \
    positions are ahead of this server's transaction ids, and what is written now would never be \
    seen. Once it is complete and nothing writes to the other server, run `tidegate adopt`";

/// What an operator does about a server that takes no writes.
const READ_ONLY: &str = "the server takes no writes: it is a standby, or set to read only \
    (default_transaction_read_only); name the primary";

/// How far positions run ahead of the server's transaction ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adopted {
    /// Before.
    pub before: i64,
    /// From now on.
    pub after: i64,
}

/// Refuses a server that takes no writes.
pub(super) async fn refuse_read_only(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let read_only: bool =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only') = 'on'")
            .fetch_one(connection)
            .await?;
    if read_only {
        return Err(refusal(ErrorKind::ReadOnlyFilesystem, READ_ONLY));
    }
    Ok(())
}

/// Refuses a server whose next transactions would get positions below those that there are. A
/// visible event's transaction is below the snapshot's xmax wherever it was written on this server.
pub(super) async fn refuse_younger(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_younger: bool = sqlx::query_scalar(
        "SELECT (SELECT COALESCE(MAX(position), 0) FROM events) / 4096
             >= (SELECT base FROM position_bases WHERE is_this)
                 + pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    )
    .fetch_one(connection)
    .await?;
    if is_younger {
        return Err(refusal(ErrorKind::InvalidData, ADOPT));
    }
    Ok(())
}

/// Says in the log what a crash of the server, or of its machine, may take back although it was
/// answered for. A commit that waits for nothing is not among it: each session sees to that.
pub(super) async fn warn_of_losses(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (fsync, full_pages, synchronous, standbys): (bool, bool, bool, i64) = sqlx::query_as(
        "SELECT current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean,
             current_setting('synchronous_standby_names') <> '',
             (SELECT COUNT(*) FROM pg_stat_replication)",
    )
    .fetch_one(connection)
    .await?;
    for (loses, why) in [
        (
            !fsync,
            "fsync is off: a crash of its machine may lose the history",
        ),
        (
            !full_pages,
            "full_page_writes is off: a crash of its machine may spoil the history",
        ),
        (
            standbys > 0 && !synchronous,
            "its standbys follow asynchronously (synchronous_standby_names is empty): a fail-over \
             may lose sales that were told as paid",
        ),
    ] {
        if loses {
            tracing::warn!("PostgreSQL may lose what was answered for: {why}");
        }
    }
    Ok(())
}

/// Lets positions go on above all there are, and what counts generations above all of these. What
/// appends meanwhile waits; whatever transaction is under way gets a position above, too.
pub(super) async fn adopt(connection: &mut PgConnection) -> Result<Adopted, Error> {
    let mut tx = connection.begin().await?;
    sqlx::query("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *tx)
        .await?;
    let before: i64 = sqlx::query_scalar("SELECT base FROM position_bases WHERE is_this")
        .fetch_one(&mut *tx)
        .await?;
    let after: i64 = sqlx::query_scalar(
        "UPDATE position_bases SET base = GREATEST(base,
             (SELECT COALESCE(MAX(position), 0) FROM events) / 4096 + 1
                 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
         WHERE is_this RETURNING base",
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query(
        "SELECT setval(counter, GREATEST(nextval(counter), MAX(generation)))
         FROM projection_generations,
             CAST(pg_get_serial_sequence('projection_generations', 'generation') AS regclass)
                 AS counter
         GROUP BY counter",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Adopted { before, after })
}

fn refusal(kind: ErrorKind, told: &str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(kind, told))
}
