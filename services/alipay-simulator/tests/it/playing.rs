//! What the codes promise, checked call by call and by the customer's balance.

use crate::counter::Counter;
use payment::{Answer, CancelAnswer, InquiryAnswer, Loss, PayAnswer, RefundAnswer};

fn approved(answer: &Answer) -> bool {
    matches!(answer, Answer::Pay(PayAnswer::Approved(_)))
}

fn paid(answer: &Answer) -> bool {
    matches!(answer, Answer::Inquiry(InquiryAnswer::Paid(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_code_is_charged_once_however_often_the_same_request_comes() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    for _ in 0..3 {
        assert!(approved(
            &counter.pay("P-1", "280000000000000001", 1_280).await
        ));
    }
    assert_eq!(counter.balance_minor("000000000001").await, 100_000 - 1_280);
    let other = counter.pay("P-1", "280000000000000001", 1_281).await;
    assert!(matches!(other, Answer::Pay(PayAnswer::InDoubt { code })
        if code.as_str() == "REPEAT_REQ_INCONSISTENT"));
    assert_eq!(counter.balance_minor("000000000001").await, 100_000 - 1_280);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_typed_until_so_many_inquiries_were_made() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let first = counter.pay("P-1", "280102000000000001", 1_280).await;
    assert!(matches!(first, Answer::Pay(PayAnswer::InDoubt { .. })));
    let one = counter.inquire("P-1").await;
    assert_eq!(one, Answer::Inquiry(InquiryAnswer::Processing));
    assert!(paid(&counter.inquire("P-1").await));
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_charge_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    for (number, code) in [("0201", "USER_BALANCE_NOT_ENOUGH"), ("0204", "RISK_REJECT")] {
        let answer = counter
            .pay(
                &format!("P-{number}"),
                &format!("28{number}000000000001"),
                1,
            )
            .await;
        assert!(
            matches!(answer, Answer::Pay(PayAnswer::Refused { code: told })
            if told.as_str() == code)
        );
    }
    let too_much = counter.pay("P-9", "280000000000000001", 100_001).await;
    assert!(matches!(too_much, Answer::Pay(PayAnswer::Refused { .. })));
    assert_eq!(counter.balance_minor("000000000001").await, 100_000);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_answers_are_broken_as_promised_and_the_inquiry_finds_the_charge() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    for (number, loss) in [
        ("0401", Loss::Closed),
        ("0501", Loss::BadSignature),
        ("0502", Loss::BadSignature),
        ("0503", Loss::BadSignature),
        ("0504", Loss::HttpStatus(500)),
        ("0505", Loss::TimedOut),
    ] {
        let request = format!("P-{number}");
        let answer = counter
            .pay(&request, &format!("28{number}000000000001"), 10)
            .await;
        assert_eq!(answer, Answer::Lost(loss), "{number}");
        assert!(paid(&counter.inquire(&request).await), "{number}");
    }
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrives_is_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let lost = counter.pay("P-1", "280403000000000001", 1_280).await;
    assert_eq!(lost, Answer::Lost(Loss::TimedOut));
    let unknown = counter.inquire("P-1").await;
    assert_eq!(unknown, Answer::Inquiry(InquiryAnswer::NotFound));
    assert_eq!(
        counter.cancel("P-1").await,
        Answer::Cancel(CancelAnswer::NotFound)
    );
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_gives_everything_back_and_says_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    counter.pay("P-1", "280000000000000001", 1_280).await;
    for _ in 0..2 {
        assert_eq!(
            counter.cancel("P-1").await,
            Answer::Cancel(CancelAnswer::Cancelled)
        );
    }
    assert_eq!(counter.balance_minor("000000000001").await, 100_000);
    let cancelled = counter.inquire("P-1").await;
    assert_eq!(cancelled, Answer::Inquiry(InquiryAnswer::Cancelled));
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancels_in_doubt_do_nothing_until_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    counter.pay("P-1", "280602000000000001", 1_280).await;
    let first = counter.cancel("P-1").await;
    assert!(matches!(
        first,
        Answer::Cancel(CancelAnswer::InDoubt { .. })
    ));
    assert_eq!(
        counter.ledger("P-1").await["charged_minor"],
        1_280,
        "just then confirmed"
    );
    assert_eq!(
        counter.cancel("P-1").await,
        Answer::Cancel(CancelAnswer::Cancelled)
    );
    assert_eq!(counter.balance_minor("000000000001").await, 100_000);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_never_give_back_more_than_was_paid_and_the_same_key_gives_once() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    counter.pay("P-1", "280000000000000001", 1_280).await;
    let id = counter.ledger("P-1").await["payment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refund_key = |n: u32| payment::RefundRequestId::parse(&format!("R{n}")).unwrap();
    let (first, second) = (refund_key(1), refund_key(2));
    for _ in 0..2 {
        let answer = counter.refund(&first, &id, 1_000).await;
        assert!(matches!(
            answer,
            Answer::Refund(RefundAnswer::Refunded { .. })
        ));
    }
    let too_much = counter.refund(&second, &id, 281).await;
    assert!(matches!(
        too_much,
        Answer::Refund(RefundAnswer::Refused { .. })
    ));
    let after = counter.cancel("P-1").await;
    assert!(
        matches!(after, Answer::Cancel(CancelAnswer::Refused { .. })),
        "no cancel after it"
    );
    assert_eq!(counter.balance_minor("000000000001").await, 100_000 - 280);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_remembers_everything_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    counter.pay("P-1", "280000000000000001", 1_280).await;
    let before = counter.ledger("P-1").await;
    counter.close().await;
    let counter = Counter::open(dir.path());
    assert_eq!(counter.ledger("P-1").await, before);
    assert!(approved(
        &counter.pay("P-1", "280000000000000001", 1_280).await
    ));
    assert_eq!(counter.balance_minor("000000000001").await, 100_000 - 1_280);
    counter.close().await;
}
