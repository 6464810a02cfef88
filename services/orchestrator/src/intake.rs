//! Commands from the bus, one lane per partition, so that an order's commands are taken in as they
//! were given, and no partition waits for another. A command is done once its effect is written
//! down; the calls it leads to go on without it.

use crate::patience::Patience;
use crate::record::RecordError;
use crate::{Driver, Journal, Wire, count, sweep};
use bus::{Command, CommandBody, Consumer, Delivery, PARTITIONS, Payload};
use chassis::health::Check;
use payment::{Input, OrderId, PaymentId};
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many deliveries wait in a lane. As many as the consumer hands out per partition, so that a
/// full lane never holds the others.
pub(crate) const LANE_DEPTH: usize = 256;

/// Takes commands in until the crew is asked to stop. A partition that can't go on is told to
/// `health`.
pub async fn run<J: Journal, W: Wire>(
    driver: Driver<J, W>,
    consumer: Arc<Consumer>,
    health: Check,
) {
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
            Err(error @ bus::Error::PartitionStopped { .. }) => {
                metrics::counter!("orchestrator_partitions_stopped_total").increment(1);
                tracing::error!(%error, "a partition stopped");
                health.down(&error.to_string());
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
    let verdict = match &delivery.payload {
        Payload::Command(command) => carry_out(driver, command.clone()).await,
        Payload::Poison {
            order,
            payment,
            reason,
        } => {
            account_for(driver, *order, *payment).await;
            Verdict::Dead(reason.clone())
        }
    };
    let mut patience = Patience::new();
    loop {
        let finished = match &verdict {
            Verdict::Done => consumer.done(&delivery).await,
            Verdict::Dead(reason) => {
                tracing::error!(
                    partition = delivery.partition, offset = delivery.offset, %reason,
                    "a command can't be carried out; it is kept in the dead letters"
                );
                count::command("poison", "dead");
                consumer.dead(&delivery).await
            }
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

/// What becomes of a delivery.
enum Verdict {
    Done,
    Dead(String),
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
            tracing::info!(payment.id = %payment, "the merchant was told to ask again; dropped");
            Verdict::Done
        }
        Err(error @ RecordError::RequestIdTaken) => {
            refuse(driver, payment).await;
            Verdict::Dead(error.to_string())
        }
        Err(error @ RecordError::Corrupt(_)) => Verdict::Dead(error.to_string()),
    }
}

/// A poison message is never silently an accepted payment (decision 12): what it may have been
/// about is ended unsent if nothing began, and driven on if something did.
async fn account_for<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    order: Option<OrderId>,
    payment: Option<PaymentId>,
) {
    if let Some(order) = order {
        driver.wake(order);
    }
    let Some(payment) = payment else {
        return;
    };
    let mut patience = Patience::new();
    loop {
        match driver.recorder().journal.receipt(payment).await {
            Ok(Some(receipt)) if receipt.state == store::ReceiptState::Pending => {
                return sweep::abandon(driver, receipt).await;
            }
            Ok(_) => return,
            Err(store::Error::Busy(_) | store::Error::Unavailable(_)) => patience.wait().await,
            Err(error) => {
                return tracing::error!(payment.id = %payment, %error, "its receipt can't be read");
            }
        }
    }
}

async fn refuse<J: Journal, W: Wire>(driver: &Driver<J, W>, payment: PaymentId) {
    if let Err(error) = driver.recorder().journal.refuse_receipt(payment).await {
        tracing::error!(payment.id = %payment, %error, "its receipt can't be refused");
    }
}
