//! A simulator on a free port, and an account that may call it.

use alipay::signature::{Bound, FreshKeys, Signer};
use alipay::{Account, Client, Options, Shop, Within};
use alipay_simulator::{App, Config};
use chassis::clock::{Clock, System};
use chassis::shutdown::Shutdown;
use payment::{
    AlipayPaymentId, Answer, Ask, CodeFormat, Currency, MerchantId, Money, OrderNumber,
    PaymentCode, PaymentRequestId, Policy, PolicyNumbers, Reference, RefundRequestId, TerminalId,
    Terms, Timestamp,
};
use reqwest::Response;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

pub(crate) const CLIENT_ID: &str = "SANDBOX_COUNTER";

pub(crate) struct Counter {
    pub(crate) base: String,
    client: Client,
    signer: Signer,
    stop: Shutdown,
    running: JoinHandle<anyhow::Result<()>>,
}

/// Where notifications go, unless a test listens elsewhere.
const NOWHERE: &str = "http://127.0.0.1:9/alipay/v1/notifications/payments";

fn keys(dir: &Path) {
    if dir.join("ours").exists() {
        return;
    }
    for name in ["ours", "alipays"] {
        let fresh = FreshKeys::make().unwrap();
        std::fs::write(dir.join(name), fresh.private_pem.as_bytes()).unwrap();
        std::fs::write(dir.join(format!("{name}.pub")), &fresh.public_pem).unwrap();
    }
}

impl Counter {
    pub(crate) fn open(dir: &Path) -> Self {
        Self::notifying(dir, NOWHERE)
    }

    pub(crate) fn notifying(dir: &Path, notify_url: &str) -> Self {
        keys(dir);
        let standard = Config::standard(CLIENT_ID, dir.join("alipays"), dir.join("ours.pub"));
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ledger_file: Some(dir.join("ledger.jsonl")),
            resend_after_ms: vec![10, 20, 1_000, 1_000],
            silence_ms: 1_000,
            ..standard
        };
        let app = App::build(&config, Arc::new(System)).unwrap();
        let base = format!("http://{}", app.addr());
        let options = Options {
            client_id: CLIENT_ID.to_owned(),
            private_key_file: dir.join("ours"),
            key_version: 1,
            further_private_keys: Vec::new(),
            alipay_public_key_file: dir.join("alipays.pub"),
            further_alipay_keys: Vec::new(),
            base_url: base.clone(),
            notify_url: notify_url.to_owned(),
            settlement_currency: "CNY".to_owned(),
            idle_ms: 4_000,
            merchant_region: None,
        };
        let stop = Shutdown::new();
        let heard = stop.clone();
        Self {
            base,
            client: Client::new(Account::open(&options).unwrap()).unwrap(),
            signer: Signer::from_pem(&std::fs::read_to_string(dir.join("ours")).unwrap(), 1)
                .unwrap(),
            running: tokio::spawn(app.run(async move { heard.requested().await })),
            stop,
        }
    }

    pub(crate) async fn close(self) {
        self.stop.request();
        self.running.await.unwrap().unwrap();
    }

    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        let shop = Shop {
            merchant_name: "Corner".to_owned(),
            merchant_mcc: "5812".to_owned(),
            store_id: "S-1".to_owned(),
            store_name: "The counter".to_owned(),
            store_mcc: "5812".to_owned(),
            merchant_region: None,
        };
        let now = Timestamp::from_ms(System.now_ms());
        let whole = Duration::from_millis(500);
        let within = Within {
            begin: whole,
            whole,
        };
        self.client.ask(ask, Some(&shop), now, within).await.answer
    }

    pub(crate) async fn pay(&self, request: &str, code: &str, minor: i64) -> Answer {
        let now = Timestamp::from_ms(System.now_ms());
        let terms = Terms {
            merchant: MerchantId::parse("corner-shop").unwrap(),
            order_number: OrderNumber::parse(&format!("O-{request}")).unwrap(),
            reference: Reference::parse(request).unwrap(),
            terminal: TerminalId::parse("till-1").unwrap(),
            payment_request_id: PaymentRequestId::parse(request).unwrap(),
            amount: cny(minor),
            description: "Lunch".to_owned(),
            accepted_at: now,
            policy: Policy::new(PolicyNumbers::standard()).unwrap(),
        };
        let code = PaymentCode::parse(code, &CodeFormat::standard()).unwrap();
        let terms = Box::new(terms);
        self.ask(&Ask::Pay { terms, code }).await
    }

    pub(crate) async fn inquire(&self, request: &str) -> Answer {
        let payment_request_id = PaymentRequestId::parse(request).unwrap();
        self.ask(&Ask::Inquire { payment_request_id }).await
    }

    pub(crate) async fn cancel(&self, request: &str) -> Answer {
        let payment_request_id = PaymentRequestId::parse(request).unwrap();
        self.ask(&Ask::Cancel { payment_request_id }).await
    }

    pub(crate) async fn refund(&self, key: &RefundRequestId, id: &str, minor: i64) -> Answer {
        let ask = Ask::Refund {
            refund_request_id: *key,
            alipay_payment_id: AlipayPaymentId::parse(id).unwrap(),
            amount: cny(minor),
        };
        self.ask(&ask).await
    }

    /// Any request, signed as this account; the answer as it stands on the wire.
    pub(crate) async fn raw(&self, api: &str, body: &Value) -> Value {
        let answer = self.signed_by(&self.signer, api, body).await;
        answer.json().await.unwrap()
    }

    /// The same, signed with this key.
    pub(crate) async fn signed_by(&self, signer: &Signer, api: &str, body: &Value) -> Response {
        let path = format!("/ams/sandbox/api/v1/payments/{api}");
        let body = body.to_string();
        let time = System.now_ms().to_string();
        let bound = Bound {
            path: &path,
            client_id: CLIENT_ID,
            time: &time,
        };
        let signature = signer.header_value(&bound, body.as_bytes()).unwrap();
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.base))
            .header("client-id", CLIENT_ID)
            .header("request-time", &time)
            .header("signature", signature)
            .body(body);
        request.send().await.unwrap()
    }

    pub(crate) async fn ledger(&self, request: &str) -> Value {
        let url = format!(
            "{}/simulator/ledger?payment_request_id={request}",
            self.base
        );
        let whole: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        whole["payments"][0].clone()
    }

    pub(crate) async fn balance_minor(&self, customer: &str) -> i64 {
        let url = format!("{}/simulator/ledger?customer={customer}", self.base);
        let whole: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        whole["customers"][0]["balance_minor"].as_i64().unwrap()
    }
}

pub(crate) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::parse("CNY").unwrap()).unwrap()
}
