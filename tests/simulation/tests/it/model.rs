//! The model checker, one scene per test. A scene's number of states is pinned, so that it can't
//! shrink unseen; every scene must meet the hard cases it is there for.

use payment::{Delivery, Stage};
use simulation::model::PaymentModel;
use simulation::model::scene::{Mishaps, Setting};
use simulation::model::sights::{self, Sight};
use simulation::model::world::World;
use stateright::{Checker, Model};

/// Any two mishaps of any kind, but no lie.
const ANY_TWO: Mishaps = Mishaps {
    budget: 2,
    processes: true,
    wire: true,
    words: true,
    repeats: true,
    lies: false,
};

const ANY_ONE: Mishaps = Mishaps {
    budget: 1,
    ..ANY_TWO
};

/// One attempt at noon, which the merchant may cancel once.
const ALONE: Setting = Setting {
    delivery: Delivery::HandedOver,
    second_after_ms: None,
    cancels: [1, 0],
    window_ends_after_ms: None,
    mishaps: ANY_TWO,
};

/// A state of a counterexample, as short as it can be read.
fn line(world: &World) -> String {
    let mut line = format!("{}", world.now);
    for (attempt, sale) in world.order.attempts.iter().zip(&world.sales) {
        let stage = if let Stage::Closing(closing) = &attempt.stage {
            format!("Closing {:?} {:?}", closing.reason, closing.wants)
        } else {
            format!("{:?}", attempt.stage)
        };
        line += &format!(" | {stage}, said {:?}, {:?}", sale.said, sale.books.pay);
    }
    line
}

fn check(setting: Setting, sights: &'static [Sight], states: usize) {
    let model = PaymentModel::new(setting, sights).unwrap();
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} steps, {} deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for property in checker.model().properties() {
        if let Some(path) = checker.discovery(property.name)
            && property.expectation.discovery_is_failure()
        {
            for (world, action) in path.into_vec() {
                println!("{}", line(&world));
                if let Some(action) = action {
                    println!("      -> {action:?}");
                }
            }
            panic!("{} does not hold", property.name);
        }
    }
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), states);
}

#[test]
fn one_attempt_and_nothing_goes_wrong() {
    let setting = Setting {
        mishaps: Mishaps::NONE,
        ..ALONE
    };
    let sights = &[
        sights::X13_TWO_WORKERS,
        sights::X14_TOO_LATE,
        sights::X16_ABANDONED,
        sights::X21_CANCELLED_FIRST,
        sights::X23_UNDELIVERED,
        sights::X26_UNDONE,
    ];
    check(setting, sights, 1_209);
}

#[test]
fn one_attempt_and_any_two_mishaps() {
    let sights = &[
        sights::X1_INQUIRY_FINDS_THE_CHARGE,
        sights::X2_NOT_FOUND_YET,
        sights::X3_PAY_AFTER_CANCEL,
        sights::X4_LATE_APPROVAL,
        sights::X6_SAME_SUCCESS_TWICE,
        sights::X7_SUCCESS_DURING_CANCEL,
        sights::X8_ATTENTION,
        sights::X10_CANCEL_REFUSED,
        sights::X11_CRASH_BEFORE_THE_WIRE,
        sights::X12_STALLED,
        sights::X24_DOOR_WINS,
        sights::X24_WORKER_WINS,
        sights::X25_ALL_AWAY,
        sights::X29_WRONG_AMOUNT,
        sights::X35_TAKEN_TWICE,
        sights::STALE_DOOR,
    ];
    check(ALONE, sights, 905_452);
}

#[test]
fn one_attempt_that_an_approval_releases_and_any_two_mishaps() {
    let setting = Setting {
        delivery: Delivery::Off,
        ..ALONE
    };
    check(
        setting,
        &[sights::X25_STALE_APPROVAL, sights::X26_UNDONE],
        593_944,
    );
}

#[test]
fn one_attempt_that_must_be_acknowledged_and_any_one_mishap() {
    let setting = Setting {
        delivery: Delivery::Acknowledged { within_ms: 5_000 },
        mishaps: ANY_ONE,
        ..ALONE
    };
    check(
        setting,
        &[sights::UNACKNOWLEDGED, sights::X26_UNDONE],
        51_035,
    );
}

#[test]
fn the_cancel_window_ends_during_the_close_out_and_any_two_mishaps_happen() {
    let setting = Setting {
        window_ends_after_ms: Some(12_000),
        cancels: [0, 0],
        ..ALONE
    };
    let sights = &[
        sights::X9_REFUNDED,
        sights::X9_CANCELLED_BEFORE,
        sights::X28_SECOND_REFUND,
    ];
    check(setting, sights, 244_076);
}

#[test]
fn alipay_charges_what_it_had_signed_as_failed() {
    let setting = Setting {
        mishaps: Mishaps {
            lies: true,
            words: false,
            processes: false,
            ..ANY_TWO
        },
        ..ALONE
    };
    check(setting, &[sights::X5_SUCCESS_AFTER_END], 33_038);
}

#[test]
fn two_tills_pay_one_order_at_once() {
    let setting = Setting {
        second_after_ms: Some(0),
        cancels: [0, 0],
        mishaps: Mishaps {
            processes: true,
            repeats: true,
            budget: 1,
            ..Mishaps::NONE
        },
        ..ALONE
    };
    check(setting, &[sights::X19_ORDER_TAKEN], 165_947);
}

#[test]
fn a_second_attempt_follows_and_the_first_ones_reversal_is_repeated() {
    let setting = Setting {
        second_after_ms: Some(12_000),
        cancels: [2, 0],
        mishaps: Mishaps {
            wire: true,
            budget: 1,
            ..Mishaps::NONE
        },
        ..ALONE
    };
    let sights = &[
        sights::X20_REVERSAL_IN_PROGRESS,
        sights::X22_REPEATED_REVERSAL,
    ];
    check(setting, sights, 281_204);
}
