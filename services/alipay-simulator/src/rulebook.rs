//! What Alipay does with each request: checks it against the books and says which entries follow
//! and what is true then. Pure. How the answer travels is `reaction`'s.

use crate::behavior::{Customer, behavior};
use crate::books::{Books, Entry, Opened, Payment, Standing};
use crate::reaction::Api;
use alipay::wire::{
    Amount, CancelResponse, InquiryRefundRequest, InquiryRefundResponse, InquiryResponse,
    PayResponse, RefundRequest, RefundResponse, Result as WireResult,
};
use std::hash::{DefaultHasher, Hash, Hasher};

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
        // The payment has its id from here on, though nobody knows yet how it ends.
        Standing::Waiting => PayResponse {
            payment_id: Some(payment.payment_id.clone()),
            ..bare(result("U", "PAYMENT_IN_PROCESS"))
        },
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

/// cancel: always whole, and once more if it was before. Whichever id it was asked by, what is found
/// is told by both; what is not has none.
pub(crate) fn cancel(payment: Option<&Payment>, at_ms: i64) -> Done<CancelResponse> {
    let says = |result, cancel_time| CancelResponse {
        result,
        payment_request_id: payment.map(|known| known.opened.request.clone()),
        payment_id: payment.map(|known| known.payment_id.clone()),
        cancel_time,
    };
    let refused = |code: &str| Done {
        entries: Vec::new(),
        says: says(result("F", code), None),
    };
    let Some(known) = payment else {
        return refused("ORDER_NOT_EXIST");
    };
    if !known.refunds.is_empty() {
        return refused("ORDER_STATUS_INVALID");
    }
    let already = known.standing == Standing::Cancelled;
    let request = known.opened.request.clone();
    let entry = (!already).then_some(Entry::Cancelled { request, at_ms });
    Done {
        entries: entry.into_iter().collect(),
        says: says(success(), Some(iso8601(at_ms))),
    }
}

/// refund: never more than was paid; the same key says the same again. A refusal is its result and
/// no more (protocol 3.5).
pub(crate) fn refund(
    payment: Option<&Payment>,
    asked: &RefundRequest,
    at_ms: i64,
) -> Done<RefundResponse> {
    let refused = |code: &str| Done {
        entries: Vec::new(),
        says: RefundResponse {
            result: result("F", code),
            refund_request_id: None,
            refund_id: None,
            payment_id: None,
            refund_amount: None,
            refund_time: None,
        },
    };
    let done = RefundResponse {
        result: success(),
        refund_request_id: Some(asked.refund_request_id.clone()),
        refund_id: Some(refund_id(&asked.refund_request_id)),
        payment_id: Some(asked.payment_id.clone()),
        refund_amount: Some(asked.refund_amount.clone()),
        refund_time: Some(iso8601(at_ms)),
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
            says: done,
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
        says: done,
    }
}

/// The answer to inquiryRefund. Alipay's own id wins; of what is not found nothing is echoed
/// (protocol 3.6).
pub(crate) fn inquiry_refund_answer(
    books: &Books,
    asked: &InquiryRefundRequest,
) -> InquiryRefundResponse {
    let wanted = |key: &str| match (&asked.refund_id, &asked.refund_request_id) {
        (Some(id), _) => *id == refund_id(key),
        (None, Some(request)) => request == key,
        (None, None) => false,
    };
    let payments = books.payments.values();
    let mut refunds = payments.flat_map(|payment| {
        let refunds = payment.refunds.iter();
        refunds.map(move |(key, amount_minor)| (payment, key, *amount_minor))
    });
    let Some((payment, key, amount_minor)) = refunds.find(|(_, key, _)| wanted(key)) else {
        return InquiryRefundResponse {
            result: result("F", "REFUND_NOT_EXIST"),
            refund_status: None,
            refund_request_id: None,
            refund_id: None,
            refund_amount: None,
        };
    };
    InquiryRefundResponse {
        result: success(),
        refund_status: Some("SUCCESS".to_owned()),
        refund_request_id: Some(key.clone()),
        refund_id: Some(refund_id(key)),
        refund_amount: Some(Amount {
            currency: payment.opened.currency.clone(),
            value: amount_minor.to_string(),
        }),
    }
}

/// Alipay's id of the refund under this key; another for each, within 64 characters.
fn refund_id(refund_request_id: &str) -> String {
    const KEY_CHARS_MAX: usize = 44;
    let whole = refund_request_id.chars().count() <= KEY_CHARS_MAX;
    let key: String = refund_request_id.chars().take(KEY_CHARS_MAX).collect();
    if whole {
        return format!("RF-{key}");
    }
    let mut digest = DefaultHasher::new();
    refund_request_id.hash(&mut digest);
    format!("RF-{key}{:016x}", digest.finish())
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
