//! One transaction for many appends: verdicts first, then what is written. One order's verdict
//! leaves the others as they are. All transactions lock receipts, orders, then request ids, each in
//! the order of their keys, so that none waits for another that waits for it.

use super::gather::Waiting;
use super::session::{Sessions, unavailable};
use super::write;
use crate::Error;
use crate::append::Writing;
use std::io::ErrorKind;

/// What came of one append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Written,
    Conflict,
    ReceiptRefused,
    RequestIdTaken,
    /// Nothing was found against it, but the transaction it stood in was given up.
    Again,
}

/// Sees to it that each of these appends gets its verdict.
pub(super) async fn settle(sessions: &Sessions, batch: Vec<Waiting>) {
    let mut open = vec![batch];
    // Each round tells at least one, or splits what can't go together.
    while let Some(batch) = open.pop() {
        let writings: Vec<&Writing> = batch.iter().map(|waiting| &waiting.writing).collect();
        let done = sessions.patiently(transaction(sessions, &writings)).await;
        match done {
            Ok(verdicts) => {
                let again = tell(batch, &verdicts);
                if !again.is_empty() {
                    open.push(again);
                }
            }
            Err(error) if batch.len() > 1 && one_is_at_fault(&error) => {
                tracing::warn!(%error, "appends could not share a transaction; each goes alone");
                open.extend(batch.into_iter().map(|waiting| vec![waiting]));
            }
            Err(error) => fail(batch, &error),
        }
    }
}

/// Tells all but those that have to try again, which it returns.
fn tell(batch: Vec<Waiting>, verdicts: &[Verdict]) -> Vec<Waiting> {
    let mut again = Vec::new();
    for (waiting, verdict) in batch.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Written => waiting.tell(Ok(())),
            Verdict::Conflict => waiting.tell(Err(Error::Conflict)),
            Verdict::ReceiptRefused => waiting.tell(Err(Error::ReceiptRefused)),
            Verdict::RequestIdTaken => waiting.tell(Err(Error::RequestIdTaken)),
            Verdict::Again => again.push(waiting),
        }
    }
    again
}

/// The transaction failed as a whole; whether it was committed nobody may know.
fn fail(batch: Vec<Waiting>, error: &Error) {
    let reason = match error {
        Error::Unavailable(fault) | Error::Busy(fault) => fault.to_string(),
        Error::Conflict
        | Error::ReceiptRefused
        | Error::RequestIdTaken
        | Error::Newer(_)
        | Error::Corrupt(_) => error.to_string(),
    };
    for waiting in batch {
        waiting.tell(Err(unavailable(ErrorKind::Other, reason.clone())));
    }
}

/// Whether the server refused a row (SQLSTATE classes 21, 22, 23). Then nothing was written, and
/// the others must not suffer for it.
fn one_is_at_fault(error: &Error) -> bool {
    let Error::Unavailable(sqlx::Error::Database(fault)) = error else {
        return false;
    };
    let class = fault
        .code()
        .map(|code| code.chars().take(2).collect::<String>());
    matches!(class.as_deref(), Some("21" | "22" | "23"))
}

/// One verdict for each. Those that say `Written` are on disk; of the others nothing is there.
async fn transaction(sessions: &Sessions, writings: &[&Writing]) -> Result<Vec<Verdict>, Error> {
    let mut lent = sessions.lend().await?;
    let mut tx = lent.begin().await?;
    let mut standing = Standing::new(writings);
    let refused = write::refused_receipts(&mut tx, &standing.open()).await?;
    standing.strike(Verdict::ReceiptRefused, |writing| {
        let mut accepted = writing.accepted.iter();
        accepted.any(|accepted| refused.contains(&accepted.payment.as_uuid()))
    });
    let moved = write::move_heads(&mut tx, &standing.open()).await?;
    standing.strike(Verdict::Conflict, |writing| {
        !moved.contains(&writing.order.as_uuid())
    });
    let indexed = write::take_request_ids(&mut tx, &standing.open()).await?;
    let taken = standing.strike(Verdict::RequestIdTaken, |writing| {
        let mut accepted = writing.accepted.iter();
        !accepted.all(|accepted| indexed.contains(&accepted.payment.as_uuid()))
    });
    let open = standing.open();
    // The heads of those that were just struck have moved already. Without them, from the start.
    if taken || open.is_empty() {
        tx.rollback().await?;
        lent.give_back();
        return Ok(standing.close(Verdict::Again));
    }
    write::all(&mut tx, &open).await?;
    tx.commit().await?;
    lent.give_back();
    Ok(standing.close(Verdict::Written))
}

/// Which of the appends nothing was found against yet.
struct Standing<'w> {
    writings: &'w [&'w Writing],
    verdicts: Vec<Option<Verdict>>,
}

impl<'w> Standing<'w> {
    fn new(writings: &'w [&'w Writing]) -> Self {
        Self {
            writings,
            verdicts: vec![None; writings.len()],
        }
    }

    fn open(&self) -> Vec<&'w Writing> {
        let all = self.writings.iter().zip(&self.verdicts);
        all.filter(|(_, verdict)| verdict.is_none())
            .map(|(writing, _)| *writing)
            .collect()
    }

    /// Gives this verdict to the open ones that `fails` names. Returns whether there was any.
    fn strike(&mut self, verdict: Verdict, fails: impl Fn(&Writing) -> bool) -> bool {
        let mut any = false;
        for (writing, found) in self.writings.iter().zip(&mut self.verdicts) {
            if found.is_none() && fails(writing) {
                *found = Some(verdict);
                any = true;
            }
        }
        any
    }

    fn close(self, rest: Verdict) -> Vec<Verdict> {
        let found = self.verdicts.into_iter();
        found.map(|verdict| verdict.unwrap_or(rest)).collect()
    }
}
