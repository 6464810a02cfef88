//! Connections that die: what was not sent goes out once more, what may have been sent never does
//! (decision 37). The servers block on threads of their own, so that each closes at a known moment.

use crate::asking::{CLIENT_ID, NOW_MS, PAID, account, inquire, pay, shop, within};
use crate::vectors::ALIPAY_KEY;
use alipay::signature::{Bound, Signer};
use alipay::{Client, Within};
use payment::{Answer, Ask, InquiryAnswer, Loss, PayAnswer, Timestamp};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::time::Instant;

const PROCESSING: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},
    "paymentStatus":"PROCESSING","paymentRequestId":"P-1"}"#;

/// Longer than anything here takes; past it the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on its own thread, and what it reports.
fn server(
    serve: impl FnOnce(TcpListener, Sender<String>) + Send + 'static,
) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = channel();
    std::thread::spawn(move || serve(listener, tell));
    (address, told)
}

fn client(address: &str, idle_ms: u64) -> Client {
    Client::new(account(format!("http://{address}"), idle_ms)).unwrap()
}

async fn ask(client: &Client, ask: &Ask) -> Answer {
    let now = Timestamp::from_ms(NOW_MS);
    client
        .ask(ask, Some(&shop()), now, within(5_000))
        .await
        .answer
}

/// Reads one whole request; gives the name of its API, or nothing when the other side has closed.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut received = Vec::new();
    loop {
        let mut chunk = [0_u8; 4096];
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&received);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_lowercase();
        let length = length.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
        if body.len() >= length {
            let path = head.split(' ').nth(1).unwrap();
            return Some(path.rsplit('/').next().unwrap().to_owned());
        }
    }
}

fn signed(api: &str) -> String {
    let body = if api == "pay" { PAID } else { PROCESSING };
    let time = "2026-11-23T10:15:00+00:00";
    let bound = Bound {
        path: &format!("/ams/sandbox/api/v1/payments/{api}"),
        client_id: CLIENT_ID,
        time,
    };
    let signer = Signer::from_pem(ALIPAY_KEY, 1).unwrap();
    let signature = signer.header_value(&bound, body.as_bytes()).unwrap();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nresponse-time: {time}\r\n\
         signature: {signature}\r\n\r\n{body}",
        body.len()
    )
}

/// Answers one request; whether there was one.
fn answer(stream: &mut TcpStream, tell: &Sender<String>) -> bool {
    let Some(api) = read(stream) else {
        return false;
    };
    stream.write_all(signed(&api).as_bytes()).unwrap();
    tell.send(api).unwrap();
    true
}

fn is_processing(answer: &Answer) -> bool {
    *answer == Answer::Inquiry(InquiryAnswer::Processing)
}

fn is_approved(answer: &Answer) -> bool {
    matches!(answer, Answer::Pay(PayAnswer::Approved(_)))
}

/// The runtime's only thread waits for the close, so that nobody but the kernel has heard of it
/// when the pay goes out: the very moment at which pays were lost.
#[tokio::test]
async fn a_pay_whose_kept_connection_was_just_closed_goes_out_once_over_a_fresh_one() {
    let (address, told) = server(|listener, tell| {
        let (mut first, _) = listener.accept().unwrap();
        answer(&mut first, &tell);
        drop(first);
        tell.send("closed".to_owned()).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        while answer(&mut second, &tell) {}
    });
    let client = client(&address, 4_000);
    assert!(is_processing(&ask(&client, &inquire()).await));
    for expected in ["inquiryPayment", "closed"] {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), expected);
    }
    let answer = ask(&client, &pay()).await;
    assert!(is_approved(&answer), "{answer:?}");
    drop(client);
    let sent = tokio::task::spawn_blocking(move || told.iter().collect::<Vec<String>>());
    assert_eq!(sent.await.unwrap(), ["pay"], "sent once");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call_and_closed_by_us_before_the_other_side_may() {
    let (address, told) = server(|listener, tell| {
        let (mut only, _) = listener.accept().unwrap();
        while answer(&mut only, &tell) {}
        tell.send("closed".to_owned()).unwrap();
    });
    let client = client(&address, 200);
    assert!(is_processing(&ask(&client, &inquire()).await));
    assert!(is_approved(&ask(&client, &pay()).await));
    let closed = tokio::task::spawn_blocking(move || {
        let all = || told.recv_timeout(PATIENCE).unwrap();
        [all(), all(), all()]
    });
    assert_eq!(closed.await.unwrap(), ["inquiryPayment", "pay", "closed"]);
    drop(client);
}

#[tokio::test]
async fn a_pay_of_which_a_byte_went_out_is_never_sent_again_and_proves_nothing() {
    for bytes in [1, 200] {
        let (address, told) = server(move |listener, tell| {
            for stream in listener.incoming() {
                // What is left unread makes the kernel reset the connection.
                stream.unwrap().read_exact(&mut vec![0; bytes]).unwrap();
                tell.send("reset".to_owned()).unwrap();
            }
        });
        let client = client(&address, 4_000);
        let answer = ask(&client, &pay()).await;
        assert_eq!(answer, Answer::Lost(Loss::Closed), "{bytes} bytes");
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "reset");
        assert_eq!(told.try_iter().count(), 0, "one connection, one pay");
    }
}

#[tokio::test]
async fn a_pay_that_was_read_whole_on_a_kept_connection_and_not_answered_is_not_sent_again() {
    let (address, told) = server(|listener, tell| {
        let (mut first, _) = listener.accept().unwrap();
        answer(&mut first, &tell);
        tell.send(read(&mut first).unwrap()).unwrap();
        drop(first);
        for mut stream in listener.incoming().flatten() {
            answer(&mut stream, &tell);
        }
    });
    let client = client(&address, 4_000);
    assert!(is_processing(&ask(&client, &inquire()).await));
    assert_eq!(ask(&client, &pay()).await, Answer::Lost(Loss::Closed));
    let seen: Vec<String> = told.try_iter().collect();
    assert_eq!(seen, ["inquiryPayment", "pay"]);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_taken_for_the_next_ones() {
    let (address, told) = server(|listener, tell| {
        let (mut first, _) = listener.accept().unwrap();
        let api = read(&mut first).unwrap();
        let twice = signed(&api).repeat(2);
        first.write_all(twice.as_bytes()).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        while answer(&mut second, &tell) {}
    });
    let client = client(&address, 4_000);
    assert!(is_processing(&ask(&client, &inquire()).await));
    assert!(is_approved(&ask(&client, &pay()).await));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "pay");
}

/// What is no TLS, what falls silent and what closes in the middle of the handshake.
#[tokio::test]
async fn a_handshake_that_fails_or_takes_too_long_sends_nothing_of_the_pay() {
    for words in ["HTTP/1.1 400 Bad Request\r\n\r\n", "", "\x16\x03\x03"] {
        let (address, told) = server(move |listener, tell| {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut hello = [0; 16_384];
                let count = stream.read(&mut hello).unwrap();
                stream.write_all(words.as_bytes()).unwrap();
                // Not one more byte comes behind the greeting, but an alert that says why.
                let mut rest = Vec::new();
                let _reset = stream.read_to_end(&mut rest);
                let alert = rest.first().is_none_or(|kind| *kind == 21);
                tell.send(format!("{} {count} {alert}", hello[0])).unwrap();
            }
        });
        let client = Client::new(account(format!("https://{address}"), 4_000)).unwrap();
        let limits = Within {
            begin: Duration::from_millis(200),
            whole: Duration::from_secs(60),
        };
        let (began, now) = (Instant::now(), Timestamp::from_ms(NOW_MS));
        let asked = client.ask(&pay(), Some(&shop()), now, limits).await;
        assert_eq!(asked.answer, Answer::Lost(Loss::NotSent), "{words:?}");
        assert!(began.elapsed() < PATIENCE, "it waits no longer than it may");
        let heard = told.recv_timeout(PATIENCE).unwrap();
        let greeted = heard.starts_with("22 ") && heard.ends_with(" true");
        assert!(greeted, "a greeting and an alert: {heard}");
    }
}
