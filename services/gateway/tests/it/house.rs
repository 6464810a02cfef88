//! A gateway with everything around it: a store in a folder of its own, a command log in memory, a
//! clock that stands, an issuer. The worker is played by hand, one command at a time.

use crate::issuer::{self, IssuerKey};
use bus::{CommandBody, Consumer, ConsumerOptions, Delivery, MemoryLog, Payload, Producer};
use bus::{Sealer, SealingKey, partition_of};
use chassis::clock::{Clock, Standing};
use chassis::health::Health;
use chassis::metrics::Metrics;
use fleet::News;
use gateway::{Alipay, App, Config, Parts};
use payment::{
    AlipayPaymentId, Answer, Approval, Currency, Input, MerchantId, Money, Notice, OrderId,
    PayAnswer, PaymentId, Reference, ResultCode, Timestamp,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use store::{Executed, Store};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const T0_MS: i64 = 1_795_000_000_000;
pub(crate) const CODE: &str = "281012020262467128";

/// One recorder for the whole run: counters of other tests are in it too.
static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics::install().unwrap());

pub(crate) struct House {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) base: String,
    pub(crate) store: Store,
    pub(crate) log: MemoryLog,
    pub(crate) clock: Arc<Standing>,
    pub(crate) key: IssuerKey,
    pub(crate) health: Health,
    consumer: Consumer,
    producer: Producer,
    news: News,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

/// The settings as an operator would write them.
pub(crate) fn settings(dir: &tempfile::TempDir) -> String {
    format!(
        r#"
        listen = "127.0.0.1:0"
        [tokens]
        issuer = "{}"
        audience = "{}"
        jwks_file = "{}"
        [limits]
        workers = 1
        drain_s = 5
        [[merchants]]
        id = "m-1"
        currencies = ["CNY", "JPY"]
        [[merchants]]
        id = "m-2"
        currencies = ["CNY"]
        "#,
        issuer::ISSUER,
        issuer::AUDIENCE,
        dir.path().join("jwks.json").display()
    )
}

impl House {
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = IssuerKey::ed25519("ed-1");
        std::fs::write(dir.path().join("jwks.json"), issuer::jwks(&[&key])).unwrap();
        let text = settings(&dir);
        Self::open_with(dir, key, &text).await
    }

    /// With other settings than the usual ones.
    pub(crate) async fn open_set(from: &str, to: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = IssuerKey::ed25519("ed-1");
        std::fs::write(dir.path().join("jwks.json"), issuer::jwks(&[&key])).unwrap();
        let text = settings(&dir).replace(from, to);
        Self::open_with(dir, key, &text).await
    }

    pub(crate) async fn open_with(dir: tempfile::TempDir, key: IssuerKey, text: &str) -> Self {
        LazyLock::force(&METRICS);
        let config: Config = chassis::config::from_text(text).unwrap();
        let store = Store::open(&dir.path().join("tidegate.db")).await.unwrap();
        let log = MemoryLog::new();
        let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let sealer = Sealer::new(SealingKey::from_bytes(&bytes).unwrap(), Vec::new());
        let producer = Producer::embedded(Arc::new(log.clone()), sealer.clone());
        let consumer = Consumer::embedded(
            Arc::new(log.clone()),
            sealer,
            &producer.doorbell(),
            ConsumerOptions::standard(),
        );
        let (clock, news, health) = (
            Arc::new(Standing::at_ms(T0_MS)),
            News::in_process(),
            Health::new(),
        );
        let parts = Parts {
            store: store.clone(),
            producer: producer.clone(),
            news: news.clone(),
            alipay: Alipay {
                verifier: issuer::alipay_verifier(),
                client_id: issuer::CLIENT_ID.to_owned(),
            },
            clock: clock.clone(),
            health: health.clone(),
        };
        let app = App::build(config, parts).unwrap();
        let base = format!("http://{}", app.addr());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(app.run(async {
            let _ = stopped.await;
        }));
        Self {
            dir,
            base,
            store,
            log,
            clock,
            key,
            health,
            consumer,
            producer,
            news,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop: Some(stop),
            running,
        }
    }

    /// Another gateway of the same house, on this address.
    pub(crate) fn build_another(&self, listen: &str) -> anyhow::Result<App> {
        let text = settings(&self.dir).replace("127.0.0.1:0", listen);
        let config: Config = chassis::config::from_text(&text)?;
        let parts = Parts {
            store: self.store.clone(),
            producer: self.producer.clone(),
            news: self.news.clone(),
            alipay: Alipay {
                verifier: issuer::alipay_verifier(),
                client_id: issuer::CLIENT_ID.to_owned(),
            },
            clock: self.clock.clone(),
            health: Health::new(),
        };
        App::build(config, parts)
    }

    /// Waits until the gateway has stopped.
    pub(crate) async fn ended(&mut self) {
        (&mut self.running).await.unwrap();
    }

    /// Everything that was counted so far, by other tests too.
    pub(crate) fn metrics() -> String {
        METRICS.render()
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }

    pub(crate) fn claims(&self, merchant: &str) -> Value {
        let now_s = self.clock.now_ms() / 1_000;
        json!({
            "iss": issuer::ISSUER, "aud": issuer::AUDIENCE, "exp": now_s + 300, "nbf": now_s - 5,
            "merchant_id": merchant, "scope": "payments:write payments:read",
        })
    }

    pub(crate) fn token(&self, merchant: &str) -> String {
        self.key.sign(&self.claims(merchant))
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.http.request(method.parse().unwrap(), url)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.bare("GET", path).bearer_auth(self.token("m-1"))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.bare("POST", path).bearer_auth(self.token("m-1"))
    }

    pub(crate) fn pay(&self, key: &str, body: &Value) -> RequestBuilder {
        self.post("/v1/payments")
            .header("Idempotency-Key", key)
            .json(body)
    }

    /// Takes the next command off the bus.
    pub(crate) async fn command(&self) -> Delivery {
        let next = tokio::time::timeout(Duration::from_secs(30), self.consumer.next());
        next.await.expect("no command came").unwrap()
    }

    /// Whether nothing waits on the bus.
    pub(crate) async fn idle(&self) -> bool {
        let next = tokio::time::timeout(Duration::from_millis(30), self.consumer.next());
        next.await.is_err()
    }

    /// Plays the worker for one command: takes it in as it is.
    pub(crate) async fn work(&self) -> Executed {
        let delivery = self.command().await;
        let Payload::Command(command) = &delivery.payload else {
            panic!("poison: {delivery:?}");
        };
        let payment = command.payment;
        let input = match command.body.clone() {
            CommandBody::Pay { terms, code } => {
                assert_eq!(code.expose(), CODE);
                Input::Pay(terms)
            }
            CommandBody::Cancel => Input::Cancel { payment },
            CommandBody::Notice(notice) => Input::Notice { payment, notice },
        };
        let taken = self.take_in(command.order, payment, input).await;
        self.consumer.done(&delivery).await.unwrap();
        taken
    }

    pub(crate) async fn take_in(
        &self,
        order: OrderId,
        payment: PaymentId,
        input: Input,
    ) -> Executed {
        let partition = partition_of(order);
        let taken = store::execute(&self.store, order, input, self.now(), partition);
        let taken = taken.await.unwrap();
        self.news.tell(payment);
        taken
    }

    /// Whoever waits at this payment looks again.
    pub(crate) fn tell(&self, payment: PaymentId) {
        self.news.tell(payment);
    }

    /// Plays Alipay's answer to pay.
    pub(crate) async fn answered(&self, ids: Ids, answer: PayAnswer) {
        let input = Input::Answer {
            payment: ids.payment,
            begun: 1,
            answer: Answer::Pay(answer),
            clock_skew_ms: 0,
        };
        self.take_in(ids.order, ids.payment, input).await;
    }

    /// A sale that was told paid: taken, worked on, approved, asked for.
    pub(crate) async fn paid(&self, key: &str, order: &str) -> Ids {
        let response = self.pay(key, &sale(order)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        self.work().await;
        let ids = ids("m-1", key, order);
        self.answered(ids, approved(1988)).await;
        let body = json_of(self.get(&path(ids, "")).send().await.unwrap()).await;
        assert_eq!(body["outcome"], "paid");
        ids
    }
}

/// An order and one payment of it.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
}

pub(crate) fn ids(merchant: &str, key: &str, order: &str) -> Ids {
    let merchant = MerchantId::parse(merchant).unwrap();
    let number = payment::OrderNumber::parse(order).unwrap();
    Ids {
        order: OrderId::of(&merchant, &number),
        payment: PaymentId::of(&merchant, &Reference::parse(key).unwrap()),
    }
}

pub(crate) fn path(ids: Ids, rest: &str) -> String {
    format!("/v1/payments/{}{rest}", ids.payment)
}

pub(crate) fn sale(order: &str) -> Value {
    json!({
        "order_id": order, "terminal_id": "till-3", "payment_code": CODE,
        "amount_minor": 1988, "currency": "CNY",
    })
}

pub(crate) fn approval(amount_minor: i64) -> Approval {
    Approval {
        alipay_payment_id: AlipayPaymentId::parse("2026112311223344556677").unwrap(),
        amount: Money::new(amount_minor, Currency::parse("CNY").unwrap()).unwrap(),
    }
}

pub(crate) fn approved(amount_minor: i64) -> PayAnswer {
    PayAnswer::Approved(approval(amount_minor))
}

pub(crate) fn declined(code: &str) -> PayAnswer {
    PayAnswer::Refused {
        code: ResultCode::new(code),
    }
}

pub(crate) fn paid_notice(amount_minor: i64) -> Notice {
    Notice {
        result: payment::NoticeResult::Paid(approval(amount_minor)),
    }
}

/// What a waiting request was answered, long before its wait was over.
pub(crate) async fn soon(waiting: JoinHandle<reqwest::Result<Response>>) -> Response {
    let answered = tokio::time::timeout(Duration::from_secs(15), waiting);
    answered.await.expect("nobody answered").unwrap().unwrap()
}

pub(crate) async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// The response is this problem, whole and well formed.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    let said = response.status().as_u16();
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = json_of(response).await;
    assert_eq!(
        (said, body["code"].as_str()),
        (status, Some(code)),
        "{body}"
    );
    assert_eq!(kind, "application/problem+json");
    assert_eq!(body["status"], status);
    assert_eq!(body["request_id"], id.as_str());
    assert_eq!(body["type"], format!("/docs/errors/{code}"));
    assert!(body["retryable"].is_boolean() && body["next_action"].is_string());
    assert!(body["detail"].as_str().unwrap().len() > 10);
    assert!(!body.to_string().contains(CODE));
    body
}
