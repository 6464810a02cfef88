//! A payment's history as `GET /v1/payments/{id}/events` tells it, and what follows from it alone.

use super::View;
use crate::load::Till;
use anyhow::Context;
use reqwest::StatusCode;
use serde::Deserialize;

/// A payment and its events, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct History {
    /// As it stood when the events were read.
    pub payment: View,
    /// All events.
    pub events: Vec<Event>,
}

/// One event.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Event {
    /// Its place among its order's, from 1.
    pub sequence: u64,
    /// When.
    pub at: String,
    /// What.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of which call.
    #[serde(default)]
    pub call: Option<String>,
    /// What was said, or why.
    #[serde(default)]
    pub detail: Option<String>,
    /// What proves the end.
    #[serde(default)]
    pub proof: Option<Proof>,
}

/// What proves that a payment ended unpaid.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Proof {
    /// Which kind of fact.
    pub kind: String,
    /// Its detail.
    #[serde(default)]
    pub detail: Option<String>,
}

impl History {
    /// The history of this payment; `None` if no door knows it.
    ///
    /// # Errors
    /// If no gateway answers.
    pub async fn read(till: &Till, id: &str) -> anyhow::Result<Option<Self>> {
        let (status, body) = till.read(&format!("/v1/payments/{id}/events")).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let shown = body.to_string();
        let history = serde_json::from_value(body);
        let history = history.with_context(|| format!("a history can't be read: {shown}"))?;
        Ok(Some(history))
    }

    /// What the events alone say the sale came to: `paid` once it was released and nothing undid
    /// it, `not_paid` once it ended or its close-out began, else `pending`.
    pub fn outcome(&self) -> &'static str {
        let mut outcome = "pending";
        for event in &self.events {
            outcome = match event.kind.as_str() {
                "paid" => "paid",
                "ended" | "closing" => "not_paid",
                _ => outcome,
            };
        }
        outcome
    }

    /// The proof of its end, if it ended unpaid.
    pub fn proof(&self) -> Option<&Proof> {
        self.events
            .iter()
            .rev()
            .find_map(|event| event.proof.as_ref())
    }

    /// How often a pay was about to be sent.
    pub fn pays_begun(&self) -> usize {
        let pays = self.events.iter();
        pays.filter(|event| event.kind == "asked" && event.call.as_deref() == Some("pay"))
            .count()
    }

    /// How often an approval was taken in.
    pub fn approvals(&self) -> usize {
        let events = self.events.iter();
        events.filter(|event| event.kind == "approved").count()
    }

    /// Whether its own events are in order, none twice.
    pub fn is_in_order(&self) -> bool {
        let sequences = self.events.iter().map(|event| event.sequence);
        sequences
            .clone()
            .zip(sequences.skip(1))
            .all(|(one, next)| one < next)
    }
}
