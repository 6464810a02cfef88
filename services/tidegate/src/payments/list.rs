//! `tidegate payments list`: the payments that stand open, of all merchants, the longest-standing
//! first. One that this release can't read is listed as such.

use super::words::{day, told, why};
use crate::cli::Listing;
use chassis::clock::{Clock, System};
use payment::{CloseReason, Delivery, Standing, Terms, Timestamp, Told, View};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use store::{Listed, ListedStanding, Onlooker, Resolved};

#[derive(Serialize)]
struct Page {
    payments: Vec<Item>,
    /// How many more there are.
    left_out: usize,
}

#[derive(Serialize)]
struct Item {
    id: String,
    merchant: String,
    accepted_at: String,
    /// Who resolved it and why: nothing is called for it any more.
    resolved: Option<Mark>,
    /// What else is known, unless it can't be read.
    #[serde(flatten)]
    known: Option<Known>,
    /// Why it can't be read.
    unreadable: Option<String>,
}

#[derive(Serialize)]
struct Known {
    order_id: String,
    reference: String,
    terminal_id: String,
    amount_minor: i64,
    currency: &'static str,
    status: &'static str,
    outcome: &'static str,
    close_reason: Option<&'static str>,
    payment_request_id: String,
    alipay_payment_id: Option<String>,
}

/// An operator's.
#[derive(Serialize)]
struct Mark {
    at: String,
    operator: Option<String>,
    reason: Option<String>,
    /// Why those two can't be read.
    unreadable: Option<String>,
}

/// Those that wait for a person first, then those that one has resolved.
fn in_order(mut all: Vec<Listed>) -> Vec<Listed> {
    all.sort_by_key(|listed| listed.resolved.is_some());
    all
}

/// Prints the list.
pub(super) async fn list(onlooker: &Onlooker, asked: &Listing) -> anyhow::Result<ExitCode> {
    let now = Timestamp::from_ms(System.now_ms());
    let owed = onlooker.owed().await?.into_iter();
    let all = in_order(owed.filter(|listed| is_asked_for(listed, asked)).collect());
    let resolved = all
        .iter()
        .filter(|listed| listed.resolved.is_some())
        .count();
    let shown = all.get(..asked.limit.min(all.len())).unwrap_or_default();
    let left_out = all.len().saturating_sub(shown.len());
    let mut out = anstream::stdout().lock();
    if asked.json {
        let page = Page {
            payments: shown.iter().map(|listed| item(listed, now)).collect(),
            left_out,
        };
        serde_json::to_writer_pretty(&mut out, &page)?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in shown.iter().flat_map(|listed| lines(listed, now)) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", sum((all.len(), resolved), left_out, asked))?;
    Ok(ExitCode::SUCCESS)
}

fn is_asked_for(listed: &Listed, asked: &Listing) -> bool {
    let merchants = asked.merchant.as_ref();
    if merchants.is_some_and(|merchant| *merchant != listed.merchant) {
        return false;
    }
    match &listed.standing {
        Ok(ListedStanding::Taken(_)) => !asked.needs_attention,
        Ok(ListedStanding::Seen(view)) => match view.standing {
            Standing::NeedsAttention(_) => true,
            Standing::Processing | Standing::Approved | Standing::Closing(_) => {
                !asked.needs_attention
            }
            // Unless the merchant confirms that it was told, it is reversed.
            Standing::Paid { acknowledged, .. } => {
                let awaited = match view.terms.policy.delivery() {
                    Delivery::Acknowledged { .. } => !acknowledged,
                    Delivery::HandedOver | Delivery::Off => false,
                };
                awaited && !asked.needs_attention
            }
            Standing::Ended(_) => false,
        },
        // It may be anything.
        Err(_) => true,
    }
}

fn sum((all, resolved): (usize, usize), left_out: usize, asked: &Listing) -> String {
    let what = if asked.needs_attention {
        "needing attention"
    } else {
        "open"
    };
    let count = match all {
        0 => format!("No payment is {what}."),
        1 => format!("1 payment is {what}."),
        _ => format!("{all} payments are {what}."),
    };
    let count = count
        .replace("is needing", "needs")
        .replace("are needing", "need");
    let resolved = match (resolved, all) {
        (0, _) => String::new(),
        (1, 1) => " It is resolved.".to_owned(),
        (1, _) => " 1 of them is resolved.".to_owned(),
        (_, _) => format!(" {resolved} of them are resolved."),
    };
    match left_out {
        0 => format!("{count}{resolved}"),
        _ => format!("{count}{resolved} {left_out} of them are not shown; raise --limit."),
    }
}

/// Two lines: what it is, and how it stands.
fn lines(listed: &Listed, now: Timestamp) -> [String; 2] {
    let since = format!("{} {}", day(listed.accepted_at), clock(listed.accepted_at));
    let Listed {
        payment, merchant, ..
    } = listed;
    match &listed.standing {
        Ok(standing) => {
            let terms = terms(standing);
            [
                format!("{payment}  {since}  {}", terms.amount),
                format!(
                    "  {merchant}, order {}: {}{}{}",
                    terms.order_number,
                    told(&told_now(standing, now)),
                    closing(standing).map_or(String::new(), |reason| format!(
                        "; being closed out because {}",
                        why(reason)
                    )),
                    mark(listed)
                ),
            ]
        }
        Err(why) => [
            format!("{payment}  {since}"),
            format!(
                "  {merchant}: this release can't read it ({why}){}",
                mark(listed)
            ),
        ],
    }
}

/// An operator's, where there is one.
fn mark(listed: &Listed) -> String {
    let Some(Resolved { at, resolution }) = &listed.resolved else {
        return String::new();
    };
    let when = format!("on {} at {}", day(*at), clock(*at));
    match resolution {
        Ok(resolution) => format!(
            "; resolved {when} by {}: {}",
            resolution.operator(),
            resolution.reason()
        ),
        Err(why) => format!("; resolved {when}, by whom this release can't read ({why})"),
    }
}

fn clock(at: Timestamp) -> String {
    super::words::time(at).chars().take(8).collect()
}

fn item(listed: &Listed, now: Timestamp) -> Item {
    let known = listed.standing.as_ref().ok();
    Item {
        id: listed.payment.clone(),
        merchant: listed.merchant.clone(),
        accepted_at: listed.accepted_at.rfc3339(),
        resolved: listed.resolved.as_ref().map(item_mark),
        known: known.map(|standing| item_known(standing, now)),
        unreadable: listed.standing.as_ref().err().cloned(),
    }
}

fn item_mark(resolved: &Resolved) -> Mark {
    let read = resolved.resolution.as_ref();
    Mark {
        at: resolved.at.rfc3339(),
        operator: read.ok().map(|read| read.operator().to_owned()),
        reason: read.ok().map(|read| read.reason().to_owned()),
        unreadable: read.err().cloned(),
    }
}

fn item_known(standing: &ListedStanding, now: Timestamp) -> Known {
    let (terms, told) = (terms(standing), told_now(standing, now));
    Known {
        order_id: terms.order_number.to_string(),
        reference: terms.reference.to_string(),
        terminal_id: terms.terminal.to_string(),
        amount_minor: terms.amount.amount_minor(),
        currency: terms.amount.currency().code(),
        status: told.status.code(),
        outcome: told.outcome.code(),
        close_reason: closing(standing).map(payment::close_reason_code),
        payment_request_id: terms.payment_request_id.to_string(),
        alipay_payment_id: match standing {
            ListedStanding::Taken(_) => None,
            ListedStanding::Seen(view) => view.alipay_payment_id.as_ref().map(|id| id.to_string()),
        },
    }
}

fn terms(standing: &ListedStanding) -> &Terms {
    match standing {
        ListedStanding::Taken(terms) => terms,
        ListedStanding::Seen(view) => &view.terms,
    }
}

fn told_now(standing: &ListedStanding, now: Timestamp) -> Told {
    match standing {
        ListedStanding::Taken(_) => Told::accepted(),
        ListedStanding::Seen(view) => payment::told(view, now),
    }
}

fn closing(standing: &ListedStanding) -> Option<CloseReason> {
    match standing {
        ListedStanding::Taken(_) => None,
        ListedStanding::Seen(view) => closing_of(view),
    }
}

/// Why the payment is being closed out.
pub(super) fn closing_of(view: &View) -> Option<CloseReason> {
    match view.standing {
        Standing::Closing(reason) | Standing::NeedsAttention(reason) => Some(reason),
        Standing::Processing | Standing::Approved | Standing::Paid { .. } | Standing::Ended(_) => {
            None
        }
    }
}
