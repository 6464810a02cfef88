use crate::asking::{NOW_MS, account, inquire, shop, within};
use crate::keep_alive::signed as signed_api;
use alipay::Client;
use payment::{Answer, Timestamp};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure() {
    let idle_ms: u64 = std::env::var("IDLE_MS").unwrap().parse().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = signed_api("inquiryPayment");
    let conns = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let c2 = conns.clone();
    tokio::spawn(async move {
        loop {
            let (mut s, _) = listener.accept().await.unwrap();
            c2.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buf = [0_u8; 8192];
                loop {
                    let mut got = Vec::new();
                    loop {
                        let read = tokio::time::timeout(Duration::from_secs(5), s.read(&mut buf)).await;
                        let Ok(Ok(n)) = read else { return };
                        if n == 0 { return }
                        got.extend_from_slice(&buf[..n]);
                        if got.ends_with(b"}") { break }
                    }
                    if s.write_all(answer.as_bytes()).await.is_err() { return }
                }
            });
        }
    });
    let client = Client::new(account(format!("http://{address}"), idle_ms)).unwrap();
    let mut tasks = Vec::new();
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    for n in 0..300_u64 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let (mut calls, mut lost) = (0, Vec::new());
            let mut x = n.wrapping_mul(2654435761) + 1;
            while tokio::time::Instant::now() < end {
                let asked = client.ask(&inquire(), Some(&shop()), Timestamp::from_ms(NOW_MS), within(5_000)).await;
                calls += 1;
                if let Answer::Lost(loss) = asked.answer { lost.push(loss) }
                x ^= x << 13; x ^= x >> 7; x ^= x << 17;
                tokio::time::sleep(Duration::from_micros(4_950_000 + x % 100_000)).await;
            }
            (calls, lost)
        }));
    }
    let (mut calls, mut lost) = (0, Vec::new());
    for task in tasks { let (c, l) = task.await.unwrap(); calls += c; lost.extend(l) }
    println!("MEASURED idle_ms={idle_ms} calls={calls} lost={} {:?} connections={}", lost.len(), lost.first(), conns.load(std::sync::atomic::Ordering::Relaxed));
}
