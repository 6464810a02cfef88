//! `tidegate payments resolve`: an operator's mark on a payment that needs attention (A15). Nothing
//! is called for it any more; what the merchant is told stays, and what comes in later is heeded.

use super::words::told;
use super::{merchant, unknown};
use crate::cli::Resolving;
use anyhow::Context;
use chassis::clock::{Clock, System};
use chassis::config::Faults;
use payment::{Input, OrderId, PaymentId, Refusal, Timestamp};
use std::io::Write;
use std::process::ExitCode;
use store::{ExecuteError, Onlooker, Store, Story};

/// Writes the mark.
pub(super) async fn resolve(store: &Store, asked: &Resolving) -> anyhow::Result<ExitCode> {
    let resolution = asked.audit.checked()?;
    let (order, story) = named(&store.onlooker(), asked).await?;
    let payment = story.payment;
    // The fleet's clock is the database's.
    let now = store.shared_clock().await?;
    let now = now.unwrap_or_else(|| Timestamp::from_ms(System.now_ms()));
    let input = Input::Resolve {
        payment,
        resolution,
    };
    let partition = bus::partition_of(order);
    let is_new = match store::execute(store, order, input, now, partition).await {
        Ok(executed) => !executed.events.is_empty(),
        Err(ExecuteError::Refused(refusal)) => return Err(refused(&story, refusal, now).into()),
        Err(ExecuteError::Store(error @ store::Error::Unavailable(_))) => {
            let advice = "it is not known whether it was resolved; resolve it again, which changes \
                          nothing where it was";
            return Err(error).context(advice);
        }
        Err(ExecuteError::Store(error)) => return Err(error.into()),
    };
    let mut out = anstream::stdout().lock();
    if is_new {
        writeln!(
            out,
            "Payment {payment} is resolved: nothing is called for it any more. It stands as it \
             stood, and what Alipay says later is heeded."
        )?;
    } else {
        writeln!(
            out,
            "Payment {payment} was resolved before; nothing was changed."
        )?;
    }
    if let Some(view) = story.view.and_then(Result::ok) {
        writeln!(out, "It stands at {}.", told(&payment::told(&view, now)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One payment, with its order: what is resolved is never one of several.
async fn named(onlooker: &Onlooker, asked: &Resolving) -> anyhow::Result<(OrderId, Story)> {
    let merchant = merchant(asked.merchant.as_deref())?;
    let ids = onlooker.named(&asked.id, merchant.as_ref()).await?;
    let payment = match ids.as_slice() {
        [] => return Err(unknown(&asked.id)),
        [one] => *one,
        several => {
            let ids: Vec<String> = several.iter().map(PaymentId::to_string).collect();
            let problem = format!(
                "several payments have the name `{}`; give one by its id: {}",
                asked.id,
                ids.join(", ")
            );
            return Err(fault(problem).into());
        }
    };
    let story = onlooker.story(payment).await?;
    let story = story.with_context(|| format!("nothing is known of payment {payment}"))?;
    let order = story.order.with_context(|| {
        format!("payment {payment} can't be read; ask with the tidegate that wrote it")
    })?;
    Ok((order, story))
}

fn refused(story: &Story, refusal: Refusal, now: Timestamp) -> Faults {
    let view = story.view.as_ref().and_then(|view| view.as_ref().ok());
    let stands = view.map_or_else(String::new, |view| {
        format!("; it stands at {}", told(&payment::told(view, now)))
    });
    fault(format!(
        "payment {} can't be resolved: {refusal}{stands}. `tidegate payments list \
         --needs-attention` shows what can",
        story.payment
    ))
}

fn fault(problem: String) -> Faults {
    let mut faults = Faults::default();
    faults.add("", problem);
    faults
}
