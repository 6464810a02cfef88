//! A worker that comes back and finds very many orders overdue, and one that has very many in hand.

use crate::alipay_side::{Api, Reaction};
use crate::world::World;
use payment::{Outcome, Status, Terms};
use std::time::Duration;

const MANY: usize = 400;

/// Orders whose pay was lost, left by a worker that is no more: each owes an inquiry.
async fn overdue(inquiries_per_second: u32) -> (World, Vec<Terms>) {
    let world = World::with_inquiries_per_second(inquiries_per_second);
    world.alipay.always(Api::Pay, Reaction::DoesButLoses);
    let mut sales = Vec::new();
    for number in 0..MANY {
        let sale = world.terms(&format!("O-{number}"), &format!("R-{number}"));
        world.pay(&sale).await;
        sales.push(sale);
    }
    world.pass_s(6).await;
    world.alipay.always(Api::Pay, Reaction::Answers);
    let world = world.restarted();
    // The journal is a slow one from here on.
    world.pass(Duration::from_millis(900)).await;
    (world, sales)
}

#[tokio::test(start_paused = true)]
async fn what_a_restart_finds_overdue_is_read_a_few_at_a_time_and_keeps_no_new_sale_waiting() {
    let (world, sales) = overdue(10_000).await;
    world.journal.set_load_takes(Duration::from_millis(200));
    world.pass_s(2).await;
    let new = world.terms("O-new", "R-new");
    world.pay(&new).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&new).outcome, Outcome::Paid);
    let (_, at_once) = world.journal.loads();
    assert!(at_once <= 40, "{at_once} loads at once");
    world.pass_s(30).await;
    for sale in &sales {
        assert_eq!(world.ask_at_the_door(sale).outcome, Outcome::Paid);
    }
}

#[tokio::test(start_paused = true)]
async fn orders_that_wait_for_budget_are_not_read_again_every_second() {
    let (world, sales) = overdue(1).await;
    world.pass_s(2).await;
    let (before, _) = world.journal.loads();
    world.pass_s(10).await;
    let (after, _) = world.journal.loads();
    // Ten inquiries, each with what it takes; not ten times four hundred looks.
    assert!(after - before < 100, "{} loads", after - before);
    world.pass_s(40).await;
    // The close instant waits for no budget.
    let told = sales.iter().map(|sale| world.told(sale));
    let closed = told.filter(|told| *told == (Status::Cancelled, Outcome::NotPaid));
    assert!(closed.count() > MANY / 2);
}

#[tokio::test(start_paused = true)]
async fn a_close_outs_inquiry_lets_the_sales_before_it_whose_tills_wait() {
    let world = World::with_inquiries_per_second(1);
    world.alipay.always(Api::Pay, Reaction::DoesButLoses);
    world.alipay.always(Api::Inquiry, Reaction::NeverHears);
    world.alipay.always(Api::Cancel, Reaction::NeverHears);
    let mut old = Vec::new();
    for number in 0..30 {
        let sale = world.terms(&format!("old-{number}"), &format!("old-{number}"));
        world.pay(&sale).await;
        old.push(sale);
    }
    world.pass_s(60).await;
    let refused = payment::ResultCode::new("ORDER_STATUS_INVALID");
    let refused = payment::Answer::Cancel(payment::CancelAnswer::Refused { code: refused });
    world.alipay.always(Api::Cancel, Reaction::Says(refused));
    world.alipay.always(Api::Inquiry, Reaction::Answers);
    // By now each of the old ones owes an inquiry (A13).
    world.pass_s(6).await;
    assert!(world.budget.waiting() > 10, "{}", world.budget.waiting());
    let new = world.terms("O-new", "R-new");
    world.pay(&new).await;
    world.pass_s(11).await;
    assert_eq!(world.ask_at_the_door(&new).outcome, Outcome::Paid);
}
