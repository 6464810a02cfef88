//! How an answer travels: signed and whole, or one of the ways in which networks fail.

use crate::keys::Keys;
use crate::reaction::Travels;
use crate::rulebook::iso8601;
use actix_web::body::{BodyStream, SizedStream};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use alipay::signature::Bound;
use futures_util::stream;
use std::time::Duration;

/// An answer, about to leave.
pub(crate) struct Outgoing<'a> {
    pub(crate) path: &'a str,
    pub(crate) body: Vec<u8>,
    pub(crate) now_ms: i64,
    pub(crate) silence: Duration,
}

/// Sends the answer on its way.
pub(crate) async fn travel(travels: Travels, outgoing: Outgoing<'_>, keys: &Keys) -> HttpResponse {
    let silence = outgoing.silence;
    match travels {
        Travels::Well => signed(outgoing, keys, Signature::Ours),
        Travels::OtherKey => signed(outgoing, keys, Signature::Strangers),
        Travels::Altered => signed(outgoing, keys, Signature::Altered),
        Travels::Unsigned => unsigned(outgoing.body),
        Travels::Http500 => HttpResponse::InternalServerError().body("upstream failure"),
        Travels::Closed => closed(),
        Travels::Never => {
            tokio::time::sleep(silence).await;
            closed()
        }
        Travels::Slowly => slowly(outgoing.body, silence),
    }
}

/// An answer without a signature: what Alipay gives to a request whose own signature is wrong.
pub(crate) fn unsigned(body: Vec<u8>) -> HttpResponse {
    json().body(body)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Ours,
    Strangers,
    Altered,
}

fn signed(outgoing: Outgoing<'_>, keys: &Keys, by: Signature) -> HttpResponse {
    let Outgoing {
        path,
        mut body,
        now_ms,
        ..
    } = outgoing;
    let time = iso8601(now_ms);
    let signer = match by {
        Signature::Ours | Signature::Altered => keys.alipay(),
        Signature::Strangers => Ok(keys.stranger.clone()),
    };
    let bound = Bound {
        path,
        client_id: &keys.client_id,
        time: &time,
    };
    let Ok(signature) = signer.and_then(|signer| signer.header_value(&bound, &body)) else {
        return HttpResponse::InternalServerError().finish();
    };
    if by == Signature::Altered {
        body.push(b' ');
    }
    json()
        .insert_header(("client-id", keys.client_id.as_str()))
        .insert_header(("response-time", time))
        .insert_header(("signature", signature))
        .body(body)
}

fn json() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header(("content-type", "application/json; charset=UTF-8"));
    response
}

/// The head may leave; the body ends before its first byte. Not by a stream that fails: the server
/// would log that as an error, and the loss is meant.
fn closed() -> HttpResponse {
    let nothing = stream::empty::<std::io::Result<Bytes>>();
    json().body(SizedStream::new(1, nothing))
}

fn slowly(body: Vec<u8>, silence: Duration) -> HttpResponse {
    let whole = Bytes::from(body);
    let half = whole.len() / 2;
    let (first, rest) = (whole.slice(..half), whole.slice(half..));
    let halves = stream::unfold(Some((first, rest, false)), move |state| async move {
        let (first, rest, sent) = state?;
        if sent {
            tokio::time::sleep(silence).await;
            return Some((Ok::<_, std::io::Error>(rest), None));
        }
        Some((Ok(first), Some((Bytes::new(), rest, true))))
    });
    json().body(BodyStream::new(halves))
}
