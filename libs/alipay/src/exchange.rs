//! One signed question and its verified answer, as bytes. What they mean is `read`'s.

use crate::request::Prepared;
use crate::signature::Bound;
use crate::{Account, time};
use payment::{Loss, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::time::Duration;

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

/// Sends one request and waits at most `timeout` for the whole answer.
pub(crate) async fn exchange(
    http: &reqwest::Client,
    account: &Account,
    prepared: &Prepared,
    now: Timestamp,
    timeout: Duration,
) -> Result<Answered, Loss> {
    let path = format!("{}{}", account.prefix, prepared.api_path);
    let request_time = now.as_ms().to_string();
    let bound = Bound {
        path: &path,
        client_id: &account.client_id,
        time: &request_time,
    };
    let signature = account
        .signer
        .header_value(&bound, &prepared.body)
        .map_err(|_| Loss::NotSent)?;
    let began = tokio::time::Instant::now();
    let request = http
        .post(format!("{}{path}", account.origin))
        .header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=UTF-8"),
        )
        .header("client-id", &account.client_id)
        .header("request-time", &request_time)
        .header("signature", signature)
        .body(prepared.body.to_vec());
    let whole = async {
        let response = request.send().await.map_err(|error| loss(&error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(Loss::HttpStatus(status.as_u16()));
        }
        let headers = response.headers().clone();
        let body = read_bounded(response).await?;
        Ok((headers, body))
    };
    let (headers, body) = tokio::time::timeout(timeout, whole)
        .await
        .map_err(|_| Loss::TimedOut)??;
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

/// An answer is believed only if Alipay signed exactly these bytes for exactly this request (X30).
fn verify<'a>(
    account: &Account,
    path: &str,
    headers: &'a HeaderMap,
    body: &[u8],
) -> Result<&'a str, Loss> {
    let header = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value.and_then(|value| value.to_str().ok()).ok_or(name)
    };
    let checked = header("response-time").and_then(|response_time| {
        let bound = Bound {
            path,
            client_id: &account.client_id,
            time: response_time,
        };
        let verified = account.verifier.verify(&bound, body, header("signature")?);
        verified.map(|()| response_time).map_err(|_| "signature")
    });
    checked.map_err(|name| {
        tracing::warn!(header = name, path, "an answer is not signed as it must be");
        Loss::BadSignature
    })
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, Loss> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| loss(&error))? {
        if body.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            return Err(Loss::Malformed);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Only a connection that could not be made proves that nothing was sent.
fn loss(error: &reqwest::Error) -> Loss {
    if error.is_connect() && !error.is_timeout() {
        Loss::NotSent
    } else if error.is_timeout() {
        Loss::TimedOut
    } else {
        Loss::Closed
    }
}
