//! `tidegate dead-letters`: the commands that nobody could carry out, and having one tried again once
//! its cause is mended. Who had it tried again, and why, is kept.

use crate::audit::Deed;
use crate::beside;
use crate::cli::{DeadLettersDeed, Places, Replaying};
use crate::config::Config;
use chassis::clock::{Clock, System};
use chassis::config::Faults;
use payment::Timestamp;
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use store::{DeadLetter, Onlooker, Replay, Replayed, Store};

/// How many are read at a time.
const PAGE: u32 = 200;

#[derive(Serialize)]
struct Item {
    id: String,
    /// Since when it is dead.
    at: String,
    reason: String,
    partition: u16,
    offset: i64,
    order: Option<String>,
    payment: Option<String>,
    /// When it was tried again before, by whom and why.
    replays: Vec<Deed>,
}

/// Does what was asked.
///
/// # Errors
/// A database that is not there; a letter that is not known.
pub(crate) async fn run(
    config: Option<&Config>,
    places: &Places,
    deed: &DeadLettersDeed,
) -> anyhow::Result<ExitCode> {
    let done = match deed {
        DeadLettersDeed::List { json } => {
            let onlooker = beside::onlooker(config, places).await?;
            list(&onlooker, *json).await
        }
        DeadLettersDeed::Replay(asked) => {
            let store = beside::store(config, places).await?;
            let done = replay(&store, asked).await;
            store.close().await;
            done
        }
    };
    done.map_err(beside::advised)
}

async fn list(onlooker: &Onlooker, json: bool) -> anyhow::Result<ExitCode> {
    let items = items(onlooker).await?;
    let mut out = anstream::stdout().lock();
    if json {
        let page = serde_json::json!({ "dead_letters": items });
        serde_json::to_writer_pretty(&mut out, &page)?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in items.iter().flat_map(lines) {
        writeln!(out, "{line}")?;
    }
    let count = match items.len() {
        0 => "There is no dead letter.".to_owned(),
        1 => "There is 1 dead letter.".to_owned(),
        count => format!("There are {count} dead letters."),
    };
    writeln!(out, "{count}")?;
    if !items.is_empty() {
        writeln!(
            out,
            "`tidegate payments show` tells how a payment stands; `tidegate dead-letters replay` \
             has a letter tried again."
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn items(onlooker: &Onlooker) -> Result<Vec<Item>, store::Error> {
    let mut items = Vec::new();
    let mut last: Option<DeadLetter> = None;
    loop {
        let page = onlooker.dead_letters(last.as_ref(), PAGE).await?;
        for dead in &page {
            items.push(item(dead, onlooker.replays(dead.letter.id).await?));
        }
        last = page.into_iter().last();
        if last.is_none() {
            return Ok(items);
        }
    }
}

fn item(dead: &DeadLetter, replays: Vec<Replayed>) -> Item {
    let letter = &dead.letter;
    let replays = replays.iter();
    let replays = replays.map(|again| Deed::of(again.at, &again.operator, &again.reason));
    Item {
        id: letter.id.to_string(),
        at: dead.at.rfc3339(),
        reason: dead.reason.clone(),
        partition: letter.partition,
        offset: letter.offset,
        order: letter.order.map(|order| order.to_string()),
        payment: letter.payment.map(|payment| payment.to_string()),
        replays: replays.collect(),
    }
}

fn lines(item: &Item) -> Vec<String> {
    let payment = item.payment.as_ref().map_or_else(
        || "its payment can't be read".to_owned(),
        |payment| format!("payment {payment}"),
    );
    let mut lines = vec![
        format!("{}  since {}", item.id, item.at),
        format!("  {payment}; {}", item.reason),
        format!("  partition {}, offset {}", item.partition, item.offset),
    ];
    lines.extend(item.replays.iter().map(|again| {
        let Deed {
            at,
            operator,
            reason,
        } = again;
        format!("  tried again at {at} by {operator}: {reason}")
    }));
    lines
}

async fn replay(store: &Store, asked: &Replaying) -> anyhow::Result<ExitCode> {
    let resolution = asked.audit.checked()?;
    let now = store.shared_clock().await?;
    let replay = Replay {
        operator: resolution.operator(),
        reason: resolution.reason(),
        at: now.unwrap_or_else(|| Timestamp::from_ms(System.now_ms())),
    };
    let mut unknown = Faults::default();
    for id in &asked.ids {
        if store.replay(*id, replay).await? {
            let mut out = anstream::stdout().lock();
            writeln!(
                out,
                "{id} is tried again by the next worker that looks, within a second or so where \
                 one runs. If it still can't be carried out it is listed again."
            )?;
        } else {
            unknown.add(
                "",
                format!("there is no dead letter {id}; `tidegate dead-letters list` names them"),
            );
        }
    }
    unknown.or(())?;
    Ok(ExitCode::SUCCESS)
}
