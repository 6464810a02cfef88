//! One signed question and its verified answer, as bytes. What they mean is `read`'s.

use crate::connection::{Connection, Connector, Unanswered};
use crate::pool::Pool;
use crate::read::unbelieved_code;
use crate::request::Prepared;
use crate::signature::{Bound, SignatureFault};
use crate::{Account, Error, metering, time};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use payment::{Loss, Timestamp};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// No answer of Alipay's comes near this; more is not read.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The answer's instant is given to the second: half of one is the best guess for the rest.
const HALF_A_SECOND_MS: i64 = 500;

/// Verified bytes.
pub(crate) struct Answered {
    pub(crate) body: Vec<u8>,
    /// How far Alipay's clock is ahead of ours, in milliseconds.
    pub(crate) clock_skew_ms: Option<i64>,
}

/// How long a call may take, from now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Within {
    /// Until its first byte goes out. Later nothing of it is sent.
    pub begin: Duration,
    /// Until the whole answer is there.
    pub whole: Duration,
}

/// The same as instants.
#[derive(Clone, Copy)]
struct Until {
    begin: Instant,
    whole: Instant,
}

/// The line to Alipay. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Line {
    connector: Connector,
    pool: Pool,
}

impl Line {
    /// A line to the account's address. Nothing is proxied or redirected.
    pub(crate) fn to(account: &Account) -> Result<Self, Error> {
        let origin: Uri = account.origin.parse().map_err(|_| Error::Address {
            setting: "alipay.base_url",
            value: account.origin.clone(),
            problem: "it is not a URL",
        })?;
        Ok(Self {
            connector: Connector::new(origin).map_err(Error::Tls)?,
            pool: Pool::new(account.idle),
        })
    }

    /// Sends one request and waits for the whole answer. Sent once more, over a fresh connection,
    /// where the other side had closed the one that was kept before a byte was written.
    pub(crate) async fn exchange(
        &self,
        account: &Account,
        prepared: &Prepared,
        now: Timestamp,
        within: Within,
    ) -> Result<Answered, Loss> {
        let began = Instant::now();
        let until = Until {
            begin: began + within.begin.min(within.whole),
            whole: began + within.whole,
        };
        let path = format!("{}{}", account.prefix, prepared.api_path);
        let request = signed(account, prepared, &path, self.connector.authority(), now)?;
        let (headers, body) = match self.pool.take() {
            Some(kept) => match self.call(kept, request.clone(), until).await {
                Err(Loss::NotSent) => {
                    metering::unsent_again();
                    self.call_afresh(request, until).await?
                }
                told => told?,
            },
            None => self.call_afresh(request, until).await?,
        };
        let elapsed_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let response_time = verify(account, &path, &headers, &body)?;
        let clock_skew_ms = time::parse(response_time).map(|theirs| {
            let ours = now.plus_ms(elapsed_ms);
            theirs.plus_ms(HALF_A_SECOND_MS).ms_since(ours)
        });
        Ok(Answered {
            body,
            clock_skew_ms,
        })
    }

    async fn call_afresh(
        &self,
        request: Request<Full<Bytes>>,
        until: Until,
    ) -> Result<(HeaderMap, Vec<u8>), Loss> {
        match timeout_at(until.begin, self.connector.connect()).await {
            Ok(Ok(fresh)) => self.call(fresh, request, until).await,
            Ok(Err(fault)) => {
                tracing::warn!(%fault, "there is no connection to Alipay");
                Err(Loss::NotSent)
            }
            Err(_) => {
                tracing::warn!("no connection to Alipay was made in time");
                Err(Loss::NotSent)
            }
        }
    }

    /// One request over one connection, which is kept after a whole answer and only then.
    async fn call(
        &self,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
        until: Until,
    ) -> Result<(HeaderMap, Vec<u8>), Loss> {
        let told = timeout_at(until.whole, answer(&mut connection, request, until.begin)).await;
        let loss = match told {
            Ok(Ok(answer)) => {
                self.pool.put(connection);
                return Ok(answer);
            }
            Ok(Err(loss)) => loss,
            Err(_) => Loss::TimedOut,
        };
        match connection.give_up() {
            Unanswered::Unsent => Err(Loss::NotSent),
            Unanswered::Sent => Err(loss),
        }
    }
}

fn signed(
    account: &Account,
    prepared: &Prepared,
    path: &str,
    host: &str,
    now: Timestamp,
) -> Result<Request<Full<Bytes>>, Loss> {
    let request_time = now.as_ms().to_string();
    let bound = Bound {
        path,
        client_id: &account.client_id,
        time: &request_time,
    };
    let signature = account.signer.header_value(&bound, &prepared.body);
    Request::post(path)
        .header(HOST, host)
        .header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=UTF-8"),
        )
        .header("client-id", &account.client_id)
        .header("request-time", &request_time)
        .header("signature", signature.map_err(|_| Loss::NotSent)?)
        .body(Full::from(prepared.body.to_vec()))
        .map_err(|_| Loss::NotSent)
}

/// The whole answer, if it comes.
async fn answer(
    connection: &mut Connection,
    request: Request<Full<Bytes>>,
    begin: Instant,
) -> Result<(HeaderMap, Vec<u8>), Loss> {
    let closed = |_| Loss::Closed;
    let response = connection.send(request, begin).await.map_err(closed)?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(Loss::HttpStatus(head.status.as_u16()));
    }
    Ok((head.headers, read_bounded(body).await?))
}

/// An answer is believed only if Alipay signed exactly these bytes for exactly this request (X30).
fn verify<'a>(
    account: &Account,
    path: &str,
    headers: &'a HeaderMap,
    body: &[u8],
) -> Result<&'a str, Loss> {
    let header = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let checked = match (header("response-time"), header("signature")) {
        (_, None) => Err(SignatureFault::Missing),
        (None, Some(_)) => Err(SignatureFault::NoInstant),
        (Some(time), Some(signature)) => {
            let bound = Bound {
                path,
                client_id: &account.client_id,
                time,
            };
            let verified = account.verifier.verify(&bound, body, signature);
            verified.map(|()| time)
        }
    };
    checked.map_err(|why| {
        // What Alipay does not sign is its refusal of our own signature, most of all (protocol 2.4).
        tracing::warn!(
            path,
            %why,
            unbelieved.result_code = unbelieved_code(body),
            "an answer is not believed"
        );
        metering::unbelieved(why);
        Loss::BadSignature
    })
}

async fn read_bounded(mut incoming: Incoming) -> Result<Vec<u8>, Loss> {
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| Loss::Closed)?;
        let Some(chunk) = frame.data_ref() else {
            continue;
        };
        if body.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            tracing::warn!(
                bytes_max = BODY_BYTES_MAX,
                "an answer is too long to be one"
            );
            return Err(Loss::Malformed);
        }
        body.extend_from_slice(chunk);
    }
    Ok(body)
}
