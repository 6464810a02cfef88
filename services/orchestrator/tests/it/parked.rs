//! A worker that is older than an order's history, and one that is not: commands wait for the other,
//! in their order, and nothing of anyone else's waits with them (decision 42).

use crate::alipay_side::{Api, approval};
use crate::over_the_bus::{Bus, pay, sealer};
use crate::world::World;
use bus::CommandBody;
use orchestrator::{Journal, Shelf};
use payment::{NeverSent, Notice, NoticeResult, Outcome, Proof, Status};

#[tokio::test(start_paused = true)]
async fn a_cancel_of_an_order_that_is_too_new_waits_and_is_carried_out_by_who_can_read_it() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let done = bus.done(&sale).await;
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, CommandBody::Cancel).await;
    world.pass_s(30).await;
    assert_eq!(bus.done(&sale).await, done + 1, "the partition goes on");
    assert!(
        world
            .journal
            .shelf()
            .holds_parked(sale.order())
            .await
            .unwrap()
    );
    assert_eq!(
        world.journal.shelf().dead(),
        Vec::new(),
        "nothing is dead for being new"
    );
    assert_eq!(world.alipay.calls(Api::Cancel), 0);
    // A worker of the later release, on the same shelf.
    world.journal.set_newer(sale.order(), false);
    let _later = Bus::of(&world.beside());
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Cancel), 1);
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
    assert!(
        !world
            .journal
            .shelf()
            .holds_parked(sale.order())
            .await
            .unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn later_commands_of_an_order_stand_behind_what_is_parked_and_others_go_on() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let bus = Bus::of(&world);
    let (sale, other) = (world.terms("O-1", "R-1"), world.terms("O-2", "R-2"));
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(3).await;
    // The order can be read again, by this worker too: what comes now waits behind its pay.
    world.journal.set_newer(sale.order(), false);
    bus.give(&sale, CommandBody::Cancel).await;
    bus.give(&other, pay(&other)).await;
    world.pass_s(1).await;
    let parked = world.journal.shelf().parked(0, 10).await.unwrap();
    let kinds: Vec<_> = parked
        .iter()
        .map(|(_, parked)| parked.kind.as_str())
        .collect();
    assert_eq!(kinds, ["pay", "cancel"]);
    assert_eq!(world.alipay.calls(Api::Pay), 1, "the other sale's");
}

#[tokio::test(start_paused = true)]
async fn a_pay_that_was_parked_past_its_last_begin_is_never_sent() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(20).await;
    world.journal.set_newer(sale.order(), false);
    let _later = Bus::of(&world.beside());
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    let never = Some(Proof::NeverSent(NeverSent::TooLate));
    assert_eq!(world.proof(&sale), never);
}

#[tokio::test(start_paused = true)]
async fn rule_a17_a_notification_for_an_order_that_is_too_new_is_not_lost() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    world.journal.set_newer(sale.order(), true);
    let result = NoticeResult::Paid(approval(sale.amount));
    bus.give(&sale, CommandBody::Notice(Notice { result }))
        .await;
    world.pass_s(2).await;
    world.journal.set_newer(sale.order(), false);
    let _later = Bus::of(&world.beside());
    world.pass_s(2).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn two_workers_that_try_the_same_parked_command_do_it_once() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    world.journal.set_newer(sale.order(), false);
    let (_one, _two) = (Bus::of(&world.beside()), Bus::of(&world.beside()));
    world.pass_s(2).await;
    assert_eq!(world.alipay.calls(Api::Pay), 1);
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_too_old_is_degraded_and_leaves_readiness_only_beside_a_newer_one() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(3).await;
    let degraded = |world: &World| {
        world
            .health
            .degraded()
            .iter()
            .any(|it| it.check == "orchestrator.history")
    };
    let down = |world: &World| {
        let down = world.health.ready().err().unwrap_or_default();
        down.iter().any(|it| it.check == "orchestrator.history")
    };
    assert!(
        degraded(&world) && !down(&world),
        "nobody else could do better"
    );
    world.journal.shelf().set_newer_alive(true);
    world.pass_s(2).await;
    assert!(down(&world), "another can");
    world.journal.shelf().set_newer_alive(false);
    world.pass_s(2).await;
    assert!(degraded(&world) && !down(&world));
}

#[tokio::test(start_paused = true)]
async fn a_sealing_key_that_is_changed_in_the_documented_order_loses_no_sale() {
    let world = World::new();
    let (old, opens_both, seals_new, new) =
        (sealer(&[1]), sealer(&[1, 2]), sealer(&[2, 1]), sealer(&[2]));
    // Each step in turn reaches every door and every worker, in any order.
    let steps = [&old, &opens_both, &seals_new, &new];
    let mut number = 0;
    for pair in steps.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        for (door, worker) in [
            (before, before),
            (before, after),
            (after, before),
            (after, after),
        ] {
            let bus = Bus::with_keys(&world, door, worker);
            for _ in 0..5 {
                number += 1;
                let sale = world.terms(&format!("O-{number}"), &format!("R-{number}"));
                bus.give(&sale, pay(&sale)).await;
                world.pass_s(1).await;
                assert_eq!(
                    world.ask_at_the_door(&sale).outcome,
                    Outcome::Paid,
                    "{number}"
                );
            }
        }
    }
    assert_eq!(world.journal.shelf().parked(0, 10).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_the_key_parks_a_pay_and_one_that_has_it_sells() {
    let world = World::new();
    let bus = Bus::with_keys(&world, &sealer(&[2]), &sealer(&[1]));
    let (sale, other) = (world.terms("O-1", "R-1"), world.terms("O-2", "R-2"));
    bus.give(&sale, pay(&sale)).await;
    bus.give(&other, CommandBody::Cancel).await;
    world.pass_s(1).await;
    assert!(bus.done(&sale).await > 0, "the partition goes on");
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    let _with_both = Bus::with_keys(&world.beside(), &sealer(&[1]), &sealer(&[1, 2]));
    world.pass_s(2).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
}
