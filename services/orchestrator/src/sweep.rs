//! What nobody is driving any more: overdue wake-ups of workers that died, and requests whose
//! command never came. Runs every second; needs no command log (decision 14).

use crate::patience::Patience;
use crate::record::RecordError;
use crate::{Driver, Journal, Wire, count};
use payment::Input;
use std::time::Duration;
use store::{Behind, Error, Forgotten, Receipt};

/// How often the waiting orders are read again.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// How many waiting orders one sweep reads: all that a process which was away may find overdue.
const ORDERS_MAX: u32 = 100_000;

/// A wake-up on another worker's partition is left to that worker for this long (decision 14).
const OTHERS_LATE_MS: i64 = 2_000;

/// How many forgotten requests one sweep looks at.
const RECEIPTS_MAX: u32 = 200;

/// Past the last-begin instant a command is ended unsent anyway; this much later its absence is.
const FORGOTTEN_AFTER_MS: i64 = 5_000;

/// Sweeps until the crew is asked to stop. What died with another process goes on here; what lies
/// on a partition that this worker `holds` is its own first.
pub async fn run<J: Journal, W: Wire>(
    driver: Driver<J, W>,
    holds: impl Fn(u16) -> bool + Send + Sync + 'static,
) {
    let mut patience = Patience::new();
    while !driver.crew().is_stopping() {
        match once(&driver, &holds).await {
            Ok(()) => {
                patience = Patience::new();
                tokio::select! {
                    // In this order, so that a simulated run can be run again.
                    biased;
                    () = tokio::time::sleep(EVERY) => {}
                    () = driver.crew().stopping() => {}
                }
            }
            Err(error) => {
                count::journal_unavailable();
                tracing::warn!(%error, "the sweep could not read; waiting");
                patience.wait().await;
            }
        }
    }
}

/// One sweep.
pub(crate) async fn once<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    holds: &(impl Fn(u16) -> bool + Sync),
) -> Result<(), Error> {
    let recorder = driver.recorder();
    let now = recorder.now();
    let overdue = recorder.journal.wake_ups_before(now, ORDERS_MAX).await?;
    count::overdue(overdue.len());
    count::in_hand(driver.crew().orders_driven());
    for wake_up in overdue {
        let is_late = wake_up.at.plus_ms(OTHERS_LATE_MS) <= now;
        if is_late || holds(wake_up.partition) {
            driver.resume(wake_up.order);
        }
    }
    let mut behind = Behind::nothing();
    loop {
        let forgotten = recorder
            .journal
            .forgotten_receipts(now, behind, RECEIPTS_MAX);
        let Forgotten {
            receipts,
            unreadable,
            more_behind,
        } = forgotten.await?;
        for error in unreadable {
            // It stays for a process that can read it, and stands in nobody's way.
            tracing::debug!(%error, "a forgotten request can't be read here");
            metrics::counter!("orchestrator_receipts_unread_total").increment(1);
        }
        for receipt in receipts {
            let given_up_at = receipt.terms.last_begin_at().plus_ms(FORGOTTEN_AFTER_MS);
            if now > given_up_at && !driver.unread().has_order(receipt.terms.order()) {
                abandon(driver, receipt).await;
            }
        }
        match more_behind {
            Some(place) => behind = place,
            None => return Ok(()),
        }
    }
}

/// Ends a request whose command never came, unsent, so that its key has an answer (X16).
pub(crate) async fn abandon<J: Journal, W: Wire>(driver: &Driver<J, W>, receipt: Receipt) {
    let payment = receipt.terms.payment();
    let order = receipt.terms.order();
    let input = Input::Abandon(Box::new(receipt.terms));
    match driver.recorder().take(order, payment, input).await {
        Ok(written) => {
            if !written.events.is_empty() {
                driver.wake(order);
            }
            count::command("pay", "abandoned");
            tracing::warn!(payment.id = %payment, "no command followed the request; ended unsent");
        }
        Err(RecordError::Refused(refusal)) => {
            count::command("pay", "refused");
            tracing::warn!(payment.id = %payment, %refusal, "a forgotten request was declined");
        }
        Err(RecordError::ReceiptRefused) => {
            tracing::debug!(payment.id = %payment, "a forgotten request was answered meanwhile");
        }
        Err(error @ RecordError::Newer(_)) => driver.leave_alone(order, &error),
        Err(error) => {
            tracing::error!(payment.id = %payment, %error, "a forgotten request could not be ended");
        }
    }
}
