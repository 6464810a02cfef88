//! The line to Alipay. Infallible at the seam: whatever breaks is [`Answer::Lost`]. Retries are
//! the caller's, who knows what is owed.

use crate::exchange::{Answered, exchange};
use crate::read::{code, is_about, parse, read};
use crate::request::{Prepared, prepare, prepared};
use crate::wire::{InquiryRefundRequest, InquiryRefundResponse, path};
use crate::{Account, Error, Shop, metering};
use payment::{AlipayRefundId, Answer, Ask, Loss, Money, RefundRequestId, ResultCode, Timestamp};
use std::time::Duration;

/// Connections kept open; as many calls can go out without a handshake.
const IDLE_CONNECTIONS_MAX: usize = 128;

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
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    account: Account,
}

impl Client {
    /// A client for this account. Connections are kept and reused; nothing is proxied, redirected
    /// or sent twice.
    ///
    /// # Errors
    /// [`Error::Http`].
    pub fn new(account: Account) -> Result<Self, Error> {
        metering::begin();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build()
            .map_err(Error::Http)?;
        Ok(Self { http, account })
    }

    /// Asks, and waits at most `timeout`. `now` goes into the signed `request-time`.
    pub async fn ask(&self, ask: &Ask, shop: &Shop, now: Timestamp, timeout: Duration) -> Asked {
        let began = tokio::time::Instant::now();
        let exchanged = match prepare(&self.account, ask, shop) {
            Ok(prepared) => self.exchange(&prepared, now, timeout).await,
            Err(_unwritable) => Err(Loss::NotSent),
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
        timeout: Duration,
    ) -> Result<RefundFate, Loss> {
        let request = InquiryRefundRequest {
            refund_request_id: Some(refund.as_str().to_owned()),
            refund_id: None,
        };
        let prepared = prepared(path::INQUIRY_REFUND, &request).map_err(|_| Loss::NotSent)?;
        let answered = self.exchange(&prepared, now, timeout).await?;
        fate(&answered.body, refund).ok_or(Loss::Malformed)
    }

    async fn exchange(
        &self,
        prepared: &Prepared,
        now: Timestamp,
        timeout: Duration,
    ) -> Result<Answered, Loss> {
        exchange(&self.http, &self.account, prepared, now, timeout).await
    }
}

fn fate(body: &[u8], asked: &RefundRequestId) -> Option<RefundFate> {
    let response: InquiryRefundResponse = parse(body)?;
    is_about(response.refund_request_id.as_deref(), asked.as_str())?;
    let status = match response.result.result_status.as_str() {
        "S" => response.refund_status.as_deref(),
        _ => None,
    };
    Some(match status {
        Some("SUCCESS") => RefundFate::Refunded {
            refund_id: AlipayRefundId::parse(response.refund_id.as_deref()?).ok()?,
            amount: response.refund_amount.as_ref()?.money()?,
        },
        Some("PROCESSING") => RefundFate::Processing,
        Some("FAIL") => RefundFate::Failed,
        Some(_) | None => RefundFate::Unknown {
            code: code(&response.result),
        },
    })
}
