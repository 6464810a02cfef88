//! Orders, and a store to put them in.

use payment::{
    AlipayPaymentId, Answer, Approval, CancelAnswer, Currency, Input, MerchantId, Money,
    OrderNumber, PayAnswer, PaymentRequestId, Policy, PolicyNumbers, Reference, ResultCode, Seen,
    Standing, TerminalId, Terms, Timestamp, Todo,
};
use std::time::Duration;
use store::{Executed, Met, NewReceipt, Recorded, Store, Taken};

pub(crate) const NOON_MS: i64 = 1_795_406_400_000;

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(NOON_MS + ms)
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::parse("corner-shop").unwrap()
}

pub(crate) fn terms(order: &str, reference: &str) -> Terms {
    Terms {
        merchant: merchant(),
        order_number: OrderNumber::parse(order).unwrap(),
        reference: Reference::parse(reference).unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse(&format!("P-{reference}")).unwrap(),
        amount: Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Lunch".to_owned(),
        accepted_at: at(0),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

pub(crate) fn approved(terms: &Terms) -> Input {
    Input::Answer {
        payment: terms.payment(),
        begun: 1,
        answer: Answer::Pay(PayAnswer::Approved(Approval {
            alipay_payment_id: AlipayPaymentId::parse(&format!("A-{}", terms.reference)).unwrap(),
            amount: terms.amount,
        })),
        clock_skew_ms: 0,
    }
}

/// Takes an input in, as a door does.
pub(crate) async fn take_in(store: &Store, terms: &Terms, input: Input, ms: i64) -> Executed {
    store::execute(store, terms.order(), input, at(ms), 3)
        .await
        .unwrap()
}

pub(crate) async fn pay(store: &Store, terms: &Terms) -> Executed {
    take_in(store, terms, Input::Pay(Box::new(terms.clone())), 1).await
}

/// Paid and released.
pub(crate) async fn sell(store: &Store, terms: &Terms) {
    let payment = terms.payment();
    pay(store, terms).await;
    take_in(store, terms, approved(terms), 2).await;
    take_in(store, terms, Input::Release { payment }, 3).await;
}

/// Sold, cancelled and given back.
pub(crate) async fn take_back(store: &Store, terms: &Terms) {
    let payment = terms.payment();
    take_in(store, terms, Input::Cancel { payment }, 4).await;
    let call = payment::Call::Cancel;
    take_in(store, terms, Input::Begin { payment, call }, 5).await;
    let answer = Input::Answer {
        payment,
        begun: 2,
        answer: Answer::Cancel(CancelAnswer::Cancelled),
        clock_skew_ms: 0,
    };
    take_in(store, terms, answer, 6).await;
}

/// Its cancels were in doubt until a person was asked to look. Gives when, after noon.
pub(crate) async fn needing_attention(store: &Store, terms: &Terms) -> i64 {
    let payment = terms.payment();
    pay(store, terms).await;
    let mut order = take_in(store, terms, Input::Cancel { payment }, 400)
        .await
        .order;
    let mut ms = 400;
    let mut begun = 1;
    loop {
        let Seen::Payment(view) = payment::view(&order, payment) else {
            panic!("there is a payment");
        };
        if matches!(view.standing, Standing::NeedsAttention(_)) {
            return ms;
        }
        match payment::due(&order, at(ms)) {
            Todo::Call { call, .. } => {
                begun += 1;
                take_in(store, terms, Input::Begin { payment, call }, ms).await;
                let code = ResultCode::new("UNKNOWN_EXCEPTION");
                let answer = Input::Answer {
                    payment,
                    begun,
                    answer: Answer::Cancel(CancelAnswer::InDoubt { code }),
                    clock_skew_ms: 0,
                };
                ms += 1;
                order = take_in(store, terms, answer, ms).await.order;
            }
            Todo::WakeAt(wake_at) => ms = wake_at.ms_since(at(0)),
            Todo::Rest => panic!("a reversal goes on"),
        }
    }
}

pub(crate) async fn receipt(store: &Store, terms: &Terms, digest: &str) -> Taken {
    let made = terms.clone();
    let new = NewReceipt {
        merchant: terms.merchant.clone(),
        reference: terms.reference.clone(),
        terminal: terms.terminal.clone(),
        digest: digest.to_owned(),
        make_terms: move |_sequence| made,
    };
    store.take_receipt(new).await.unwrap()
}

/// How often to look for events that others' transactions hold back.
const LOOKS_MAX: u32 = 3_000;

/// All events there are that can be read, once nothing holds any back: on PostgreSQL a transaction of any database
/// of the server may, for a moment.
pub(crate) async fn all_events(store: &Store) -> Vec<Recorded> {
    for _ in 0..LOOKS_MAX {
        let all = store.events_after(0, 100_000).await.unwrap();
        let seen = all.last().map_or(0, Met::position);
        if seen == store.last_position().await.unwrap() {
            let readable = all.into_iter().filter_map(|met| match met {
                Met::Event(recorded) => Some(recorded),
                Met::Unread(_) => None,
            });
            return readable.collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("events are held back for ever");
}
