//! From the scan to the approval: pay, inquiry, release.

use crate::alipay_side::{Api, Reaction, approval};
use crate::world::World;
use payment::{
    Alarm, Answer, Currency, Fact, InquiryAnswer, Loss, Money, NeverSent, Outcome, PayAnswer,
    Proof, ResultCode, Status,
};

#[tokio::test(start_paused = true)]
async fn rule_a3_an_approval_is_told_as_paid_and_the_customer_is_charged_once() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(world.alipay.customers_charged(), 1);
    world.pass_s(3_600).await;
    assert_eq!(world.told(&sale), (Status::Paid, Outcome::Paid));
    assert_eq!(world.alipay.calls(Api::Cancel), 0);
}

#[tokio::test(start_paused = true)]
async fn rule_a5_a_pin_typed_late_is_found_by_inquiries_three_seconds_apart() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(10).await;
    world.alipay.customer_confirms();
    world.pass_s(4).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let asked = world.alipay.called_at(Api::Inquiry);
    let gaps: Vec<i64> = asked
        .windows(2)
        .map(|pair| pair[1].ms_since(pair[0]))
        .collect();
    assert!(
        gaps.iter().all(|gap| (2_900..=3_200).contains(gap)),
        "{gaps:?}"
    );
    assert_eq!(asked.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn rule_a6_silence_for_five_seconds_leads_to_an_inquiry() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::NeverHears);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(6).await;
    let asked = world.alipay.called_at(Api::Inquiry);
    let after_ms = asked[0].ms_since(sale.accepted_at);
    assert!((5_000..5_600).contains(&after_ms), "{after_ms} ms");
}

#[tokio::test(start_paused = true)]
async fn case_x1_an_answer_lost_after_the_charge_is_found_by_inquiry_and_told_as_paid() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(8).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(
        (
            world.alipay.calls(Api::Pay),
            world.alipay.customers_charged()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn rule_a4_a_listed_refusal_ends_the_sale_at_once_without_another_call() {
    let world = World::new();
    let code = ResultCode::new("USER_BALANCE_NOT_ENOUGH");
    let refused = Answer::Pay(PayAnswer::Refused { code: code.clone() });
    world.alipay.next(Api::Pay, Reaction::Says(refused));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    world.pass_s(3_600).await;
    assert_eq!(world.proof(&sale), Some(Proof::PayRefused { code }));
    assert_eq!(
        world.alipay.calls(Api::Inquiry) + world.alipay.calls(Api::Cancel),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn case_x29_an_inquiry_that_names_another_amount_is_never_paid_and_is_reversed() {
    let world = World::new();
    let other = Money::new(1, Currency::parse("EUR").unwrap()).unwrap();
    let wrong = Answer::Inquiry(InquiryAnswer::Paid(approval(other)));
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.alipay.next(Api::Inquiry, Reaction::Says(wrong));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(20).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::NotPaid);
    assert_eq!(world.alipay.customers_charged(), 0);
    let alarms = world.happened(&sale, |fact| *fact == Fact::Alarmed(Alarm::AmountMismatch));
    assert_eq!(alarms, 1);
}

#[tokio::test(start_paused = true)]
async fn case_x30_an_answer_that_is_not_believed_is_treated_as_no_answer() {
    let world = World::new();
    let forged = Reaction::DoesAndSays(Answer::Lost(Loss::BadSignature));
    world.alipay.next(Api::Pay, forged);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.told(&sale), (Status::Processing, Outcome::Pending));
    world.pass_s(7).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_pay_that_found_no_connection_is_tried_again_while_not_a_byte_has_left() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::Unreachable);
    world.alipay.next(Api::Pay, Reaction::Unreachable);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(world.alipay.customers_charged(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pay_that_finds_no_connection_at_all_ends_unsent() {
    let world = World::new();
    world.alipay.always(Api::Pay, Reaction::Unreachable);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(4).await;
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    assert_eq!(
        world.proof(&sale),
        Some(Proof::NeverSent(NeverSent::NoConnection))
    );
}
