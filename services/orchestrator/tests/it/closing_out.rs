//! From the close instant to the proven end: cancel, refund, a person, the queue.

use crate::alipay_side::{Api, Reaction};
use crate::world::World;
use payment::{Answer, CancelAnswer, Fact, Input, Outcome, Proof, ResultCode, Status};

fn in_doubt() -> Reaction {
    let code = ResultCode::new("UNKNOWN_EXCEPTION");
    Reaction::Says(Answer::Cancel(CancelAnswer::InDoubt { code }))
}

#[tokio::test(start_paused = true)]
async fn rule_k6_without_an_approval_the_gateway_cancels_at_its_own_time_out() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(37).await;
    assert_eq!(world.alipay.calls(Api::Cancel), 0);
    world.pass_s(2).await;
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
    assert_eq!(world.proof(&sale), Some(Proof::CancelSucceeded));
    world.alipay.customer_confirms();
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn rule_a14_a_cancel_in_doubt_is_asked_again_every_five_seconds() {
    let world = World::new();
    world.alipay.customers_type_pins();
    world.alipay.next(Api::Cancel, in_doubt());
    world.alipay.next(Api::Cancel, in_doubt());
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(39).await;
    assert_eq!(world.told(&sale), (Status::Closing, Outcome::NotPaid));
    world.pass_s(12).await;
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
    let asked = world.alipay.called_at(Api::Cancel);
    let gaps: Vec<i64> = asked
        .windows(2)
        .map(|pair| pair[1].ms_since(pair[0]))
        .collect();
    assert!(
        gaps.iter().all(|gap| (5_000..5_200).contains(gap)),
        "{gaps:?}"
    );
    assert_eq!(asked.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn case_x8_a_cancel_in_doubt_then_silent_for_an_hour_raises_a_person_once_and_ends_by_itself()
{
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.alipay.always(Api::Inquiry, Reaction::NeverHears);
    world.alipay.next(Api::Cancel, in_doubt());
    world.alipay.next(Api::Cancel, in_doubt());
    world.alipay.always(Api::Cancel, Reaction::NeverHears);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(38 + 30).await;
    assert_eq!(world.told(&sale), (Status::Closing, Outcome::NotPaid));
    world.pass_s(60).await;
    assert_eq!(
        world.told(&sale),
        (Status::NeedsAttention, Outcome::NotPaid)
    );
    world.pass_s(3_600).await;
    assert_eq!(world.alipay.customers_charged(), 1);
    world.alipay.always(Api::Cancel, Reaction::Answers);
    world.pass_s(601).await;
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
    assert_eq!(
        world.happened(&sale, |fact| *fact == Fact::AttentionRaised),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn case_x10_a_cancel_refused_for_its_state_leads_to_inquiries_and_a_refund_without_a_loop() {
    let world = World::new();
    let code = ResultCode::new("ORDER_STATUS_INVALID");
    let refused = Reaction::Says(Answer::Cancel(CancelAnswer::Refused { code }));
    world.alipay.always(Api::Cancel, refused);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(60).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
    assert_eq!(
        (
            world.alipay.calls(Api::Cancel),
            world.alipay.calls(Api::Refund)
        ),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn case_x23_an_approval_that_no_merchant_fetched_is_reversed_and_every_door_says_not_paid() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(42).await;
    assert_eq!(world.told(&sale).1, Outcome::Pending);
    assert_eq!(world.alipay.customers_charged(), 1);
    world.pass_s(2).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::NotPaid);
    assert_eq!(world.told(&sale).0, Status::Reversed);
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x26_a_paid_and_released_sale_that_the_merchant_cancels_is_reversed() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    assert_eq!(world.told(&sale).1, Outcome::NotPaid);
    world.pass_s(1).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn rule_b1_cancels_that_find_no_connection_go_on_until_the_network_is_back() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.alipay.always(Api::Inquiry, Reaction::Unreachable);
    world.alipay.always(Api::Cancel, Reaction::Unreachable);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(3 * 3_600).await;
    assert_eq!(world.told(&sale).1, Outcome::NotPaid);
    world.alipay.always(Api::Cancel, Reaction::Answers);
    world.pass_s(601).await;
    assert_eq!(world.alipay.customers_charged(), 0);
    assert_eq!(world.proof(&sale), Some(Proof::CancelSucceeded));
}

#[tokio::test(start_paused = true)]
async fn rule_a11_past_the_cancel_window_an_inquiry_and_a_refund_take_the_cancels_place() {
    let world = World::new();
    let code = CancelAnswer::WindowOver;
    world
        .alipay
        .always(Api::Cancel, Reaction::Says(Answer::Cancel(code)));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(60).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(
        (
            world.alipay.calls(Api::Cancel),
            world.alipay.calls(Api::Refund)
        ),
        (1, 1)
    );
    assert_eq!(world.alipay.customers_charged(), 0);
}
