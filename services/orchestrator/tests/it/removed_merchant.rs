//! A merchant that was taken out of the configuration: what was accepted of it is finished all the
//! same, since only pay names a shop.

use crate::world::World;
use alipay::signature::FreshKeys;
use alipay::{Account, Client, Options, Within};
use orchestrator::{Line, Wire};
use payment::{
    AlipayPaymentId, Answer, Ask, CodeFormat, Loss, PaymentCode, RefundRequestId, Timestamp,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// A line to this address, on which no merchant has a shop.
fn line(base_url: String) -> Line {
    let dir = tempfile::tempdir().unwrap();
    let (private, public) = (dir.path().join("private"), dir.path().join("public"));
    let (ours, theirs) = (FreshKeys::make().unwrap(), FreshKeys::make().unwrap());
    std::fs::write(&private, ours.private_pem.as_str()).unwrap();
    std::fs::write(&public, &theirs.public_pem).unwrap();
    let options = Options {
        client_id: "SANDBOX_5Y0000000000000000".to_owned(),
        private_key_file: private,
        key_version: 1,
        further_private_keys: Vec::new(),
        alipay_public_key_file: public,
        further_alipay_keys: Vec::new(),
        base_url,
        notify_url: "https://gateway.example/notify".to_owned(),
        settlement_currency: "USD".to_owned(),
        idle_ms: 4_000,
        merchant_region: None,
    };
    let client = Client::new(Account::open(&options).unwrap()).unwrap();
    Line::new(client, HashMap::new())
}

fn within(whole_s: u64) -> Within {
    let whole = Duration::from_secs(whole_s);
    Within {
        begin: whole,
        whole,
    }
}

/// What stands in the first line of a request that comes, if one does.
async fn heard(listener: &TcpListener) -> Option<String> {
    let accepted = tokio::time::timeout(Duration::from_secs(5), listener.accept()).await;
    let (mut stream, _) = accepted.ok()?.unwrap();
    let mut head = vec![0; 1024];
    let count = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..count]).into_owned();
    head.lines().next().map(str::to_owned)
}

#[tokio::test]
async fn what_was_accepted_of_a_removed_merchant_is_inquired_cancelled_and_refunded() {
    let sale = World::new().terms("O-1", "R-1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = line(format!("http://{}", listener.local_addr().unwrap()));
    let payment_request_id = sale.payment_request_id.clone();
    let asks = [
        (
            "inquiryPayment",
            Ask::Inquire {
                payment_request_id: payment_request_id.clone(),
            },
        ),
        ("cancel", Ask::Cancel { payment_request_id }),
        (
            "refund",
            Ask::Refund {
                refund_request_id: RefundRequestId::parse("F-1").unwrap(),
                alipay_payment_id: AlipayPaymentId::parse("A-1").unwrap(),
                amount: sale.amount,
            },
        ),
    ];
    for (api, ask) in asks {
        let asking = line.ask(&sale.merchant, &ask, Timestamp::from_ms(1), within(5));
        let (heard, asked) = tokio::join!(heard(&listener), asking);
        let head = heard.unwrap_or_default();
        assert!(head.contains(api), "{api} was not sent: {head}");
        assert_ne!(asked.answer, Answer::Lost(Loss::NotSent), "{api}");
    }
}

#[tokio::test]
async fn a_pay_of_a_removed_merchant_is_not_sent() {
    let sale = World::new().terms("O-1", "R-1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = line(format!("http://{}", listener.local_addr().unwrap()));
    let code = PaymentCode::parse("281012020262467128", &CodeFormat::standard()).unwrap();
    let merchant = sale.merchant.clone();
    let ask = Ask::Pay {
        terms: Box::new(sale),
        code,
    };
    let asked = line
        .ask(&merchant, &ask, Timestamp::from_ms(1), within(1))
        .await;
    assert_eq!(asked.answer, Answer::Lost(Loss::NotSent));
}
