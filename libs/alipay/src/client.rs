//! The line to Alipay. Infallible at the seam: whatever breaks is [`Answer::Lost`]. Retries are
//! the caller's, who knows what is owed.

use crate::exchange::{Line, Within};
use crate::read::{code, is_about, parse, read, repayment};
use crate::request::{Unprepared, prepare, prepared};
use crate::wire::{InquiryRefundRequest, RefundTold, path};
use crate::{Account, Error, Shop, metering};
use payment::{AlipayRefundId, Answer, Ask, Loss, Money, RefundRequestId, ResultCode, Timestamp};
use std::fmt;

/// What one call brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The answer.
    pub answer: Answer,
    /// How far Alipay's clock is ahead of ours, in milliseconds, where a signed answer told
    /// (decision 16).
    pub clock_skew_ms: Option<i64>,
}

/// What became of a refund (protocol 3.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RefundFate {
    /// The money is back.
    Refunded {
        /// Alipay's own id of the refund.
        refund_id: AlipayRefundId,
        /// How much.
        amount: Money,
    },
    /// Not decided yet.
    Processing,
    /// It will not be.
    Failed,
    /// Alipay could not say, or knows no such refund.
    Unknown {
        /// What it said.
        code: ResultCode,
    },
}

/// Asks Alipay. Clones share the connections.
#[derive(Clone)]
pub struct Client {
    line: Line,
    account: Account,
}

impl Client {
    /// A client for this account. Connections are kept and reused; nothing is proxied, redirected
    /// or, once a byte of it has left, sent again.
    ///
    /// # Errors
    /// [`Error::Tls`].
    pub fn new(account: Account) -> Result<Self, Error> {
        metering::begin();
        let line = Line::to(&account)?;
        Ok(Self { line, account })
    }

    /// Asks, and waits no longer than it may take. `now` goes into the signed `request-time`. Only
    /// pay names the shop, and is not sent without one.
    pub async fn ask(
        &self,
        ask: &Ask,
        shop: Option<&Shop>,
        now: Timestamp,
        within: Within,
    ) -> Asked {
        let began = tokio::time::Instant::now();
        let exchanged = match prepare(&self.account, ask, shop) {
            Ok(prepared) => {
                let line = &self.line;
                line.exchange(&self.account, &prepared, now, within).await
            }
            Err(Unprepared::NoShop | Unprepared::Unwritable) => Err(Loss::NotSent),
        };
        let asked = match exchanged {
            Ok(answered) => Asked {
                answer: read(ask, &answered.body),
                clock_skew_ms: answered.clock_skew_ms,
            },
            Err(loss) => Asked {
                answer: Answer::Lost(loss),
                clock_skew_ms: None,
            },
        };
        metering::call(ask.api_name(), &asked.answer, began.elapsed());
        asked
    }

    /// Asks what became of a refund whose answer was lost (A1).
    ///
    /// # Errors
    /// The [`Loss`] when there is no answer to believe.
    pub async fn inquire_refund(
        &self,
        refund: &RefundRequestId,
        now: Timestamp,
        within: Within,
    ) -> Result<RefundFate, Loss> {
        let request = InquiryRefundRequest {
            refund_request_id: Some(refund.as_str().to_owned()),
            refund_id: None,
        };
        let prepared = prepared(path::INQUIRY_REFUND, &request).map_err(|_| Loss::NotSent)?;
        let (line, account) = (&self.line, &self.account);
        let answered = line.exchange(account, &prepared, now, within).await?;
        fate(&answered.body, refund).ok_or(Loss::Malformed)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

fn fate(body: &[u8], asked: &RefundRequestId) -> Option<RefundFate> {
    let told: RefundTold = parse(body)?;
    is_about(told.refund_request_id.as_deref(), asked.as_str())?;
    let status = match told.result.result_status.as_str() {
        "S" => told.refund_status,
        _ => None,
    };
    let status = status.map(|status| status.to_ascii_uppercase());
    Some(match status.as_deref() {
        Some("SUCCESS") => {
            let (refund_id, amount) = repayment(body)?;
            RefundFate::Refunded { refund_id, amount }
        }
        Some("PROCESSING") => RefundFate::Processing,
        Some("FAIL") => RefundFate::Failed,
        Some(_) | None => RefundFate::Unknown {
            code: code(&told.result),
        },
    })
}
