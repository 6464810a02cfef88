//! What waits when there is little budget for inquiries, and what never does (decision 17).

use crate::alipay_side::{Api, Reaction};
use crate::world::World;
use payment::{Outcome, Status, Terms};

/// Sales of which nobody knows anything yet, all at once.
async fn in_doubt(world: &World, sales: usize) -> Vec<Terms> {
    world.alipay.always(Api::Pay, Reaction::DoesButLoses);
    let mut all = Vec::new();
    for number in 0..sales {
        let sale = world.terms(&format!("O-{number}"), &format!("R-{number}"));
        world.pay(&sale).await;
        all.push(sale);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn decision_17_inquiries_keep_to_their_budget_and_every_sale_gets_one_in_turn() {
    let world = World::with_inquiries_per_second(2);
    let sales = in_doubt(&world, 20).await;
    world.pass_s(9).await;
    let asked = world.alipay.calls(Api::Inquiry);
    assert!(
        (7..=9).contains(&asked),
        "{asked} in the four seconds after the fifth"
    );
    world.pass_s(8).await;
    for sale in &sales {
        assert_eq!(
            world.told(sale).1,
            Outcome::Pending,
            "approved, not released"
        );
        let owed = world.ask_at_the_door(sale);
        assert_eq!((owed.status, owed.outcome), (Status::Paid, Outcome::Paid));
    }
    assert_eq!(world.alipay.calls(Api::Inquiry), sales.len());
    assert_eq!(world.budget.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn decision_17_a_notification_takes_its_inquiry_out_of_the_queue() {
    let world = World::with_inquiries_per_second(1);
    let sales = in_doubt(&world, 6).await;
    world.pass_s(6).await;
    assert!(world.budget.waiting() > 0);
    for sale in &sales {
        world.notify_paid(sale, sale.amount).await;
    }
    world.pass_s(1).await;
    assert_eq!(world.budget.waiting(), 0);
    let asked = world.alipay.calls(Api::Inquiry);
    assert!(asked <= 3, "{asked}");
    for sale in &sales {
        assert_eq!(world.ask_at_the_door(sale).outcome, Outcome::Paid);
    }
    world.pass_s(60).await;
    assert_eq!(world.alipay.calls(Api::Inquiry), asked);
}

#[tokio::test(start_paused = true)]
async fn decision_17_pay_and_cancel_never_wait_for_budget() {
    let world = World::with_inquiries_per_second(1);
    world.alipay.always(Api::Inquiry, Reaction::NeverHears);
    let sales = in_doubt(&world, 200).await;
    world.pass_s(1).await;
    assert_eq!(world.alipay.calls(Api::Pay), sales.len());
    world.pass_s(36).await;
    let asked = world.alipay.calls(Api::Inquiry);
    assert!((30..=34).contains(&asked), "{asked}");
    assert_eq!(world.alipay.calls(Api::Cancel), 0);
    // The close instant is at 38 s; nothing is late because inquiries wait.
    world.pass_s(7).await;
    for sale in &sales {
        assert_eq!(world.told(sale), (Status::Cancelled, Outcome::NotPaid));
    }
    assert_eq!(world.budget.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn decision_17_an_undelivered_approval_is_given_back_while_the_orders_other_attempt_waits_for_budget()
 {
    let world = World::with_inquiries_per_second(1);
    let refused = payment::PayAnswer::Refused {
        code: payment::ResultCode::new("RISK_REJECT"),
    };
    let says = |answer| Reaction::Says(answer);
    world
        .alipay
        .next(Api::Pay, says(payment::Answer::Pay(refused)));
    let first = world.terms("O-twice", "R-first");
    world.pay(&first).await;
    world.pass_s(5).await;
    let second = world.terms("O-twice", "R-second");
    world.pay(&second).await;
    world.pass_s(20).await;
    let _crowd = in_doubt(&world, 200).await;
    world.pass_s(14).await;
    // Charged all the same. Its cancel is refused, so it is inquired about: in its turn.
    let refused = payment::CancelAnswer::Refused {
        code: payment::ResultCode::new("ORDER_STATUS_INVALID"),
    };
    world
        .alipay
        .next(Api::Cancel, says(payment::Answer::Cancel(refused)));
    world.notify_paid(&first, first.amount).await;
    world.pass_s(8).await;
    assert_eq!(world.told(&second).1, Outcome::Pending);
    // Nobody fetched the second's approval by its last release, at 48 s.
    world.pass_s(3).await;
    assert_eq!(world.told(&second), (Status::Reversed, Outcome::NotPaid));
    assert_eq!(world.told(&first).0, Status::Closing, "it still waits");
}
