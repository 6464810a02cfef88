//! Notifications against cancels, late approvals, killed and stalled workers.

use crate::alipay_side::{Api, Reaction};
use crate::world::{NOON_MS, World};
use payment::{Alarm, Fact, Input, Outcome, Proof, Status};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn case_x4_an_approval_appended_after_the_close_instant_is_reversed() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.alipay.always(Api::Inquiry, Reaction::NeverHears);
    world.alipay.next(Api::Cancel, Reaction::NeverHears);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(39).await;
    world.notify_paid(&sale, sale.amount).await;
    assert_eq!(world.told(&sale), (Status::Closing, Outcome::NotPaid));
    world.pass_s(20).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x5_a_success_after_a_proven_failure_is_reversed_with_an_alarm() {
    let world = World::new();
    let code = payment::ResultCode::new("USER_BALANCE_NOT_ENOUGH");
    let refused = payment::Answer::Pay(payment::PayAnswer::Refused { code });
    world.alipay.next(Api::Pay, Reaction::DoesAndSays(refused));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(2).await;
    assert_eq!(world.alipay.customers_charged(), 1);
    world.notify_paid(&sale, sale.amount).await;
    world.pass_s(10).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
    let alarms = world.happened(&sale, |fact| *fact == Fact::Alarmed(Alarm::SuccessAfterEnd));
    assert_eq!(alarms, 1);
}

#[tokio::test(start_paused = true)]
async fn case_x7_a_success_notification_while_the_cancel_is_in_flight_does_not_stop_the_cancel() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.alipay.always(Api::Inquiry, Reaction::NeverHears);
    world.alipay.next(Api::Cancel, Reaction::DoesButLoses);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(39).await;
    world.notify_paid(&sale, sale.amount).await;
    world.pass_s(10).await;
    assert_eq!(world.proof(&sale), Some(Proof::CancelSucceeded));
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(
        world.happened(&sale, |fact| matches!(fact, Fact::Noticed(_))),
        1
    );
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn rule_a17_a_notification_that_beats_the_inquiry_pays_at_once_and_its_repeat_changes_nothing()
 {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    world.notify_paid(&sale, sale.amount).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let before = world.events(&sale).len();
    world.notify_paid(&sale, sale.amount).await;
    assert_eq!(world.events(&sale).len(), before);
}

#[tokio::test(start_paused = true)]
async fn case_x2_a_pay_that_arrives_after_order_not_exist_is_paid_if_it_is_in_time() {
    let world = World::new();
    world
        .alipay
        .next(Api::Pay, Reaction::HearsAfter(Duration::from_secs(12)));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(11).await;
    assert_eq!(world.told(&sale), (Status::Processing, Outcome::Pending));
    assert!(world.alipay.calls(Api::Inquiry) >= 2);
    world.pass_s(5).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(world.alipay.customers_charged(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_x3_a_pay_that_lands_after_the_cancel_said_order_not_exist_is_cancelled_again() {
    let world = World::new();
    world
        .alipay
        .next(Api::Pay, Reaction::HearsAfter(Duration::from_secs(50)));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(49).await;
    assert_eq!(world.told(&sale), (Status::Closing, Outcome::NotPaid));
    world.pass_s(10).await;
    assert_eq!(world.told(&sale).1, Outcome::NotPaid);
    assert_eq!(world.proof(&sale), Some(Proof::CancelSucceeded));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x3_absence_is_proven_only_when_the_pay_can_no_longer_land() {
    let world = World::new();
    world.alipay.next(Api::Pay, Reaction::NeverHears);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(38 + 59).await;
    assert_eq!(world.told(&sale), (Status::Closing, Outcome::NotPaid));
    world.pass_s(8).await;
    assert_eq!(world.proof(&sale), Some(Proof::NeverArrived));
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn case_x11_after_a_kill_on_the_wire_the_next_worker_inquires_and_never_pays_again() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    // What a worker leaves behind that is killed between its append and the answer.
    let input = Input::Pay(Box::new(sale.clone()));
    let now = world.now();
    world.journal.take_in(sale.order(), input, now);
    let world = world.restarted();
    world.driver.wake(sale.order());
    world.pass_s(120).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn case_x12_a_worker_that_was_stopped_between_append_and_wire_does_not_call() {
    let world = World::new();
    // Every append takes longer than a worker may be away.
    world
        .journal
        .set_append_takes(std::time::Duration::from_secs(3));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(20).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn rule_h2_a_merchants_cancel_during_pay_is_carried_through_although_pay_succeeds() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(10).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn rule_a11_a_sale_just_before_the_window_closes_is_never_both_cancelled_and_refunded() {
    // 00:14:30 at Alipay, of a sale made at 23:59:40 the day before: the window ends at 00:15.
    let sale_at_ms = NOON_MS + (11 * 3_600 + 59 * 60 + 40) * 1_000;
    let world = World::beginning_at(sale_at_ms);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    world.alipay.next(Api::Cancel, Reaction::DoesButLoses);
    world.pass_s(15 * 60 + 16).await;
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(60).await;
    assert_eq!(world.alipay.customers_charged(), 0);
    assert_eq!(
        (
            world.alipay.calls(Api::Cancel),
            world.alipay.calls(Api::Refund)
        ),
        (1, 0)
    );
    assert_eq!(world.proof(&sale), Some(Proof::InquiryCancelled));
}
