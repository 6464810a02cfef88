//! Alipay's notifications (protocol 2.4–2.7, 3.7): verified over the raw bytes, then read. What
//! one leads to is `payment`'s to decide: it is evidence, no more (decision 15).

use crate::read::{approval, code, fault};
use crate::signature::{Bound, SignatureFault, Verifier};
use crate::wire::{self, Notification};
use payment::{Notice, NoticeResult, PaymentRequestId};
use serde::Deserialize;

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
) -> Result<ReadNotice, NotificationFault> {
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

/// Not a notification's own (protocol 3.7). Where it stands all the same, it must not say otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beside {
    #[serde(default)]
    payment_status: Option<String>,
}

fn understand(body: &[u8]) -> Result<ReadNotice, NotificationFault> {
    let unreadable = |what: String| NotificationFault::Unreadable(what);
    let told: Notification = wire::parse(body).map_err(|error| unreadable(fault(&error)))?;
    if told.notify_type != PAYMENT_RESULT {
        return Err(unreadable("it does not tell a payment's result".to_owned()));
    }
    let payment_request_id = PaymentRequestId::parse(&told.payment_request_id)
        .map_err(|fault| unreadable(fault.to_string()))?;
    let Beside { payment_status } = wire::parse(body).map_err(|error| unreadable(fault(&error)))?;
    let success = told.result.result_status == "S";
    if success && payment_status.is_some_and(|status| status != "SUCCESS") {
        return Err(unreadable(
            "its result and its paymentStatus contradict each other".to_owned(),
        ));
    }
    let result = if success {
        let approval = approval(told.payment_id.as_deref(), told.payment_amount.as_ref());
        NoticeResult::Paid(approval.ok_or_else(|| {
            unreadable("a success without a usable paymentId or paymentAmount".to_owned())
        })?)
    } else {
        NoticeResult::NotPaid {
            code: code(&told.result),
        }
    };
    Ok(ReadNotice {
        payment_request_id,
        notice: Notice { result },
    })
}

/// The reply that stops Alipay from sending it again (protocol 2.5). It need not be signed.
pub fn acknowledgement() -> &'static str {
    r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}"#
}
