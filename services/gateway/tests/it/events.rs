//! A payment's history, at once and as it happens.

use crate::house::{House, approved, declined, ids, json_of, path, sale};
use reqwest::Response;
use serde_json::Value;
use std::time::Duration;

/// One message of the stream: id, name, data.
type Message = (Option<i64>, String, Value);

struct Reader {
    response: Response,
    text: String,
}

impl Reader {
    async fn open(house: &House, here: &str, last: Option<i64>) -> Self {
        let mut request = house.get(here).header("Accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(parse(&message));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk());
            let chunk = chunk.await.expect("the stream is silent").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn parse(message: &str) -> Message {
    let line = |name: &str| {
        message
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    (
        line("id").map(|id| id.parse().unwrap()),
        line("event").unwrap().to_owned(),
        serde_json::from_str(line("data").unwrap()).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_bears_ids_sequences_and_the_proof_of_its_end() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, declined("RISK_REJECT")).await;
    let history = house.get(&path(ids, "/events")).send().await.unwrap();
    let history = json_of(history).await;
    let events = history["events"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "asked", "answered", "ended"]);
    assert_eq!(events[1]["call"], "pay");
    assert_eq!(events[2]["detail"], "refused");
    assert_eq!(events[3]["proof"]["kind"], "pay_refused");
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], place + 1);
    }
    assert_eq!(history["payment"]["sequence"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_each_event_as_it_happens_and_paid_only_once_it_is_written() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let mut reader = Reader::open(&house, &path(ids, "/events"), None).await;
    let (id, name, data) = reader.next().await.unwrap();
    assert_eq!((id, name.as_str()), (None, "payment"));
    assert_eq!(data["payment"]["status"], "accepted");
    house.work().await;
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let (_, _, data) = reader.next().await.unwrap();
        kinds.push(data["event"]["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["accepted", "asked"]);
    house.answered(ids, approved(1988)).await;
    for kind in ["answered", "approved", "paid"] {
        let (id, name, data) = reader.next().await.unwrap();
        assert!(id.is_some());
        assert_eq!(name, "event");
        assert_eq!(data["event"]["type"], kind);
        assert_eq!(data["payment"]["outcome"], "paid");
    }
    let order = house.store.load(ids.order).await.unwrap();
    assert!(order.attempt(ids.payment).unwrap().released_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_behind_the_last_event_its_reader_has_and_ends_with_the_payment() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    let mut first = Reader::open(&house, &path(ids, "/events"), None).await;
    let (id, _, _) = first.next().await.unwrap();
    drop(first);
    house.answered(ids, declined("RISK_REJECT")).await;
    let mut second = Reader::open(&house, &path(ids, "/events"), id).await;
    let mut kinds = Vec::new();
    while let Some((_, _, data)) = second.next().await {
        kinds.push(data["event"]["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["asked", "answered", "ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x25_a_stream_tells_what_time_alone_has_changed() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let mut reader = Reader::open(&house, &path(ids, "/events"), None).await;
    reader.next().await.unwrap();
    house.clock.advance(Duration::from_millis(43_001));
    let (id, name, data) = reader.next().await.unwrap();
    assert_eq!((id, name.as_str()), (None, "payment"));
    assert_eq!(data["payment"]["outcome"], "not_paid");
}
