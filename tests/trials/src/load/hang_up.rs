//! A request whose till hangs up by FIN: on a socket of its own, since what an HTTP client does to a
//! connection that it no longer wants is its own business.

use super::habits::{Door, HANGS_UP_BY, HangUp};
use super::sale::{Asked, Heard, Said, Sale};
use super::till::{Step, Till};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How much of an answer is read.
const ANSWER_BYTES_MAX: u64 = 65_536;

/// How long a till that has closed its sending half alone still listens: past the last release.
const LISTENS: Duration = Duration::from_secs(45);

impl Till {
    /// Begins the sale and hangs up on it, and waits until its till asks again; whether it ever does.
    /// A sale that could not be begun in time goes on as any other: its customer may have paid.
    pub(super) async fn leave(&mut self, sale: &mut Sale, up: HangUp, scan: &Value) -> bool {
        let mut begun = up.door == Door::Pay;
        while !begun && since(self, sale) < HANGS_UP_BY {
            let began = self.pay(sale, scan);
            begun = self.ask(sale, Asked::Pay, began, 0).await != Step::Again;
        }
        if !begun || since(self, sale) > HANGS_UP_BY {
            sale.hangs_up = None;
            return true;
        }
        let asked_us = self.tills.clock.now_us();
        let (asked, heard) = self.hang_up(sale, up, scan).await;
        let said = match heard.map(|heard| outcome(&heard)) {
            Ok(Some(outcome)) => Said::Payment {
                status: "heard after hanging up".to_owned(),
                outcome: outcome.to_owned(),
            },
            Ok(None) => Said::Broken(format!("{up:?}")),
            Err(error) => Said::Broken(format!("{up:?}: {error}")),
        };
        sale.heard.push(Heard {
            asked,
            gateway: self.gateway,
            asked_us,
            heard_us: self.tills.clock.now_us(),
            said,
        });
        if let Some(asks_after) = up.asks_after {
            tokio::time::sleep(asks_after.saturating_sub(since(self, sale))).await;
        }
        up.asks_after.is_some()
    }

    async fn hang_up(
        &self,
        sale: &Sale,
        up: HangUp,
        scan: &Value,
    ) -> (Asked, std::io::Result<Vec<u8>>) {
        let id = sale.id.as_deref().unwrap_or_default();
        let (asked, line, body) = match up.door {
            Door::Pay => (Asked::Pay, "POST /v1/payments".to_owned(), scan.to_string()),
            Door::Look => (Asked::Look, format!("GET /v1/payments/{id}"), String::new()),
            Door::Stream => (
                Asked::Stream,
                format!("GET /v1/payments/{id}/events"),
                String::new(),
            ),
        };
        let accepts = match up.door {
            Door::Pay | Door::Look => "application/json",
            Door::Stream => "text/event-stream",
        };
        let token = format!("Bearer {}", self.tills.token);
        let request = Request {
            gateway: self.address(),
            line: &line,
            headers: &[
                ("Authorization", &token),
                ("Accept", accepts),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", &sale.reference),
                ("Prefer", "wait=25"),
            ],
            body: &body,
        };
        let after = up.after.saturating_sub(since(self, sale));
        (asked, request.sent(after, up.listens_on).await)
    }
}

fn since(till: &Till, sale: &Sale) -> Duration {
    let now_us = till.tills.clock.now_us();
    Duration::from_micros(now_us.saturating_sub(sale.began_us))
}

/// One request, word by word.
pub(super) struct Request<'a> {
    pub(super) gateway: &'a str,
    /// The method and the path.
    pub(super) line: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a str,
}

impl Request<'_> {
    /// Sends it, hangs up after this time, and gives what was heard, be it nothing.
    pub(super) async fn sent(&self, after: Duration, listens_on: bool) -> std::io::Result<Vec<u8>> {
        let address = self.gateway.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(self.bytes().as_bytes()).await?;
        let mut heard = Vec::new();
        {
            let mut answer = (&mut stream).take(ANSWER_BYTES_MAX);
            let answered = answer.read_to_end(&mut heard);
            if let Ok(read) = tokio::time::timeout(after, answered).await {
                return read.map(|_| heard);
            }
        }
        if !listens_on {
            // Both halves at once: what comes now finds nobody.
            return Ok(heard);
        }
        stream.shutdown().await?;
        let mut answer = stream.take(ANSWER_BYTES_MAX);
        // A gateway may also break off, as it does with whoever is gone.
        let _broken = tokio::time::timeout(LISTENS, answer.read_to_end(&mut heard)).await;
        Ok(heard)
    }

    fn bytes(&self) -> String {
        let headers = self.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let address = self.gateway.trim_start_matches("http://");
        format!(
            "{} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {}\r\n\r\n{}",
            self.line,
            self.body.len(),
            self.body
        )
    }
}

/// The final outcome that an answer tells, in a body or in its last event: what a till that listens
/// on would act on.
fn outcome(heard: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(heard);
    ["paid", "not_paid"]
        .into_iter()
        .rfind(|outcome| text.contains(&format!("\"outcome\":\"{outcome}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn request(gateway: &str) -> Request<'_> {
        Request {
            gateway,
            line: "GET /x",
            headers: &[("A", "b")],
            body: "",
        }
    }

    #[tokio::test]
    async fn a_till_that_hangs_up_is_heard_to_by_the_other_side() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let (heard, seen) = tokio::join!(
            async {
                request(&gateway)
                    .sent(Duration::from_millis(50), false)
                    .await
            },
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut seen = Vec::new();
                stream.read_to_end(&mut seen).await.unwrap();
                String::from_utf8(seen).unwrap()
            }
        );
        assert!(heard.unwrap().is_empty());
        assert!(seen.starts_with("GET /x HTTP/1.1\r\nHost: 127.0.0.1:"));
        assert!(seen.ends_with("A: b\r\nContent-Length: 0\r\n\r\n"));
    }

    #[tokio::test]
    async fn a_till_that_listens_on_hears_what_a_gateway_says_after_the_fin() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let (heard, ()) = tokio::join!(
            async {
                request(&gateway)
                    .sent(Duration::from_millis(50), true)
                    .await
            },
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read_to_end(&mut Vec::new()).await.unwrap();
                stream.write_all(b"{\"outcome\":\"paid\"}").await.unwrap();
            }
        );
        assert_eq!(outcome(&heard.unwrap()), Some("paid"));
    }
}
