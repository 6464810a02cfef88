//! A door beyond what can be begun in time.

use crate::house::{House, ids, problem, sale};
use reqwest::StatusCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Tills that wait for payments that nobody begins.
const TILLS: u32 = 8;

/// Looks at most, until all of them have seen that.
const LOOKS_MAX: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_door_whose_payments_nobody_begins_turns_the_next_away_untouched_until_that_is_over() {
    let house = House::open().await;
    let waiting: Vec<_> = (0..TILLS)
        .map(|till| {
            let pay = house.pay(&format!("k-{till}"), &sale(&format!("o-{till}")));
            tokio::spawn(pay.header("Prefer", "wait=60").send())
        })
        .collect();
    for _ in 0..TILLS {
        drop(house.command().await);
    }
    house.clock.advance(Duration::from_secs(3));
    let mut turned_away = None;
    for look in 0..LOOKS_MAX {
        for till in 0..TILLS {
            let ids = ids("m-1", &format!("k-{till}"), &format!("o-{till}"));
            house.tell(ids.payment);
        }
        let key = format!("late-{look}");
        let response = house.pay(&key, &sale(&key)).send().await.unwrap();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            turned_away = Some((key, response));
            break;
        }
        drop(house.command().await);
    }
    let (key, response) = turned_away.expect("the door took whatever came");
    let retry_after = response.headers()["retry-after"].to_str().unwrap();
    assert!((4..=8).contains(&retry_after.parse().unwrap()));
    let body = problem(response, 503, "gateway_busy").await;
    assert_eq!(body["retryable"], true);
    let late = ids("m-1", &key, &key).payment;
    assert_eq!(house.store.receipt(late).await.unwrap(), None);
    assert!(house.idle().await, "its command is out");
    both_on_one_connection(&house).await;
    // Nobody waits any more; what was seen is forgotten, and the same request is taken.
    for waiting in waiting {
        waiting.abort();
    }
    house.clock.advance(Duration::from_secs(2));
    let again = house.pay(&key, &sale(&key)).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    drop(house.command().await);
}

/// Turning away leaves the connection open: a new one costs the door more than the no.
async fn both_on_one_connection(house: &House) {
    let address = house.base.strip_prefix("http://").unwrap();
    let mut line = TcpStream::connect(address).await.unwrap();
    let body = sale("late").to_string();
    let head = "POST /v1/payments HTTP/1.1\r\nHost: tidegate\r\nContent-Type: application/json";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..2 {
        line.write_all(request.as_bytes()).await.unwrap();
        let mut heard = String::new();
        while !heard.ends_with('}') {
            let mut bytes = [0; 4_096];
            let count = line.read(&mut bytes).await.unwrap();
            assert!(count > 0, "the connection was closed: {heard}");
            heard.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        assert!(heard.contains("gateway_busy"), "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_and_a_cancel_are_never_turned_away() {
    let house = House::open_set("drain_s = 5", "drain_s = 5\ntakings_max = 1").await;
    let ids = house.paid("k-1", "o-1").await;
    let path = crate::house::path(ids, "");
    assert_eq!(house.get(&path).send().await.unwrap().status(), 200);
    let cancel = house.post(&format!("{path}/cancel")).send().await.unwrap();
    assert!(cancel.status().is_success(), "{}", cancel.status());
}
