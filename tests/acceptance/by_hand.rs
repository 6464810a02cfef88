//! What an operator does by hand, on either engine: resolves what needs attention, and has dead
//! letters tried again. What can't be made to happen in a test's time is put into the history as
//! workers would have written it.

use crate::merchant::{Merchant, charged_minor, ledger};
use bus::{Command as Order, CommandBody, CommandLog, MemoryLog, Producer, Sealer, SealingKey};
use chassis::clock::{Clock, System};
use payment::{
    Answer, CancelAnswer, CodeFormat, Currency, Event, Input, MerchantId, Money, OrderNumber,
    PaymentCode, PaymentId, PaymentRequestId, Policy, PolicyNumbers, Reference, ResultCode, Seen,
    Standing, TerminalId, Terms, Timestamp, Todo,
};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Append, DeadLetter, Letter, Store};
use tokio::process::Command;
use uuid::Uuid;

/// A worker looks every second.
const SOON: Duration = Duration::from_secs(20);

/// An operator's place: the history, and a command line that works on it.
pub(crate) struct Desk<'d> {
    pub(crate) store: Store,
    pub(crate) sealing_key: &'d Path,
    pub(crate) merchant: Merchant,
    pub(crate) simulator: String,
    /// `tidegate` with these words, on this history.
    pub(crate) command: &'d (dyn Fn(&[&str]) -> Command + Sync),
}

impl Desk<'_> {
    /// Exit code, standard output, standard error.
    async fn asked(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = (self.command)(words);
        let output = command.env("USER", "ops-1").output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        (output.status.code(), out, err)
    }

    async fn said(&self, words: &[&str]) -> String {
        let (code, out, err) = self.asked(words).await;
        assert_eq!(code, Some(0), "{words:?}: {err}");
        out
    }

    async fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.said(words).await).unwrap()
    }

    /// It is refused, with this in what is said.
    async fn refused(&self, words: &[&str], part: &str) {
        let (code, out, err) = self.asked(words).await;
        assert_eq!((code, out.as_str()), (Some(64), ""), "{words:?}: {err}");
        assert!(err.contains(part), "{words:?}: {err}");
    }

    async fn dead_letters(&self) -> Vec<Value> {
        let listed = self.json(&["dead-letters", "list", "--json"]).await;
        listed["dead_letters"].as_array().unwrap().clone()
    }

    /// The dead letters, once this is so.
    async fn dead_letters_once(&self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            let letters = self.dead_letters().await;
            if is_so(&letters) || tokio::time::Instant::now() > deadline {
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The payment, once it has this status.
    async fn looked_until(&self, id: &str, status: &str) -> Value {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            let payment = self.merchant.look(id).await;
            if payment["status"] == status {
                return payment;
            }
            let in_time = tokio::time::Instant::now() < deadline;
            assert!(in_time, "it is not {status}: {payment}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A command among the dead letters, sealed as a door seals; gives its id.
    async fn dead(&self, sale: &Terms, body: CommandBody) -> String {
        let key = std::fs::read_to_string(self.sealing_key).unwrap();
        let sealer = Sealer::new(SealingKey::parse(&key).unwrap(), Vec::new());
        let log = Arc::new(MemoryLog::new());
        let (order, payment) = (sale.order(), sale.payment());
        let command = Order {
            id: Uuid::new_v4(),
            order,
            payment,
            produced_at: sale.accepted_at,
            traceparent: None,
            body,
        };
        let door = Producer::embedded(log.clone(), sealer);
        door.produce(&command).await.unwrap();
        let partition = bus::partition_of(order);
        let (_, record) = log.read(partition, 0, 1).await.unwrap().remove(0);
        // No place of a log that is at work.
        let place = (partition, i64::MAX);
        let dead = DeadLetter {
            letter: Letter::new(place, Some(order), Some(payment), record),
            reason: "an event of its order can't be read".to_owned(),
            at: now(),
        };
        self.store.bury(&dead).await.unwrap();
        dead.letter.id.to_string()
    }
}

fn now() -> Timestamp {
    Timestamp::from_ms(System.now_ms())
}

/// The demo merchant's sale, taken so long ago.
fn taken(reference: &str, ago_ms: i64) -> Terms {
    Terms {
        merchant: MerchantId::parse("demo-merchant").unwrap(),
        order_number: OrderNumber::parse(&format!("order-{reference}")).unwrap(),
        reference: Reference::parse(reference).unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse(&format!("by-hand-{reference}")).unwrap(),
        amount: Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Lunch".to_owned(),
        accepted_at: now().plus_ms(-ago_ms),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

/// A history whose cancels were in doubt until, a moment ago, a person was asked to look. Its next
/// cancel is due in half a minute.
async fn needing_attention(store: &Store, reference: &str) -> Terms {
    // So long that its last cancel was answered a moment ago.
    let sale = taken(reference, 62_000);
    let (payment, at) = (sale.payment(), |ms| sale.accepted_at.plus_ms(ms));
    let mut events: Vec<Event> = Vec::new();
    let mut order = payment::Order::default();
    let mut take = |order: payment::Order, input: Input, ms: i64| {
        let news = payment::decide(&order, input, at(ms)).unwrap();
        let after = news.iter().fold(order, payment::evolve);
        events.extend(news);
        after
    };
    order = take(order, Input::Pay(Box::new(sale.clone())), 1);
    let (mut ms, mut begun) = (2, 1);
    order = take(order, Input::Cancel { payment }, ms);
    while !needs_attention(&order, payment) {
        match payment::due(&order, at(ms)) {
            Todo::Call { call, .. } => {
                begun += 1;
                order = take(order, Input::Begin { payment, call }, ms);
                let code = ResultCode::new("UNKNOWN_EXCEPTION");
                let answer = Input::Answer {
                    payment,
                    begun,
                    answer: Answer::Cancel(CancelAnswer::InDoubt { code }),
                    clock_skew_ms: 0,
                };
                ms += 1;
                order = take(order, answer, ms);
            }
            Todo::WakeAt(wake_at) => ms = wake_at.ms_since(at(0)),
            Todo::Rest => panic!("a reversal goes on"),
        }
    }
    let Todo::WakeAt(wake_at) = payment::due(&order, at(ms)) else {
        panic!("the next cancel is not due yet");
    };
    // In one piece, before a worker can see that it owes something.
    let append = Append {
        order: sale.order(),
        expected_version: 0,
        events: &events,
        after: &order,
        wake_at: Some(wake_at),
        partition: bus::partition_of(sale.order()),
    };
    store.append(append).await.unwrap();
    sale
}

fn needs_attention(order: &payment::Order, payment: PaymentId) -> bool {
    matches!(payment::view(order, payment), Seen::Payment(view)
        if matches!(view.standing, Standing::NeedsAttention(_)))
}

/// A15: nothing is called any more, what is told stays, and who resolved it and why is shown.
pub(crate) async fn resolves(desk: &Desk<'_>) {
    let paid = desk.merchant.sell("sold", "280000000000000001").await;
    assert_eq!(paid["outcome"], "paid", "{paid}");
    let sale = needing_attention(&desk.store, "attention").await;
    let id = sale.payment().to_string();
    let before = desk.merchant.look(&id).await;
    assert_eq!(before["status"], "needs_attention", "{before}");
    let resolve = |more: &[&'static str]| {
        let words = ["payments", "resolve", "attention"].iter();
        words.chain(more).copied().collect::<Vec<&str>>()
    };
    desk.refused(&resolve(&[]), "--reason").await;
    desk.refused(&resolve(&["--reason", " "]), "--reason").await;
    let code = ["--reason", "code 281006020000000000125733"];
    desk.refused(&resolve(&code), "payment code").await;
    let nobody = ["payments", "resolve", "nobody", "--reason", "seen"];
    desk.refused(&nobody, "no payment is known by").await;
    let listed = desk.said(&["payments", "list", "--needs-attention"]).await;
    assert!(listed.ends_with("1 payment needs attention.\n"), "{listed}");

    let reason = ["--reason", "Alipay refunded it, case 4711"];
    let said = desk.said(&resolve(&reason)).await;
    assert!(said.contains("nothing is called for it any more"), "{said}");
    let again = ["--reason", "once more", "--operator", "ops-2"];
    let said = desk.said(&resolve(&again)).await;
    assert!(said.contains("resolved before"), "{said}");
    let order = desk.store.load(sale.order()).await.unwrap();
    assert_eq!(
        payment::due(&order, now().plus_ms(86_400_000)),
        Todo::Rest,
        "nothing is owed, whenever it is asked"
    );
    let after = desk.merchant.look(&id).await;
    for told in ["status", "outcome", "next_action", "cashier_line"] {
        assert_eq!(after[told], before[told], "{told}");
    }
    let listed = desk.said(&["payments", "list", "--needs-attention"]).await;
    assert!(
        listed.contains("by ops-1: Alipay refunded it, case 4711"),
        "{listed}"
    );
    assert!(
        listed.ends_with("1 payment needs attention. It is resolved.\n"),
        "{listed}"
    );
    let shown = desk.said(&["payments", "show", &id]).await;
    for sentence in [
        "a person was asked to look; the queue goes on trying.",
        "ops-1 resolved it, so nothing more is called: Alipay refunded it, case 4711.",
        "For Alipay's support:",
        "Client-Id ",
        "paymentRequestId by-hand-attention",
        "referenceMerchantId demo-merchant, referenceOrderId order-attention",
        "Alipay never said that the customer was charged",
        "U UNKNOWN_EXCEPTION, at ",
    ] {
        assert!(shown.contains(sentence), "{sentence}: {shown}");
    }
    let shown = desk.json(&["payments", "show", &id, "--json"]).await;
    let shown = &shown["payments"][0];
    assert_eq!(shown["resolved"]["operator"], "ops-1", "{shown}");
    assert!(shown["needs_attention_since"].is_string(), "{shown}");
    assert!(shown["support"]["client_id"].is_string(), "{shown}");

    let sold = ["payments", "resolve", "sold", "--reason", "seen"];
    desk.refused(&sold, "it stands at status paid").await;
}

fn replay<'w>(ids: &[&'w str]) -> Vec<&'w str> {
    let words = ["dead-letters", "replay", "--reason", "the event is mended"];
    words.iter().chain(ids).copied().collect()
}

/// A dead letter has, when it is replayed, the effect that it may still have, and a reader sees who
/// had it tried again.
pub(crate) async fn replays(desk: &Desk<'_>) {
    let none = desk.said(&["dead-letters", "list"]).await;
    assert_eq!(none, "There is no dead letter.\n");
    let paid = desk.merchant.sell("cancelled", "280000000000000003").await;
    assert_eq!(paid["outcome"], "paid", "{paid}");
    let cancelled = taken("cancelled", 0);
    let cancel = desk.dead(&cancelled, CommandBody::Cancel).await;
    let late = taken("late", 60_000);
    let code = PaymentCode::parse("280000000000000004", &CodeFormat::standard()).unwrap();
    let terms = Box::new(late.clone());
    let pay = desk.dead(&late, CommandBody::Pay { terms, code }).await;
    let listed = desk.said(&["dead-letters", "list"]).await;
    for part in [
        cancel.as_str(),
        &pay,
        "an event of its order can't be read",
        &late.payment().to_string(),
        "There are 2 dead letters.\n",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert!(!listed.contains("280000000000000004"), "{listed}");

    let unknown = Uuid::nil().to_string();
    desk.refused(&replay(&[&unknown]), "there is no dead letter 0000")
        .await;
    let none = ["dead-letters", "replay", "17", "--reason", "seen"];
    desk.refused(&none, "invalid value '17'").await;
    desk.refused(&["dead-letters", "replay", &pay], "--reason")
        .await;
    let code = [
        "dead-letters",
        "replay",
        &pay,
        "--reason",
        "2810060200000000",
    ];
    desk.refused(&code, "payment code").await;
    assert_eq!(desk.dead_letters().await.len(), 2, "nothing was replayed");

    let said = desk.said(&replay(&[&cancel, &pay])).await;
    assert_eq!(said.matches("is tried again").count(), 2, "{said}");
    let id = paid["id"].as_str().unwrap();
    let told = desk.looked_until(id, "reversed").await;
    assert_eq!(told["outcome"], "not_paid", "{told}");
    let at_alipay = ledger(&desk.simulator, "order-cancelled").await;
    assert_eq!(charged_minor(&at_alipay), 0, "{at_alipay:?}");
    let id = late.payment().to_string();
    let told = desk.looked_until(&id, "failed").await;
    assert_eq!(told["proof"]["kind"], "never_sent", "{told}");
    let at_alipay = ledger(&desk.simulator, "order-late").await;
    assert!(at_alipay.is_empty(), "{at_alipay:?}");
    let left = desk.dead_letters_once(<[Value]>::is_empty).await;
    assert!(left.is_empty(), "{left:?}");
    let letter = Uuid::parse_str(&cancel).unwrap();
    let audited = desk.store.onlooker().replays(letter).await.unwrap();
    assert_eq!(audited[0].operator, "ops-1");
    assert_eq!(audited[0].reason, "the event is mended");

    // One that nobody will ever carry out comes back, and says who tried.
    let record = br#"{"version":1,"body":{"kind":"p"#.to_vec();
    let broken = DeadLetter {
        letter: Letter::new((3, i64::MAX), None, None, record),
        reason: "it ends too soon".to_owned(),
        at: now(),
    };
    desk.store.bury(&broken).await.unwrap();
    let id = broken.letter.id.to_string();
    desk.said(&replay(&[&id])).await;
    let left = desk.dead_letters_once(|all| !all.is_empty()).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], id.as_str());
    assert_eq!(left[0]["replays"][0]["operator"], "ops-1", "{left:?}");
}
