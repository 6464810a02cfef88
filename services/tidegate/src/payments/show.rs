//! `tidegate payments show`: one payment's story in sentences, and what Alipay's support asks for
//! (A15).

use super::calls::{Asked, Notified, calls, notified};
use super::sentences::sentences;
use super::words::told;
use super::{merchant, unknown};
use crate::audit::Deed;
use crate::cli::Showing;
use crate::page::Page;
use chassis::clock::{Clock, System};
use payment::{Charged, Fact, Status, Terms, Timestamp, Told};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use store::{Onlooker, ReceiptState, Story};

/// No order has so many attempts that a person would read them.
const SHOWN_MAX: usize = 20;

#[derive(Serialize)]
struct Shown {
    id: String,
    merchant: Option<String>,
    order_id: Option<String>,
    reference: Option<String>,
    terminal_id: Option<String>,
    status: Option<&'static str>,
    outcome: Option<&'static str>,
    /// What became of the request, where no payment came of it.
    request: Option<String>,
    story: Vec<String>,
    /// Since when a person should look, and who resolved it and why.
    needs_attention_since: Option<String>,
    resolved: Option<Deed>,
    /// Why parts of it can't be read.
    unreadable: Vec<String>,
    support: Support,
}

/// What Alipay's support asks for.
#[derive(Serialize)]
struct Support {
    client_id: Option<String>,
    /// As `pay` names the merchant and its order.
    reference_merchant_id: Option<String>,
    reference_order_id: Option<String>,
    terminal_id: Option<String>,
    payment_request_id: Option<String>,
    payment_id: Option<String>,
    amount_minor: Option<i64>,
    currency: Option<&'static str>,
    requested_at: Option<String>,
    /// Whether Alipay ever said that the customer was charged.
    charge_reported: Option<bool>,
    calls: Vec<Asked>,
    notifications: Vec<Notified>,
}

/// Prints every payment that the name names.
pub(super) async fn show(
    onlooker: &Onlooker,
    asked: &Showing,
    configured: Option<&str>,
) -> anyhow::Result<ExitCode> {
    // A history of before has no such table, and hides nothing else by that.
    let account = onlooker.account().await.ok().flatten();
    let client_id = account.as_deref().or(configured);
    let merchant = merchant(asked.merchant.as_deref())?;
    let ids = onlooker.named(&asked.id, merchant.as_ref()).await?;
    let mut stories = Vec::new();
    for id in ids.iter().take(SHOWN_MAX) {
        stories.extend(onlooker.story(*id).await?);
    }
    if stories.is_empty() {
        return Err(unknown(&asked.id));
    }
    stories.sort_by_key(|story| terms(story).map(|terms| terms.accepted_at));
    let now = Timestamp::from_ms(System.now_ms());
    let shown = stories.iter().map(|story| shown(story, client_id, now));
    let shown: Vec<Shown> = shown.collect();
    let mut out = anstream::stdout().lock();
    if asked.json {
        serde_json::to_writer_pretty(&mut out, &serde_json::json!({ "payments": shown }))?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let terminal = std::io::stdout().is_terminal();
    for (story, shown) in stories.iter().zip(&shown) {
        for line in lines(story, shown, now) {
            // A file's or pipe's reader may look for a whole sentence.
            let told = match terminal {
                true => Page::of_the_watcher().wrapped(&line, 2).join("\n"),
                false => line,
            };
            writeln!(out, "{told}")?;
        }
    }
    if ids.len() > SHOWN_MAX {
        let more = ids.len().saturating_sub(SHOWN_MAX);
        writeln!(out, "{more} more have this name; ask for one by its id.")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn terms(story: &Story) -> Option<&Terms> {
    let view = story.view.as_ref().and_then(|view| view.as_ref().ok());
    let receipt = story
        .receipt
        .as_ref()
        .and_then(|receipt| receipt.as_ref().ok());
    view.map(|view| &view.terms)
        .or_else(|| receipt.map(|receipt| &receipt.terms))
}

fn told_now(story: &Story, now: Timestamp) -> Option<Told> {
    match (&story.view, &story.receipt) {
        (Some(Ok(view)), _) => Some(payment::told(view, now)),
        (None, Some(Ok(receipt))) if receipt.state == ReceiptState::Pending => {
            Some(Told::accepted())
        }
        (Some(Err(_)) | None, _) => None,
    }
}

/// What became of a request of which no payment came.
fn request(story: &Story) -> Option<String> {
    let receipt = story.receipt.as_ref()?.as_ref().ok()?;
    match receipt.state {
        ReceiptState::Accepted => None,
        ReceiptState::Pending => Some("taken; its command was not worked on yet".to_owned()),
        ReceiptState::Refused => {
            Some("answered 503: it was not taken, and nothing was sent".to_owned())
        }
        ReceiptState::Declined(refusal) => Some(format!("declined: {refusal}")),
    }
}

fn shown(story: &Story, client_id: Option<&str>, now: Timestamp) -> Shown {
    let (terms, told) = (terms(story), told_now(story, now));
    let view = story.view.as_ref().and_then(|view| view.as_ref().ok());
    let view_fault = story.view.as_ref().and_then(|view| view.as_ref().err());
    let receipt_fault = story.receipt.as_ref().and_then(|read| read.as_ref().err());
    let events = story.entries.iter();
    let event_faults = events.filter_map(|entry| entry.event.as_ref().err());
    let faults = view_fault
        .into_iter()
        .chain(receipt_fault)
        .chain(event_faults);
    Shown {
        id: story.payment.to_string(),
        merchant: terms.map(|terms| terms.merchant.to_string()),
        order_id: terms.map(|terms| terms.order_number.to_string()),
        reference: terms.map(|terms| terms.reference.to_string()),
        terminal_id: terms.map(|terms| terms.terminal.to_string()),
        status: told.map(|told| told.status.code()),
        outcome: told.map(|told| told.outcome.code()),
        request: request(story),
        story: sentences(&story.entries, terms),
        needs_attention_since: facts(story)
            .find_map(|(at, fact)| matches!(fact, Fact::AttentionRaised).then(|| at.rfc3339())),
        resolved: facts(story).find_map(|(at, fact)| resolved(at, fact)),
        unreadable: faults.cloned().collect(),
        support: Support {
            client_id: client_id.map(str::to_owned),
            reference_merchant_id: terms.map(|terms| terms.merchant.to_string()),
            reference_order_id: terms.map(|terms| terms.order_number.to_string()),
            terminal_id: terms.map(|terms| terms.terminal.to_string()),
            payment_request_id: terms.map(|terms| terms.payment_request_id.to_string()),
            payment_id: view
                .and_then(|view| view.alipay_payment_id.as_ref())
                .map(|id| id.to_string()),
            amount_minor: terms.map(|terms| terms.amount.amount_minor()),
            currency: terms.map(|terms| terms.amount.currency().code()),
            requested_at: terms.map(|terms| terms.accepted_at.rfc3339()),
            charge_reported: view.map(|view| view.charged == Charged::Seen),
            calls: calls(&story.entries),
            notifications: notified(&story.entries),
        },
    }
}

fn facts(story: &Story) -> impl Iterator<Item = (Timestamp, &Fact)> {
    let events = story.entries.iter();
    let events = events.filter_map(|entry| entry.event.as_ref().ok());
    events.map(|event| (event.at, &event.fact))
}

fn resolved(at: Timestamp, fact: &Fact) -> Option<Deed> {
    if let Fact::Resolved(resolution) = fact {
        return Some(Deed::of(at, resolution.operator(), resolution.reason()));
    }
    None
}

fn lines(story: &Story, shown: &Shown, now: Timestamp) -> Vec<String> {
    let mut lines = vec![heading(story)];
    if let Some(now) = told_now(story, now) {
        lines.push(format!("It stands at {}.", told(&now)));
    }
    if let Some(request) = &shown.request {
        lines.push(format!("Its request was {request}."));
    }
    if let (Some(Deed { at, operator, .. }), Some(Status::NeedsAttention)) = (
        &shown.resolved,
        told_now(story, now).map(|told| told.status),
    ) {
        lines.push(format!(
            "{operator} resolved it at {at}: nothing more is called for it."
        ));
    }
    for fault in &shown.unreadable {
        lines.push(format!("This release can't read a part of it: {fault}."));
    }
    lines.push(String::new());
    lines.extend(shown.story.iter().cloned());
    lines.push(String::new());
    lines.extend(support(story, &shown.support));
    lines.push(String::new());
    lines
}

fn heading(story: &Story) -> String {
    match terms(story) {
        Some(terms) => format!(
            "Payment {} of {}: {} for order {}, scanned at {}, reference {}.",
            story.payment,
            terms.merchant,
            terms.amount,
            terms.order_number,
            terms.terminal,
            terms.reference
        ),
        None => format!("Payment {}.", story.payment),
    }
}

fn support(story: &Story, support: &Support) -> Vec<String> {
    let or_unknown = |id: &Option<String>| id.clone().unwrap_or_else(|| "not known".to_owned());
    let mut lines = vec![
        "For Alipay's support:".to_owned(),
        format!("  Client-Id {}", or_unknown(&support.client_id)),
        format!(
            "  paymentRequestId {}",
            or_unknown(&support.payment_request_id)
        ),
        format!("  paymentId {}", or_unknown(&support.payment_id)),
    ];
    if let Some(terms) = terms(story) {
        let Terms {
            merchant,
            order_number,
            terminal,
            amount,
            accepted_at,
            ..
        } = terms;
        lines.push(format!(
            "  referenceMerchantId {merchant}, referenceOrderId {order_number}, storeTerminalId \
             {terminal}"
        ));
        lines.push(format!("  {amount}, requested at {accepted_at}"));
    }
    lines.extend(support.charge_reported.map(|is_reported| {
        let charged = match is_reported {
            true => "Alipay said that the customer was charged",
            false => "Alipay never said that the customer was charged",
        };
        format!("  {charged}")
    }));
    lines.extend(
        support
            .calls
            .iter()
            .map(|call| format!("  {}", call.line())),
    );
    let notified = support.notifications.iter();
    lines.extend(notified.map(|notified| format!("  {}", notified.line())));
    lines
}
