//! The scenes that are explored, and how many states each has. The number is pinned, so that a scene
//! can't shrink unseen; every scene must meet the hard cases it is there for.

use super::PaymentModel;
use super::scene::{Mishaps, Setting};
use super::sights::{self, Sight};
use super::world::World;
use payment::{Delivery, Stage};
use stateright::{Checker, HasDiscoveries, Model};

/// One scene.
pub struct Scene {
    /// What it is about, as a sentence.
    pub name: &'static str,
    setting: Setting,
    sights: &'static [Sight],
    /// How many states it has.
    pub states: usize,
}

/// What exploring a scene came to.
#[derive(Debug)]
pub struct Explored {
    /// States met.
    pub states: usize,
    /// Steps tried.
    pub steps: usize,
    /// The longest way.
    pub depth: usize,
    /// The invariants that do not hold, each with the way there.
    pub broken: Vec<(&'static str, Vec<String>)>,
    /// The hard cases that were never met.
    pub unmet: Vec<&'static str>,
}

/// Any two mishaps of any kind, but no lie.
const ANY_TWO: Mishaps = Mishaps {
    budget: 2,
    processes: true,
    wire: true,
    words: true,
    repeats: true,
    lies: false,
    hang_ups: false,
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

/// Every scene.
pub static ALL: &[Scene] = &[
    Scene {
        name: "one attempt and nothing goes wrong",
        setting: Setting {
            mishaps: Mishaps::NONE,
            ..ALONE
        },
        sights: &[
            sights::X13_TWO_WORKERS,
            sights::X14_TOO_LATE,
            sights::X16_ABANDONED,
            sights::X21_CANCELLED_FIRST,
            sights::X23_UNDELIVERED,
            sights::X26_UNDONE,
        ],
        states: 1_412,
    },
    Scene {
        name: "one attempt and any two mishaps",
        setting: ALONE,
        sights: &[
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
        ],
        states: 1_068_931,
    },
    Scene {
        name: "tills hang up while they are told and any two mishaps",
        setting: Setting {
            mishaps: Mishaps {
                budget: 2,
                processes: true,
                hang_ups: true,
                ..Mishaps::NONE
            },
            ..ALONE
        },
        sights: &[
            sights::K6B_WITHDRAWN,
            sights::K6B_TOLD_BY_ANOTHER,
            sights::X24_DOOR_WINS,
        ],
        states: 641_069,
    },
    Scene {
        name: "one attempt that an approval releases and any two mishaps",
        setting: Setting {
            delivery: Delivery::Off,
            ..ALONE
        },
        sights: &[sights::X25_STALE_APPROVAL, sights::X26_UNDONE],
        states: 683_404,
    },
    Scene {
        name: "one attempt that must be acknowledged and any one mishap",
        setting: Setting {
            delivery: Delivery::Acknowledged { within_ms: 5_000 },
            mishaps: ANY_ONE,
            ..ALONE
        },
        sights: &[sights::UNACKNOWLEDGED, sights::X26_UNDONE],
        states: 74_433,
    },
    Scene {
        name: "the cancel window ends during the close out and any two mishaps happen",
        setting: Setting {
            window_ends_after_ms: Some(12_000),
            cancels: [0, 0],
            ..ALONE
        },
        sights: &[
            sights::X9_REFUNDED,
            sights::X9_CANCELLED_BEFORE,
            sights::X28_SECOND_REFUND,
            sights::X28_REFUND_HIDDEN,
        ],
        states: 282_398,
    },
    Scene {
        name: "alipay charges what it had signed as failed",
        setting: Setting {
            mishaps: Mishaps {
                lies: true,
                words: false,
                processes: false,
                ..ANY_TWO
            },
            ..ALONE
        },
        sights: &[sights::X5_SUCCESS_AFTER_END],
        states: 38_152,
    },
    Scene {
        name: "two tills pay one order at once",
        setting: Setting {
            second_after_ms: Some(0),
            cancels: [0, 0],
            mishaps: Mishaps {
                processes: true,
                repeats: true,
                budget: 1,
                ..Mishaps::NONE
            },
            ..ALONE
        },
        sights: &[sights::X19_ORDER_TAKEN, sights::X19_STALE_NO],
        states: 207_337,
    },
    Scene {
        name: "a second attempt follows and the first ones reversal is repeated",
        setting: Setting {
            second_after_ms: Some(12_000),
            cancels: [2, 0],
            mishaps: Mishaps {
                wire: true,
                budget: 1,
                ..Mishaps::NONE
            },
            ..ALONE
        },
        sights: &[
            sights::X20_REVERSAL_IN_PROGRESS,
            sights::X22_REPEATED_REVERSAL,
        ],
        states: 467_850,
    },
];

impl Scene {
    /// Explores every state that can be reached.
    ///
    /// # Errors
    /// When the setting's numbers make no policy.
    pub fn explore(&self) -> anyhow::Result<Explored> {
        let model = PaymentModel::new(self.setting.clone(), self.sights)?;
        // What is broken may have no end; the first way to break it is enough.
        let checker = model
            .checker()
            .threads(2)
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        let mut explored = Explored {
            states: checker.unique_state_count(),
            steps: checker.state_count(),
            depth: checker.max_depth(),
            broken: Vec::new(),
            unmet: Vec::new(),
        };
        for property in checker.model().properties() {
            let discovery = checker.discovery(property.name);
            let fails = property.expectation.discovery_is_failure();
            match discovery {
                Some(path) if fails => {
                    let way = path.into_vec().into_iter().flat_map(|(world, action)| {
                        [
                            Some(line(&world)),
                            action.map(|action| format!("      -> {action:?}")),
                        ]
                    });
                    explored
                        .broken
                        .push((property.name, way.flatten().collect()));
                }
                None if !fails => explored.unmet.push(property.name),
                Some(_) | None => {}
            }
        }
        Ok(explored)
    }
}

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
