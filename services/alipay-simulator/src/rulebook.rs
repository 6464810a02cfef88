//! What Alipay does with each request: checks it against the books and says which entries follow
//! and what is true then. Pure. How the answer travels is `reaction`'s.

use crate::behavior::{Customer, behavior};
use crate::books::{Books, Entry, Opened, Payment, Standing};
use crate::reaction::Api;
use alipay::wire::{
    Amount, CancelRequest, CancelResponse, InquiryRefundRequest, InquiryRefundResponse,
    InquiryResponse, PayResponse, RefundRequest, RefundResponse, Result as WireResult,
};

/// What follows from a request.
pub(crate) struct Done<T> {
    pub(crate) entries: Vec<Entry>,
    pub(crate) says: T,
}

/// A result with this status and code.
pub(crate) fn result(status: &str, code: &str) -> WireResult {
    WireResult {
        result_code: code.to_owned(),
        result_status: status.to_owned(),
        result_message: code.to_ascii_lowercase().replace('_', " "),
    }
}

fn success() -> WireResult {
    result("S", "SUCCESS")
}

/// What happens by itself once its time has come: a customer is done typing, or the payment's
/// expiry passes. `inquired`: the payment that is being asked about right now.
pub(crate) fn ripe(books: &Books, now_ms: i64) -> Vec<Entry> {
    books
        .waiting()
        .filter_map(|payment| ripened(books, payment, now_ms))
        .collect()
}

fn ripened(books: &Books, payment: &Payment, now_ms: i64) -> Option<Entry> {
    let opened = &payment.opened;
    let request = &opened.request;
    let done = match behavior(opened.behavior).customer {
        Customer::TypesFor(ms) => now_ms >= opened.at_ms.saturating_add(ms),
        Customer::TypesForInquiries(inquiries) => books.calls(request, Api::Inquiry) >= inquiries,
        Customer::ConfirmsOnCancel => books.calls(request, Api::Cancel) > 0,
        Customer::Confirms | Customer::Dithers | Customer::Lacks(_) => false,
    };
    done.then(|| settle(books, opened, now_ms))
}

/// The customer confirmed: charged, if there is money.
fn settle(books: &Books, opened: &Opened, at_ms: i64) -> Entry {
    let request = opened.request.clone();
    if books.balance_minor(&opened.customer, &opened.currency) < opened.amount_minor {
        let code = "USER_BALANCE_NOT_ENOUGH".to_owned();
        return Entry::Failed {
            request,
            code,
            at_ms,
        };
    }
    Entry::Charged { request, at_ms }
}

/// pay arrives. `expires_at_ms`: past it the order is closed at once.
pub(crate) fn pay(books: &Books, opened: Opened, expires_at_ms: Option<i64>) -> Vec<Entry> {
    if books.payments.contains_key(&opened.request) {
        return Vec::new();
    }
    let at_ms = opened.at_ms;
    let request = opened.request.clone();
    let refused = |code: &str| Entry::Failed {
        request: request.clone(),
        code: code.to_owned(),
        at_ms,
    };
    let next = match behavior(opened.behavior).customer {
        _ if expires_at_ms.is_some_and(|expires_at_ms| at_ms > expires_at_ms) => {
            Some(refused("ORDER_IS_CLOSED"))
        }
        Customer::Lacks(code) => Some(refused(code)),
        Customer::Confirms => Some(settle(books, &opened, at_ms)),
        Customer::TypesFor(_)
        | Customer::TypesForInquiries(_)
        | Customer::Dithers
        | Customer::ConfirmsOnCancel => None,
    };
    [Entry::Opened(opened)].into_iter().chain(next).collect()
}

/// The answer to pay, from the books as they are now. Another amount or code under the same key is
/// REPEAT_REQ_INCONSISTENT (protocol 5).
pub(crate) fn pay_answer(books: &Books, asked: &Opened) -> PayResponse {
    let bare = |result| PayResponse {
        result,
        payment_request_id: Some(asked.request.clone()),
        payment_id: None,
        payment_amount: None,
        payment_time: None,
    };
    let Some(payment) = books.payments.get(&asked.request) else {
        return bare(result("U", "UNKNOWN_EXCEPTION"));
    };
    let known = &payment.opened;
    let same = (known.amount_minor, &known.currency, known.code_digest)
        == (asked.amount_minor, &asked.currency, asked.code_digest);
    if !same {
        return bare(result("F", "REPEAT_REQ_INCONSISTENT"));
    }
    match &payment.standing {
        Standing::Waiting => bare(result("U", "PAYMENT_IN_PROCESS")),
        Standing::Failed(code) => bare(result("F", code)),
        Standing::Cancelled => bare(result("F", "ORDER_IS_CANCELED")),
        Standing::Paid => PayResponse {
            result: success(),
            payment_request_id: Some(known.request.clone()),
            payment_id: Some(payment.payment_id.clone()),
            payment_amount: Some(amount_of(known)),
            payment_time: payment.charged_at_ms.map(iso8601),
        },
    }
}

/// The answer to inquiryPayment.
pub(crate) fn inquiry_answer(payment: Option<&Payment>) -> InquiryResponse {
    let bare = |result, status: Option<&str>| InquiryResponse {
        result,
        payment_status: status.map(str::to_owned),
        payment_result_code: None,
        payment_request_id: payment.map(|payment| payment.opened.request.clone()),
        payment_id: payment.map(|payment| payment.payment_id.clone()),
        payment_amount: payment.map(|payment| amount_of(&payment.opened)),
        payment_time: None,
    };
    let Some(known) = payment else {
        return bare(result("F", "ORDER_NOT_EXIST"), None);
    };
    match &known.standing {
        Standing::Waiting => bare(success(), Some("PROCESSING")),
        Standing::Cancelled => bare(success(), Some("CANCELLED")),
        Standing::Failed(code) => InquiryResponse {
            payment_result_code: Some(code.clone()),
            ..bare(success(), Some("FAIL"))
        },
        Standing::Paid => InquiryResponse {
            payment_time: known.charged_at_ms.map(iso8601),
            ..bare(success(), Some("SUCCESS"))
        },
    }
}

/// cancel: always whole, and once more if it was before.
pub(crate) fn cancel(
    payment: Option<&Payment>,
    asked: &CancelRequest,
    at_ms: i64,
) -> Done<CancelResponse> {
    let says = |result, cancel_time| CancelResponse {
        result,
        payment_request_id: asked.payment_request_id.clone(),
        payment_id: payment.map(|payment| payment.payment_id.clone()),
        cancel_time,
    };
    let Some(known) = payment else {
        return Done {
            entries: Vec::new(),
            says: says(result("F", "ORDER_NOT_EXIST"), None),
        };
    };
    if !known.refunds.is_empty() {
        return Done {
            entries: Vec::new(),
            says: says(result("F", "ORDER_STATUS_INVALID"), None),
        };
    }
    let already = known.standing == Standing::Cancelled;
    let request = known.opened.request.clone();
    let entry = (!already).then_some(Entry::Cancelled { request, at_ms });
    Done {
        entries: entry.into_iter().collect(),
        says: says(success(), Some(iso8601(at_ms))),
    }
}

/// refund: never more than was paid; the same key says the same again.
pub(crate) fn refund(
    payment: Option<&Payment>,
    asked: &RefundRequest,
    at_ms: i64,
) -> Done<RefundResponse> {
    let says = |result, amount: Option<Amount>| RefundResponse {
        result,
        refund_request_id: Some(asked.refund_request_id.clone()),
        refund_id: amount.as_ref().map(|_| refund_id(&asked.refund_request_id)),
        payment_id: Some(asked.payment_id.clone()),
        refund_amount: amount,
        refund_time: Some(iso8601(at_ms)),
    };
    let refused = |code: &str| Done {
        entries: Vec::new(),
        says: says(result("F", code), None),
    };
    let Some(known) = payment else {
        return refused("ORDER_NOT_EXIST");
    };
    let amount_minor: i64 = asked.refund_amount.value.parse().unwrap_or(0);
    if let Some(before_minor) = known.refunds.get(&asked.refund_request_id) {
        if *before_minor != amount_minor {
            return refused("REPEAT_REQ_INCONSISTENT");
        }
        return Done {
            entries: Vec::new(),
            says: says(success(), Some(asked.refund_amount.clone())),
        };
    }
    let left_minor = known.charged_minor.saturating_sub(known.returned_minor);
    match known.standing {
        Standing::Paid => {}
        Standing::Cancelled => return refused("ORDER_IS_CANCELED"),
        Standing::Waiting | Standing::Failed(_) => return refused("ORDER_STATUS_INVALID"),
    }
    if amount_minor <= 0 || amount_minor > left_minor {
        return refused("REFUND_AMOUNT_EXCEED");
    }
    let entry = Entry::Refunded {
        request: known.opened.request.clone(),
        refund_request: asked.refund_request_id.clone(),
        amount_minor,
        at_ms,
    };
    Done {
        entries: vec![entry],
        says: says(success(), Some(asked.refund_amount.clone())),
    }
}

/// The answer to inquiryRefund.
pub(crate) fn inquiry_refund_answer(
    books: &Books,
    asked: &InquiryRefundRequest,
) -> InquiryRefundResponse {
    let key = asked.refund_request_id.clone().or_else(|| {
        let id = asked.refund_id.as_deref()?;
        id.strip_prefix(REFUND_ID).map(str::to_owned)
    });
    let found = key.as_ref().and_then(|key| {
        let refunds = books.payments.values();
        refunds
            .filter_map(|payment| Some((payment, *payment.refunds.get(key)?)))
            .next()
    });
    InquiryRefundResponse {
        result: match found {
            Some(_) => success(),
            None => result("F", "REFUND_NOT_EXIST"),
        },
        refund_status: found.map(|_| "SUCCESS".to_owned()),
        refund_request_id: key.clone(),
        refund_id: found.and(key.as_deref()).map(refund_id),
        refund_amount: found.map(|(payment, amount_minor)| Amount {
            currency: payment.opened.currency.clone(),
            value: amount_minor.to_string(),
        }),
    }
}

const REFUND_ID: &str = "RF-";

fn refund_id(refund_request_id: &str) -> String {
    let mut id = format!("{REFUND_ID}{refund_request_id}");
    id.truncate(64);
    id
}

/// What a payment is about.
pub(crate) fn amount_of(opened: &Opened) -> Amount {
    Amount {
        currency: opened.currency.clone(),
        value: opened.amount_minor.to_string(),
    }
}

/// As Alipay writes instants.
pub(crate) fn iso8601(at_ms: i64) -> String {
    alipay::time::iso8601(payment::Timestamp::from_ms(at_ms))
}
