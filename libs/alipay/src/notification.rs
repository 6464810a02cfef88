//! Alipay's notifications (protocol 2.4–2.7, 3.7): verified over the raw bytes, then read. What
//! one leads to is `payment`'s to decide: it is evidence, no more (decision 15).

use crate::read::{approval, code, fault, unbelieved_code};
use crate::signature::{Bound, SignatureFault, Verifier};
use crate::wire::{self, KindTold, NoticeTold};
use payment::{Notice, NoticeResult, PaymentRequestId, ResultCode};

/// The only kind that tells how a payment went; a pending one may bear a success of its own.
const PAYMENT_RESULT: &str = "PAYMENT_RESULT";

/// The headers of a notification, as they came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Headers<'a> {
    /// `client-id`.
    pub client_id: Option<&'a str>,
    /// `request-time`.
    pub request_time: Option<&'a str>,
    /// `signature`.
    pub signature: Option<&'a str>,
}

/// A notification that Alipay surely sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadNotice {
    /// Which payment it is about.
    pub payment_request_id: PaymentRequestId,
    /// What it says of it.
    pub notice: Notice,
}

/// What a notification that Alipay surely sent is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// How a payment went.
    Result(ReadNotice),
    /// Another kind, such as PAYMENT_PENDING, REFUND_RESULT or CAPTURE_RESULT. It is acknowledged
    /// and changes nothing: what it may tell is asked for anyway.
    OtherKind {
        /// Its `notifyType`, for people.
        kind: String,
    },
}

/// Why a notification is not taken in. Counted by its code; nothing of its body is kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotificationFault {
    /// A header that signs it is missing.
    #[error("the `{0}` header is missing or can't be read")]
    HeaderMissing(&'static str),
    /// It is for another account.
    #[error("it is for another client-id")]
    OtherClient,
    /// Alipay did not sign these bytes (H1).
    #[error(transparent)]
    Signature(#[from] SignatureFault),
    /// Signed, yet not readable.
    #[error("it can't be read: {0}")]
    Unreadable(String),
}

impl NotificationFault {
    /// A stable code for metrics and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HeaderMissing("signature") | Self::Signature(SignatureFault::Missing) => {
                "unsigned"
            }
            Self::HeaderMissing(_) => "header_missing",
            Self::OtherClient => "other_client",
            Self::Signature(_) => "bad_signature",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// Verifies the raw bytes, and only then reads them. `path` is our own notify URL's path as the
/// request has it, query included.
///
/// # Errors
/// [`NotificationFault`].
pub fn read(
    verifier: &Verifier,
    our_client_id: &str,
    path: &str,
    headers: Headers<'_>,
    body: &[u8],
) -> Result<Heard, NotificationFault> {
    let missing = NotificationFault::HeaderMissing;
    let client_id = headers.client_id.ok_or(missing("client-id"))?;
    let time = headers.request_time.ok_or(missing("request-time"))?;
    let signature = headers.signature.ok_or(missing("signature"))?;
    if client_id != our_client_id {
        return Err(NotificationFault::OtherClient);
    }
    let bound = Bound {
        path,
        client_id,
        time,
    };
    verifier.verify(&bound, body, signature)?;
    understand(body)
}

/// The result code in a notification that is not believed, for people. Nothing else of it is shown.
pub fn unbelieved(body: &[u8]) -> String {
    unbelieved_code(body)
}

fn understand(body: &[u8]) -> Result<Heard, NotificationFault> {
    let unreadable = |what: String| NotificationFault::Unreadable(what);
    let KindTold { notify_type } = wire::parse(body).map_err(|error| unreadable(fault(&error)))?;
    if notify_type.as_deref() != Some(PAYMENT_RESULT) {
        let kind = ResultCode::new(notify_type.as_deref().unwrap_or("none"));
        let kind = kind.as_str().to_owned();
        return Ok(Heard::OtherKind { kind });
    }
    let told: NoticeTold = wire::parse(body).map_err(|error| unreadable(fault(&error)))?;
    let payment_request_id = PaymentRequestId::parse(&told.payment_request_id)
        .map_err(|fault| unreadable(fault.to_string()))?;
    let success = told.result.result_status == "S";
    let beside = told.payment_status.as_deref();
    if success && !beside.is_none_or(|status| status.eq_ignore_ascii_case("SUCCESS")) {
        return Err(unreadable(
            "its result and its paymentStatus contradict each other".to_owned(),
        ));
    }
    let result = if success {
        NoticeResult::Paid(approval(body).ok_or_else(|| {
            unreadable("a success without a usable paymentId or paymentAmount".to_owned())
        })?)
    } else {
        NoticeResult::NotPaid {
            code: code(&told.result),
        }
    };
    Ok(Heard::Result(ReadNotice {
        payment_request_id,
        notice: Notice { result },
    }))
}

/// The reply that stops Alipay from sending it again (protocol 2.5). It need not be signed.
pub fn acknowledgement() -> &'static str {
    r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}"#
}
