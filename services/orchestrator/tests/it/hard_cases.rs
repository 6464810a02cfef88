//! Two workers on one journal, machines whose clocks are wrong, reversals in odd orders.

use crate::alipay_side::{Api, Reaction};
use crate::world::World;
use payment::{
    Answer, CancelAnswer, Fact, Input, Outcome, Proof, RefundAnswer, ResultCode, Status,
};
use std::time::Duration;

const SLOW: Duration = Duration::from_millis(50);

#[tokio::test(start_paused = true)]
async fn case_x6_one_success_by_inquiry_and_notification_on_two_workers_is_one_approval() {
    let world = World::new();
    let other = world.another_worker();
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    // The inquiry at 8 s is answered 80 ms later; both results are loaded before either is written.
    world.pass(Duration::from_millis(8_060)).await;
    world.journal.set_append_takes(SLOW);
    let notice = Input::Notice {
        payment: sale.payment(),
        notice: payment::Notice {
            result: payment::NoticeResult::Paid(crate::alipay_side::approval(sale.amount)),
        },
    };
    other.take_in(sale.order(), notice).await.unwrap();
    world.pass_s(3).await;
    assert_eq!(
        world.happened(&sale, |fact| matches!(fact, Fact::Approved(_))),
        1
    );
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(world.alipay.customers_charged(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_x13_two_workers_that_want_the_same_cancel_make_one_call() {
    let world = World::new();
    let other = world.another_worker();
    world.alipay.customers_type_pins();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.journal.set_append_takes(SLOW);
    for _ in 0..45 {
        world.pass_s(1).await;
        other.wake(sale.order());
    }
    assert_eq!(world.alipay.calls(Api::Cancel), 1);
    let cancels = |fact: &Fact| {
        matches!(
            fact,
            Fact::Begun {
                call: payment::Call::Cancel,
                ..
            }
        )
    };
    assert_eq!(world.happened(&sale, cancels), 1);
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn case_x35_the_old_owner_of_a_pay_on_the_wire_appends_last_and_the_order_is_still_watched() {
    let world = World::new();
    let late = Reaction::HearsAfter(Duration::from_secs(9));
    world.alipay.next(Api::Pay, late);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    // The partition goes to another process; the old one finishes its call and watches no more.
    let world = world.restarted();
    world.pass_s(20).await;
    let asked_at = world.alipay.called_at(Api::Inquiry);
    let wake_up = sale.accepted_at.plus_ms(8_000);
    assert!(asked_at[0] <= wake_up.plus_ms(2_000), "{:?}", asked_at[0]);
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(world.alipay.calls(Api::Pay), 1);
}

#[tokio::test(start_paused = true)]
async fn case_x31_leases_that_nobody_gives_back_change_nothing_but_the_time_it_takes() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    let held = world
        .leases
        .lease(sale.order(), Duration::from_secs(1))
        .await;
    assert!(held.held());
    world.alipay.next(Api::Pay, Reaction::DoesButLoses);
    world.pay(&sale).await;
    world.pass_s(15).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(10).await;
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x34_a_machine_ninety_seconds_fast_neither_closes_early_nor_proves_too_soon() {
    let world = World::on_a_machine_wrong_by(90_000);
    world.alipay.next(Api::Pay, Reaction::NeverHears);
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(37).await;
    assert_eq!(world.alipay.calls(Api::Cancel), 0, "no early close");
    world.pass_s(38 + 59 - 37).await;
    assert_eq!(world.told(&sale).0, Status::Closing, "no wrong proof");
    world.pass_s(10).await;
    assert_eq!(world.proof(&sale), Some(Proof::NeverArrived));
}

#[tokio::test(start_paused = true)]
async fn case_x34_a_clock_set_back_ten_minutes_delays_nothing_and_takes_the_worker_out_of_readiness()
 {
    let world = World::new();
    world.alipay.customers_type_pins();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(5).await;
    assert!(world.health.ready().is_ok());
    world.set_the_machines_clock_by(-600_000);
    world.pass_s(2).await;
    let unready = world.health.ready().unwrap_err();
    assert_eq!(unready[0].check, "orchestrator.clock");
    world.pass_s(36).await;
    // Followed at 50 ms a second, it is two seconds behind by now.
    assert!(world.alipay.calls(Api::Cancel) <= 1);
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Cancel), 1);
}

#[tokio::test(start_paused = true)]
async fn case_x34_after_a_machine_slept_no_pay_goes_out_that_has_expired() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let open = world.terms("O-1", "R-1");
    world.pay(&open).await;
    world.pass_s(5).await;
    let before_ms = world.now().as_ms();
    world.set_the_machines_clock_by(600_000);
    // At once, before the clock is looked after again.
    let sale = world.terms("O-2", "R-2");
    assert_eq!(sale.accepted_at.as_ms() - before_ms, 600_000);
    world.pay(&sale).await;
    assert_eq!(world.told(&open).1, Outcome::NotPaid);
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Pay), 2);
    assert_eq!(
        world.alipay.calls(Api::Cancel),
        1,
        "the one that expired meanwhile"
    );
    world.alipay.customer_confirms();
    world.pass_s(4).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert!(world.health.ready().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_alipay_whose_clock_is_hours_off_degrades_the_worker_and_the_measured_figure_is_told() {
    let world = World::new();
    for (reference, away_ms, figure) in [
        ("R-1", 10_800_000, "10800000 ms"),
        ("R-2", -10_800_000, "-10800000 ms"),
    ] {
        world.alipay.clock_is_ahead_by(away_ms);
        let sale = world.terms(reference, reference);
        world.pay(&sale).await;
        world.pass_s(3).await;
        assert_eq!(world.health.ready(), Ok(()));
        let degraded = world.health.degraded();
        assert_eq!(degraded.len(), 1, "{degraded:?}");
        assert_eq!(degraded[0].check, "orchestrator.clock");
        assert!(degraded[0].reason.contains(figure), "{degraded:?}");
        assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    }
    world.alipay.clock_is_ahead_by(3_000);
    world.pay(&world.terms("O-3", "R-3")).await;
    world.pass_s(3).await;
    assert_eq!(world.health.degraded(), Vec::new());
}

#[tokio::test(start_paused = true)]
async fn case_x21_a_cancel_that_comes_before_its_payment_keeps_it_from_being_sent() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(3).await;
    world.pay(&sale).await;
    world.pass_s(60).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn case_x22_the_first_attempts_cancel_repeated_does_not_touch_the_second_attempt() {
    let world = World::new();
    let first = world.terms("O-1", "R-1");
    let cancel = Input::Cancel {
        payment: first.payment(),
    };
    world.pay(&first).await;
    world.take_in(first.order(), cancel.clone()).await;
    world.pass_s(10).await;
    assert_eq!(world.told(&first).1, Outcome::NotPaid);
    let second = world.terms("O-1", "R-2");
    world.pay(&second).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&second).outcome, Outcome::Paid);
    for _ in 0..3 {
        world.take_in(first.order(), cancel.clone()).await;
        world.pass_s(5).await;
    }
    assert_eq!(world.told(&second), (Status::Paid, Outcome::Paid));
    assert_eq!(world.alipay.customers_charged(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_x28_a_refund_in_doubt_is_repeated_and_only_a_signed_no_makes_another() {
    let world = World::new();
    let window_over = Answer::Cancel(CancelAnswer::WindowOver);
    world
        .alipay
        .always(Api::Cancel, Reaction::Says(window_over));
    let doubt = Answer::Refund(RefundAnswer::InDoubt {
        code: ResultCode::new("REFUND_IN_PROCESS"),
    });
    world.alipay.next(Api::Refund, Reaction::Says(doubt));
    let no = Answer::Refund(RefundAnswer::NoEffect {
        code: ResultCode::new("MERCHANT_BALANCE_NOT_ENOUGH"),
    });
    world.alipay.next(Api::Refund, Reaction::Says(no));
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pass_s(60).await;
    let numbers: Vec<u32> = world
        .events(&sale)
        .into_iter()
        .filter_map(|event| {
            let Fact::Begun { call, .. } = event.fact else {
                return None;
            };
            let payment::Call::Refund { number, .. } = call else {
                return None;
            };
            Some(number)
        })
        .collect();
    assert_eq!(
        numbers,
        [1, 1, 2],
        "the same again after U, another after F"
    );
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.alipay.customers_charged(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x9_a_cancel_window_that_ends_between_two_tries_leads_to_one_refund_or_one_cancel() {
    for first_try in [Reaction::DoesButLoses, Reaction::NeverHears] {
        // Sold at 23:59:40 at Alipay; cancelled so that the second try falls past 00:15.
        let world =
            World::beginning_at(crate::world::NOON_MS + (11 * 3_600 + 59 * 60 + 40) * 1_000);
        let sale = world.terms("O-1", "R-1");
        world.pay(&sale).await;
        world.pass_s(1).await;
        assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
        world.pass_s(15 * 60 + 17).await;
        world.alipay.next(Api::Cancel, first_try);
        let payment = sale.payment();
        world.take_in(sale.order(), Input::Cancel { payment }).await;
        world.pass_s(60).await;
        assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
        assert_eq!(world.alipay.customers_charged(), 0);
        let given_back = (world.proof(&sale), world.alipay.calls(Api::Refund));
        assert!(
            matches!(
                given_back,
                (Some(Proof::InquiryCancelled), 0) | (Some(Proof::RefundSucceeded { .. }), 1)
            ),
            "{given_back:?}"
        );
        assert_eq!(
            world.alipay.calls(Api::Cancel),
            1,
            "never a cancel past the window"
        );
    }
}
