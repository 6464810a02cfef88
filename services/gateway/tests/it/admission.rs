//! A door beyond what can be begun in time.

use crate::house::{House, ids, problem, sale};
use reqwest::StatusCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Tills that wait for payments that nobody begins.
const TILLS: u32 = 8;

/// Looks at most, until all of them have seen that.
const LOOKS_MAX: u32 = 10_000;

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
    for waiting in waiting {
        waiting.abort();
    }
    // What waits for so long waits in no queue: it says nothing of the next one, which is taken.
    house.clock.advance(Duration::from_secs(20));
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

/// Tills that do not wait show how late payments are begun just as those that do.
#[tokio::test(flavor = "multi_thread")]
async fn accepted_requests_that_nobody_waits_for_shut_the_door_too() {
    let house = House::open().await;
    for till in 0..TILLS {
        let key = format!("k-{till}");
        let taken = house.pay(&key, &sale(&key)).send().await.unwrap();
        assert_eq!(taken.status(), StatusCode::ACCEPTED);
    }
    house.clock.advance(Duration::from_secs(3));
    let mut turned_away = false;
    for look in 0..LOOKS_MAX {
        let key = format!("late-{look}");
        let response = house.pay(&key, &sale(&key)).send().await.unwrap();
        turned_away = response.status() == StatusCode::SERVICE_UNAVAILABLE;
        if turned_away {
            problem(response, 503, "gateway_busy").await;
            break;
        }
    }
    assert!(turned_away, "the door took whatever came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_waits_and_streams_beyond_its_share_is_told_so_and_another_sells_on() {
    let shares = "drain_s = 5\nmerchant_waits_max = 1\nmerchant_streams_max = 1";
    let house = House::open_set("drain_s = 5", shares).await;
    let found = ids("m-1", "k-1", "o-1");
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let stream = |merchant: &str| {
        let path = crate::house::path(found, "/events");
        let token = house.token(merchant);
        let stream = house.bare("GET", &path).bearer_auth(token);
        stream.header("Accept", "text/event-stream").send()
    };
    let first = stream("m-1").await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let refused = stream("m-1").await.unwrap();
    let retry_after = refused.headers()["retry-after"].to_str().unwrap();
    assert!((4..=8).contains(&retry_after.parse().unwrap()));
    problem(refused, 429, "merchant_busy").await;
    let other = house
        .bare("POST", "/v1/payments")
        .bearer_auth(house.token("m-2"));
    let other = other.header("Idempotency-Key", "k-9").json(&sale("o-9"));
    assert_eq!(other.send().await.unwrap().status(), StatusCode::ACCEPTED);
    // Its share comes back once the reader has hung up.
    drop(first);
    let mut again = StatusCode::TOO_MANY_REQUESTS;
    for _ in 0..LOOKS_MAX {
        again = stream("m-1").await.unwrap().status();
        if again == StatusCode::OK {
            break;
        }
    }
    assert_eq!(again, StatusCode::OK);
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
