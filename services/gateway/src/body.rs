//! A request's body, bounded in size and time, before anything is made of it.

mod encoding;

use crate::problem::{Code, Problem};
use crate::state::State;
use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use std::time::Duration;

/// How much of a body that is too large is read and thrown away, so that its sender gets to read
/// the answer instead of a broken connection.
const THROWN_AWAY_BYTES_MAX: usize = 16_777_216;

/// The body's exact bytes.
pub(crate) struct Body(pub(crate) Bytes);

/// The body's exact bytes, said to be JSON, and in the encoding that JSON has.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl FromRequest for Body {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limits = request
            .app_data::<web::Data<State>>()
            .map(|state| (state.limits.body_bytes_max, state.limits.client_timeout_ms));
        let payload = payload.take();
        Box::pin(async move {
            let (bytes_max, timeout_ms) =
                limits.ok_or_else(|| Problem::internal(&"the gateway's state is not there"))?;
            let timeout = Duration::from_millis(timeout_ms);
            match tokio::time::timeout(timeout, read(payload, bytes_max)).await {
                Ok(read) => read.map(Body),
                Err(_) => Err(Problem::new(
                    Code::BodyTooSlow,
                    format!("The body must arrive within {timeout_ms} ms. Send it again."),
                )),
            }
        })
    }
}

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let said = encoding::said(request.headers());
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            let Body(bytes) = body.await?;
            said?;
            encoding::held(&bytes)?;
            Ok(Self(bytes))
        })
    }
}

async fn read(mut payload: Payload, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    let mut thrown_away: usize = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(
                Code::BadRequest,
                "The body broke off. Send the request again.",
            )
        })?;
        let fits = bytes.len().saturating_add(chunk.len()) <= bytes_max;
        if thrown_away == 0 && fits {
            bytes.extend_from_slice(&chunk);
            continue;
        }
        thrown_away = thrown_away.saturating_add(chunk.len());
        if thrown_away > THROWN_AWAY_BYTES_MAX {
            break;
        }
    }
    if thrown_away > 0 {
        return Err(Problem::new(
            Code::BodyTooLarge,
            format!("A body may have {bytes_max} bytes. A payment needs fewer than 1000."),
        ));
    }
    Ok(bytes.freeze())
}
