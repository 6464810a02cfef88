//! Commands from the bus, one lane per partition, so that an order's commands are taken in as they
//! were given, and no partition waits for another. A command is done once its effect is written
//! down; the calls it leads to go on without it.

use crate::patience::Patience;
use crate::record::RecordError;
use crate::{Driver, Journal, Shelf, Wire, count, sweep};
use bus::{Command, CommandBody, Consumer, Delivery, PARTITIONS, Payload};
use futures_util::FutureExt;
use payment::{Input, OrderId, PaymentId};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::{DeadLetter, Letter, Parked};
use tokio::sync::mpsc;

/// How many deliveries wait in a lane. As many as the consumer hands out per partition, so that a
/// full lane never holds the others.
pub(crate) const LANE_DEPTH: usize = 256;

/// How often a command is tried whose worker panics.
const PANICS_MAX: u32 = 3;

/// How long between.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Takes commands in until the crew is asked to stop.
pub async fn run<J: Journal, W: Wire>(driver: Driver<J, W>, consumer: Arc<Consumer>) {
    let lanes: Vec<mpsc::Sender<Delivery>> = (0..PARTITIONS)
        .map(|_| lane(driver.clone(), Arc::clone(&consumer)))
        .collect();
    let mut patience = Patience::new();
    loop {
        let delivery = tokio::select! {
            // In this order, so that a simulated run can be run again.
            biased;
            delivery = consumer.next() => delivery,
            () = driver.crew().stopping() => return,
        };
        match delivery {
            Ok(delivery) => {
                patience = Patience::new();
                if let Some(lane) = lanes.get(usize::from(delivery.partition)) {
                    // A lane only closes with the process; what it held is delivered again.
                    let _closed = lane.send(delivery).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the command log is away; waiting");
                patience.wait().await;
            }
        }
    }
}

fn lane<J: Journal, W: Wire>(
    driver: Driver<J, W>,
    consumer: Arc<Consumer>,
) -> mpsc::Sender<Delivery> {
    let (sender, mut deliveries) = mpsc::channel::<Delivery>(LANE_DEPTH);
    let crew = driver.crew().clone();
    crew.spawn(async move {
        while let Some(delivery) = deliveries.recv().await {
            if driver.crew().is_stopping() {
                return;
            }
            work(&driver, &consumer, delivery).await;
        }
    });
    sender
}

async fn work<J: Journal, W: Wire>(driver: &Driver<J, W>, consumer: &Consumer, delivery: Delivery) {
    let verdict = if is_behind_parked(driver, delivery.payload.order()).await {
        Verdict::Park("it stands behind another of its order".to_owned())
    } else {
        carry_safely(driver, &delivery.payload).await
    };
    let mut patience = Patience::new();
    while let Err(error) = put_aside(driver, &delivery, &verdict).await {
        count::journal_unavailable();
        tracing::warn!(%error, "the journal is away; a command waits to be put aside");
        patience.wait().await;
    }
    let mut patience = Patience::new();
    loop {
        let finished = match &verdict {
            // What is parked is durable elsewhere by now: the partition goes on.
            Verdict::Done | Verdict::Park(_) => consumer.done(&delivery).await,
            Verdict::Dead(_) => consumer.dead(&delivery).await,
        };
        match finished {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, "the command log is away; waiting");
                patience.wait().await;
            }
        }
    }
}

/// What becomes of a command.
pub(crate) enum Verdict {
    /// It had its effect, or never will.
    Done,
    /// Nobody can carry it out, for this reason.
    Dead(String),
    /// This process can't carry it out and another can, for this reason.
    Park(String),
}

/// Whether a command of this order waits already. As a rule nothing is parked, and nobody is asked.
async fn is_behind_parked<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    order: Option<OrderId>,
) -> bool {
    let Some(order) = order.filter(|_| driver.unread().is_anything_parked()) else {
        return false;
    };
    let shelf = driver.shelf();
    let mut patience = Patience::new();
    loop {
        match shelf.holds_parked(order).await {
            Ok(holds) => return holds,
            Err(error) => {
                count::journal_unavailable();
                tracing::warn!(%error, "the journal is away; waiting");
                patience.wait().await;
            }
        }
    }
}

/// Keeps, durably, what is not done.
async fn put_aside<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    delivery: &Delivery,
    verdict: &Verdict,
) -> Result<(), store::Error> {
    let payload = &delivery.payload;
    let letter = || {
        let place = (delivery.partition, delivery.offset);
        let record = delivery.record().to_vec();
        Letter::new(place, payload.order(), payload.payment(), record)
    };
    let at = driver.recorder().now();
    match verdict {
        Verdict::Done => Ok(()),
        Verdict::Dead(reason) => {
            let letter = letter();
            tracing::error!(
                letter = %letter.id, partition = delivery.partition, offset = delivery.offset,
                %reason, "a command can't be carried out; it is kept in the dead letters"
            );
            count::command("poison", "dead");
            let reason = reason.clone();
            driver
                .shelf()
                .bury(&DeadLetter { letter, reason, at })
                .await
        }
        Verdict::Park(reason) => {
            let letter = letter();
            let kind = payload.kind().to_owned();
            tracing::warn!(
                letter = %letter.id, partition = delivery.partition, offset = delivery.offset,
                kind, %reason, "a command is parked until a worker can carry it out"
            );
            let reason = reason.clone();
            let since = at;
            let parked = Parked {
                letter,
                kind,
                reason,
                since,
            };
            driver.unread().set_parked(true);
            driver.shelf().park(&parked).await?;
            count::command("any", "parked");
            Ok(())
        }
    }
}

/// Carries out what a record says. A panic of it takes nothing else with it: it is tried again, and
/// after some tries kept for a person, so that its partition goes on.
pub(crate) async fn carry_safely<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    payload: &Payload,
) -> Verdict {
    for _ in 0..PANICS_MAX {
        match AssertUnwindSafe(carry(driver, payload))
            .catch_unwind()
            .await
        {
            Ok(verdict) => return verdict,
            Err(_payload) => {
                count::panicked("lane");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
    Verdict::Dead("its worker panicked each time that it was tried".to_owned())
}

/// Carries out what a record says.
async fn carry<J: Journal, W: Wire>(driver: &Driver<J, W>, payload: &Payload) -> Verdict {
    match payload {
        Payload::Command(command) => carry_out(driver, command.clone()).await,
        Payload::Waits { lacks, .. } => Verdict::Park(lacks.to_string()),
        Payload::Poison {
            order,
            payment,
            reason,
        } => match account_for(driver, *order, *payment).await {
            Accounted::Yes => Verdict::Dead(reason.clone()),
            Accounted::Newer(newer) => Verdict::Park(newer.to_string()),
        },
    }
}

async fn carry_out<J: Journal, W: Wire>(driver: &Driver<J, W>, command: Command) -> Verdict {
    let Command {
        order,
        payment,
        body,
        ..
    } = command;
    let (kind, taken) = match body {
        CommandBody::Pay { terms, code } => ("pay", driver.pay(*terms, code).await),
        CommandBody::Cancel => (
            "cancel",
            driver.take_in(order, Input::Cancel { payment }).await,
        ),
        CommandBody::Notice(notice) => {
            let input = Input::Notice { payment, notice };
            ("notice", driver.take_in(order, input).await)
        }
    };
    match taken {
        Ok(()) => {
            count::command(kind, "done");
            Verdict::Done
        }
        Err(RecordError::Refused(refusal)) => {
            count::command(kind, "refused");
            tracing::info!(payment.id = %payment, kind, %refusal, "a command was refused");
            Verdict::Done
        }
        Err(RecordError::ReceiptRefused) => {
            count::command(kind, "dropped");
            tracing::info!(payment.id = %payment, "the merchant was told no, or to ask again; dropped");
            Verdict::Done
        }
        Err(error @ RecordError::RequestIdTaken) => {
            refuse(driver, payment).await;
            Verdict::Dead(error.to_string())
        }
        Err(error @ RecordError::Newer(_)) => {
            driver.leave_alone(order, &error);
            Verdict::Park(error.to_string())
        }
        Err(error @ RecordError::Corrupt(_)) => Verdict::Dead(error.to_string()),
    }
}

/// Whether the payment that a poison message may have been about has its end in sight.
enum Accounted {
    Yes,
    /// Its request was taken by a later release.
    Newer(store::Error),
}

/// A poison message is never silently an accepted payment (decision 12): what it may have been
/// about is ended unsent if nothing began, and driven on if something did.
async fn account_for<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    order: Option<OrderId>,
    payment: Option<PaymentId>,
) -> Accounted {
    if let Some(order) = order {
        driver.wake(order);
    }
    let Some(payment) = payment else {
        return Accounted::Yes;
    };
    let mut patience = Patience::new();
    loop {
        match driver.recorder().journal.receipt(payment).await {
            Ok(Some(receipt)) if receipt.state == store::ReceiptState::Pending => {
                sweep::abandon(driver, receipt).await;
                return Accounted::Yes;
            }
            Ok(_) => return Accounted::Yes,
            Err(store::Error::Busy(_) | store::Error::Unavailable(_)) => patience.wait().await,
            Err(newer @ store::Error::Newer(_)) => return Accounted::Newer(newer),
            Err(error) => {
                tracing::error!(payment.id = %payment, %error, "its receipt can't be read");
                return Accounted::Yes;
            }
        }
    }
}

async fn refuse<J: Journal, W: Wire>(driver: &Driver<J, W>, payment: PaymentId) {
    if let Err(error) = driver.recorder().journal.refuse_receipt(payment).await {
        tracing::error!(payment.id = %payment, %error, "its receipt can't be refused");
    }
}
