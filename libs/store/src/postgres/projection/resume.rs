//! How lists that stand still go on, on PostgreSQL: a batch in a transaction, under the cursor's lock.

use super::{fold_up, held, live, write};
use crate::met::met;
use crate::postgres::Postgres;
use crate::postgres::history::events_between;
use crate::projection::{Generation, StandingStill};
use crate::{Error, Met};
use sqlx::PgConnection;

impl Postgres {
    pub(crate) async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                // Without the lock: mostly nobody is held, or nobody can go on.
                let number =
                    sqlx::query_scalar("SELECT generation FROM projection_generations WHERE live");
                let number = number.fetch_optional(lent.connection()).await?;
                let mut found =
                    held::holds(lent.connection(), number.ok_or(Error::Conflict)?).await?;
                if found.moves() {
                    let mut tx = lent.begin().await?;
                    let generation = live(&mut tx).await?;
                    go_on(&mut tx, generation, limit).await?;
                    found = held::holds(&mut tx, generation.number).await?;
                    tx.commit().await?;
                }
                lent.give_back();
                Ok(found.standing())
            })
            .await
    }
}

/// One batch of what those have missed that can go on.
async fn go_on(tx: &mut PgConnection, generation: Generation, limit: u32) -> Result<(), Error> {
    let Generation { number, cursor } = generation;
    let holds = held::holds(tx, number).await?;
    let Some(after) = holds.first() else {
        return Ok(());
    };
    let rows = events_between(tx, after, cursor, limit).await?;
    let batch: Vec<Met> = rows.into_iter().map(met).collect::<Result<_, _>>()?;
    let mut gate = holds.gate();
    let new: Vec<&Met> = batch.iter().collect();
    let (fold, judged) = fold_up(tx, number, &new, &mut gate).await?;
    // Without another event there is none up to the cursor.
    let judged = judged.checked_sub(1).and_then(|last| batch.get(last));
    let until = judged.map_or(cursor, Met::position);
    write(tx, number, &fold, &gate).await?;
    let brought = gate.brought_to(until);
    let sql = if until == cursor {
        "DELETE FROM projection_held WHERE generation = $1 AND through <= $2 AND merchant = ANY($3)"
    } else {
        "UPDATE projection_held SET through = $2 WHERE generation = $1 AND merchant = ANY($3)"
    };
    sqlx::query(sql)
        .bind(number)
        .bind(until)
        .bind(brought)
        .execute(tx)
        .await?;
    Ok(())
}
