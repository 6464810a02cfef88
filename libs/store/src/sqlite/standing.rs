//! Whether the file can be written: what the last write came to, and where none was made for a
//! while, one that is made to see. A full disk shows in nothing that is read.

use super::Sqlite;
use crate::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that nothing was written to for so many looks is written to.
const QUIET_LOOKS_MAX: u32 = 10;

/// What such a write takes: some pages, as a payment does. A row that fits into what is there would
/// say that there is room where there is none.
const TRIAL_BYTES: i64 = 8_192;

/// What writes came to.
#[derive(Debug, Default)]
pub(super) struct Standing {
    last: Mutex<Last>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Last {
    /// It failed, or none was ever made.
    #[default]
    Failed,
    /// All went well, but none was made for this many looks.
    Well { quiet_looks: u32 },
}

impl Standing {
    /// A write came to this. What is the caller's own fault says nothing of the file.
    pub(super) fn note<T>(&self, written: &Result<T, Error>) {
        match written {
            Ok(_) => *self.last() = Last::Well { quiet_looks: 0 },
            Err(error) if error.is_of_the_caller() => {}
            Err(_) => *self.last() = Last::Failed,
        }
    }

    /// Looks; whether the last write still vouches for the next.
    fn vouches(&self) -> bool {
        match &mut *self.last() {
            Last::Failed => false,
            Last::Well { quiet_looks } => {
                *quiet_looks = quiet_looks.saturating_add(1);
                *quiet_looks <= QUIET_LOOKS_MAX
            }
        }
    }

    // A panic elsewhere leaves it whole: every change to it is one step.
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sqlite {
    /// The new trial is written before the old one is deleted, so that each needs room.
    pub(crate) async fn can_write(&self) -> Result<(), Error> {
        if self.standing.vouches() {
            return Ok(());
        }
        self.write(async |tx| {
            let trial: i64 = sqlx::query_scalar(
                "INSERT INTO write_trials (room) VALUES (zeroblob(?)) RETURNING trial",
            )
            .bind(TRIAL_BYTES)
            .fetch_one(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM write_trials WHERE trial < ?")
                .bind(trial)
                .execute(tx)
                .await?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::{QUIET_LOOKS_MAX, Standing};
    use crate::Error;

    #[test]
    fn a_write_vouches_for_some_looks_a_failed_one_for_none_and_a_conflict_changes_nothing() {
        let standing = Standing::default();
        assert!(!standing.vouches(), "nothing was ever written");
        standing.note(&Ok(()));
        for _ in 0..QUIET_LOOKS_MAX {
            assert!(standing.vouches());
        }
        assert!(!standing.vouches(), "it was quiet for long");
        standing.note(&Ok(()));
        standing.note::<()>(&Err(Error::Conflict));
        assert!(standing.vouches());
        standing.note::<()>(&Err(Error::Busy(sqlx::Error::PoolTimedOut)));
        assert!(!standing.vouches() && !standing.vouches());
    }
}
