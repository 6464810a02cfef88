//! Problems as RFC 9457 wants them. Which there are is in `code`; how one gets its request's id
//! and is counted is in `seal`. No text here ever holds a payment code, a key or a token.

mod code;
mod seal;

pub use code::{Code, Row};
pub(crate) use seal::sealed;

use crate::payment_body::PaymentBody;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use payment::Refusal;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// A problem on its way to the caller.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
    /// The payment as it stands, where the answer is about its state.
    pub(crate) payment: Option<Box<PaymentBody>>,
}

/// What the caller reads (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct ProblemBody {
    /// The page of this problem, relative to the gateway.
    #[serde(rename = "type")]
    kind: String,
    /// A short, fixed summary.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time, and what to send instead.
    detail: String,
    /// The stable code to match on.
    code: &'static str,
    /// The field at fault, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// This request's id, to quote when asking for help.
    request_id: String,
    /// Whether the very same request may succeed later.
    retryable: bool,
    /// What to do next.
    next_action: &'static str,
    /// The payment as it stands, where the answer is about its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentBody>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            payment: None,
        }
    }

    pub(crate) fn of_field(
        code: Code,
        field: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: Some(field.into()),
            payment: None,
        }
    }

    /// The request was not taken, and nothing will come of it unless it is repeated (decision 11).
    pub(crate) fn not_taken() -> Self {
        Self::new(
            Code::RequestNotTaken,
            "Nothing was decided. Send the very same request again, with the same \
             Idempotency-Key; do not take this for \"not sold\".",
        )
    }

    /// The request was turned away before anything of it was looked at or written. Nothing comes of
    /// it; of an earlier copy of it nothing is known here.
    pub(crate) fn busy() -> Self {
        Self::new(
            Code::GatewayBusy,
            "Nothing comes of this request. Send the very same request again, with the same \
             Idempotency-Key; if you sent it before, that is also how you learn what became of it.",
        )
    }

    /// A fault of ours; the cause is logged here, once, and never told.
    pub(crate) fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "a request met a fault of ours");
        Self::new(
            Code::InternalError,
            "The fault was logged under this request's id. Ask again with the same key.",
        )
    }

    fn body(&self, request_id: &str) -> ProblemBody {
        let row = self.code.row();
        ProblemBody {
            kind: format!("/docs/errors/{}", row.code),
            title: row.title,
            status: row.status.as_u16(),
            detail: self.detail.clone(),
            code: row.code,
            field: self.field.clone(),
            request_id: request_id.to_owned(),
            retryable: row.retryable,
            next_action: row.next_action,
            payment: self.payment.as_deref().cloned(),
        }
    }

    fn response(&self, request_id: &str) -> HttpResponse {
        let row = self.code.row();
        let mut response = HttpResponse::build(row.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(challenge) = self.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if [
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS,
        ]
        .contains(&row.status)
        {
            response.insert_header((header::RETRY_AFTER, self.retry_after_s()));
        }
        match serde_json::to_string(&self.body(request_id)) {
            Ok(body) => response.body(body),
            Err(_) => response.finish(),
        }
    }

    /// The whole response, where no framework writes it: its connection ends with it.
    pub(crate) fn raw(&self, request_id: &str) -> Vec<u8> {
        let status = self.code.row().status;
        let body = serde_json::to_string(&self.body(request_id)).unwrap_or_default();
        let reason = status.canonical_reason().unwrap_or("Refused");
        let head = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             connection: close\r\nx-request-id: {request_id}\r\n\
             x-content-type-options: nosniff\r\n\r\n",
            status.as_u16(),
            body.len()
        );
        (head + &body).into_bytes()
    }

    /// Whoever was turned away comes back later than others, and not all at once: saying no to
    /// everyone every second is work too.
    fn retry_after_s(&self) -> u64 {
        if [Code::GatewayBusy, Code::MerchantBusy].contains(&self.code) {
            fastrand::u64(4..=8)
        } else {
            1
        }
    }

    /// RFC 6750: what a caller without a good token is told.
    fn challenge(&self) -> Option<String> {
        if self.code == Code::MissingToken {
            return Some("Bearer realm=\"tidegate\"".to_owned());
        }
        let of_alipay = self.code == Code::NotificationNotVerified;
        let error = if self.code == Code::InsufficientScope {
            "insufficient_scope"
        } else if self.code.row().status == StatusCode::UNAUTHORIZED && !of_alipay {
            "invalid_token"
        } else {
            return None;
        };
        let title = self.code.row().title;
        Some(format!(
            "Bearer realm=\"tidegate\", error=\"{error}\", error_description=\"{title}\""
        ))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.row().code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.row().status
    }

    fn error_response(&self) -> HttpResponse {
        self.response("")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::OrderAlreadyPaid => (
                Code::OrderAlreadyPaid,
                "This order_id was paid before. Look it up with GET /v1/payments?order_id=…; for \
                 another sale use another order_id.",
            ),
            Refusal::OrderHasOpenPayment => (
                Code::OrderHasOpenPayment,
                "Another payment of this order is undecided. Nothing was sent for this one. Look \
                 it up with GET /v1/payments?order_id=…, and wait for its outcome or cancel it.",
            ),
            Refusal::ReversalInProgress => (
                Code::ReversalInProgress,
                "The order's last payment is still being given back. Nothing was sent for this \
                 one. Take another tender, or start again under another key once it is closed.",
            ),
            Refusal::TooManyAttempts => (
                Code::OrderHasTooManyPayments,
                "This order has had 100 payments, none of which was paid; give the sale an order \
                 number of its own.",
            ),
            Refusal::UnknownPayment => (Code::PaymentNotFound, "No payment of yours has this id."),
            Refusal::NotAcknowledgeable => (
                Code::NotAcknowledgeable,
                "Only a payment with outcome `paid` can be acknowledged. Look at its outcome now.",
            ),
            Refusal::NotDue
            | Refusal::NotReleasable
            | Refusal::NotWithdrawable
            | Refusal::NotResolvable
            | Refusal::NotLapsed => {
                return Self::internal(&refusal);
            }
        };
        Self::new(code, detail)
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Corrupt(_) | store::Error::RequestIdTaken => Self::internal(&error),
            store::Error::ReceiptRefused => Self::not_taken(),
            // A gateway of the later release can answer it.
            store::Error::Newer(_) => {
                tracing::warn!(%error, "this process is older than what is stored");
                Self::new(
                    Code::ServiceUnavailable,
                    "Another process can answer this. Ask again, with the same key.",
                )
            }
            store::Error::Conflict | store::Error::Busy(_) | store::Error::Unavailable(_) => {
                tracing::warn!(%error, "the store could not answer a request");
                Self::new(
                    Code::ServiceUnavailable,
                    "The database can't be reached or is too busy. Ask again, with the same key.",
                )
            }
        }
    }
}

impl From<sale::Error> for Problem {
    fn from(error: sale::Error) -> Self {
        match error {
            sale::Error::Refused(refusal) => refusal.into(),
            sale::Error::NotTaken => Self::not_taken(),
            sale::Error::Busy(error) => {
                tracing::warn!(%error, "a request was turned away: its receipt could not be written");
                Self::busy()
            }
            sale::Error::KeyReused => Self::new(
                Code::IdempotencyKeyReused,
                "This Idempotency-Key came before with another body. Repeat that body to learn its \
                 outcome, or use a new key for a new attempt (a fresh code is a new attempt).",
            ),
            sale::Error::Store(error) => error.into(),
            sale::Error::Bus(error) => crate::routes::unavailable(&error),
            sale::Error::NotAcknowledgeable(stands) => Self {
                payment: Some(Box::new(PaymentBody::of(&stands))),
                ..Refusal::NotAcknowledgeable.into()
            },
            sale::Error::OutcomeUnknown => Self::new(
                Code::OutcomeUnknown,
                "The database did not say in time what was written. Hand nothing over, and ask \
                 again until the outcome is paid or not_paid.",
            ),
            sale::Error::ViewMissing(_) | sale::Error::TaskEnded(_) => Self::internal(&error),
        }
    }
}
