//! What a run must have met at least once, or it has shown nothing about it. Named by the hard
//! cases.

use super::PaymentModel;
use super::action::no;
use super::alipay::Pay;
use super::scene::Which;
use super::world::{Command, Door, Job, Owes, Running, Said, Snapshot, Worker, World};
use payment::{Attempt, Call, CloseReason, Closing, NeverSent, Proof, Refusal, Stage, Wants};

/// One thing to be met.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// What it is.
    pub name: &'static str,
    /// Whether it is there.
    pub seen: fn(&PaymentModel, &World) -> bool,
}

fn first<'a>(model: &PaymentModel, world: &'a World) -> Option<&'a Attempt> {
    world.order.attempt(model.scene.payment(Which::First))
}

fn second<'a>(model: &PaymentModel, world: &'a World) -> Option<&'a Attempt> {
    world.order.attempt(model.scene.payment(Which::Second))
}

fn closing<'a>(model: &PaymentModel, world: &'a World) -> Option<&'a Closing> {
    match first(model, world).map(|attempt| &attempt.stage) {
        Some(Stage::Closing(closing)) => Some(closing),
        Some(Stage::Undecided | Stage::Approved | Stage::Paid { .. } | Stage::Ended(_)) | None => {
            None
        }
    }
}

fn proof<'a>(model: &PaymentModel, world: &'a World) -> Option<&'a Proof> {
    match first(model, world).map(|attempt| &attempt.stage) {
        Some(Stage::Ended(proof)) => Some(proof),
        Some(Stage::Undecided | Stage::Approved | Stage::Paid { .. } | Stage::Closing(_))
        | None => None,
    }
}

fn closes_for(model: &PaymentModel, world: &World, reason: CloseReason) -> bool {
    closing(model, world).is_some_and(|closing| closing.reason == reason)
}

fn never_sent(model: &PaymentModel, world: &World, why: NeverSent) -> bool {
    proof(model, world) == Some(&Proof::NeverSent(why))
}

fn is_paid(attempt: Option<&Attempt>) -> bool {
    attempt.is_some_and(|attempt| matches!(attempt.stage, Stage::Paid { .. }))
}

/// X1.
pub const X1_INQUIRY_FINDS_THE_CHARGE: Sight = Sight {
    name: "X1 pay's answer was lost, and an inquiry found the charge",
    seen: |model, world| {
        first(model, world).is_some_and(|attempt| {
            attempt.inquiries > 0 && matches!(attempt.stage, Stage::Approved | Stage::Paid { .. })
        })
    },
};

/// X2.
pub const X2_NOT_FOUND_YET: Sight = Sight {
    name: "X2 an inquiry found nothing, and the pay is still on its way",
    seen: |model, world| {
        world.sale(Which::First).books.pay == Pay::OnItsWay
            && first(model, world).is_some_and(|attempt| {
                attempt.inquiries > 0
                    && attempt.in_flight.is_none()
                    && attempt.stage == Stage::Undecided
            })
    },
};

/// X3.
pub const X3_PAY_AFTER_CANCEL: Sight = Sight {
    name: "X3 the pay was charged after a cancel had found nothing",
    seen: |_, world| {
        let books = &world.sale(Which::First).books;
        books.cancel_missed && books.pay == Pay::Charged
    },
};

/// X4.
pub const X4_LATE_APPROVAL: Sight = Sight {
    name: "X4 an approval comes after the close instant",
    seen: |model, world| closes_for(model, world, CloseReason::LateApproval),
};

/// X5.
pub const X5_SUCCESS_AFTER_END: Sight = Sight {
    name: "X5 a success came after the end, and was reversed",
    seen: |model, world| {
        world.sale(Which::First).books.lied
            && proof(model, world).is_some_and(Proof::proves_reversal)
    },
};

/// X6.
pub const X6_SAME_SUCCESS_TWICE: Sight = Sight {
    name: "X6 two workers bring the same success, and one comes second",
    seen: |model, world| {
        let second = world.workers.iter().any(|worker| {
            matches!(
                worker,
                Worker::Looked {
                    job: Job::Notice(Which::First),
                    snapshot: Snapshot::Stale,
                    ..
                }
            )
        });
        second && first(model, world).is_some_and(|attempt| attempt.stage == Stage::Approved)
    },
};

/// X7.
pub const X7_SUCCESS_DURING_CANCEL: Sight = Sight {
    name: "X7 a success is heard while the cancel is in flight",
    seen: |model, world| {
        first(model, world).is_some_and(|attempt| {
            let cancelling = attempt
                .in_flight
                .is_some_and(|begun| begun.call == Call::Cancel);
            cancelling && attempt.charge.is_some() && attempt.inquiries == 0
        }) && closes_for(model, world, CloseReason::NoResult)
    },
};

/// X8.
pub const X8_ATTENTION: Sight = Sight {
    name: "X8 a person is asked to look",
    seen: |model, world| closing(model, world).is_some_and(|closing| closing.attention),
};

/// X9.
pub const X9_REFUNDED: Sight = Sight {
    name: "X9 the window is over, an inquiry decides, and the charge is refunded",
    seen: |model, world| matches!(proof(model, world), Some(Proof::RefundSucceeded { .. })),
};

/// X9, the other way.
pub const X9_CANCELLED_BEFORE: Sight = Sight {
    name: "X9 the window is over, and an inquiry finds it cancelled before",
    seen: |model, world| proof(model, world) == Some(&Proof::InquiryCancelled),
};

/// X10.
pub const X10_CANCEL_REFUSED: Sight = Sight {
    name: "X10 cancels are refused until a refund is wanted",
    seen: |model, world| {
        closing(model, world).is_some_and(|closing| {
            closing.cancel_refusals >= 2 && matches!(closing.wants, Wants::Refund { .. })
        })
    },
};

/// X11.
pub const X11_CRASH_BEFORE_THE_WIRE: Sight = Sight {
    name: "X11 a worker died after the append of a pay that never left",
    seen: |model, world| {
        world.sale(Which::First).books.pay == Pay::Unsent
            && world.workers == [Worker::Idle, Worker::Idle]
            && first(model, world).is_some_and(|attempt| attempt.in_flight.is_some())
    },
};

/// X12.
pub const X12_STALLED: Sight = Sight {
    name: "X12 a worker wakes with a pay in its hand after the close-out began",
    seen: |model, world| {
        closing(model, world).is_some()
            && world.workers.iter().any(|worker| {
                matches!(
                    worker,
                    Worker::Called {
                        call: Call::Pay,
                        running: Running::Yes,
                        ..
                    }
                )
            })
    },
};

/// X13.
pub const X13_TWO_WORKERS: Sight = Sight {
    name: "X13 two workers want to make the same call, and one comes second",
    seen: |_, world| {
        world.workers.iter().any(|worker| {
            matches!(
                worker,
                Worker::Looked {
                    job: Job::Begin(_, Call::Cancel),
                    snapshot: Snapshot::Stale,
                    ..
                }
            )
        })
    },
};

/// X14.
pub const X14_TOO_LATE: Sight = Sight {
    name: "X14 the command was older than the last begin",
    seen: |model, world| never_sent(model, world, NeverSent::TooLate),
};

/// X16.
pub const X16_ABANDONED: Sight = Sight {
    name: "X16 no command followed the request",
    seen: |model, world| never_sent(model, world, NeverSent::Abandoned),
};

/// X19.
pub const X19_ORDER_TAKEN: Sight = Sight {
    name: "X19 the second till is told that the order is taken",
    seen: |_, world| {
        world.sale(Which::Second).command == Command::Declined(Refusal::OrderHasOpenPayment)
    },
};

/// X19, between a door's or worker's look and the receipt it writes on.
pub const X19_STALE_NO: Sight = Sight {
    name: "X19 a no is written that was decided before the order was free again",
    seen: |model, world| {
        world.sale(Which::Second).no_held.is_some()
            && no(&model.scene, world, Which::Second).is_none()
    },
};

/// X20.
pub const X20_REVERSAL_IN_PROGRESS: Sight = Sight {
    name: "X20 a new attempt while the last one is being reversed",
    seen: |_, world| {
        world.sale(Which::Second).command == Command::Declined(Refusal::ReversalInProgress)
    },
};

/// X21.
pub const X21_CANCELLED_FIRST: Sight = Sight {
    name: "X21 the reversal came before its payment",
    seen: |model, world| never_sent(model, world, NeverSent::CancelledFirst),
};

/// X22.
pub const X22_REPEATED_REVERSAL: Sight = Sight {
    name: "X22 the first attempt's reversal was repeated, and the second stays paid",
    seen: |model, world| {
        world.sale(Which::First).cancels_left == 0
            && proof(model, world).is_some()
            && is_paid(second(model, world))
    },
};

/// X23.
pub const X23_UNDELIVERED: Sight = Sight {
    name: "X23 nobody fetched the approval in time",
    seen: |model, world| closes_for(model, world, CloseReason::Undelivered),
};

fn reversing(world: &World, wanted: Snapshot) -> bool {
    world.workers.iter().any(|worker| {
        matches!(worker, Worker::Looked { job: Job::Begin(Which::First, Call::Cancel), snapshot, .. }
            if *snapshot == wanted)
    })
}

fn at_door(world: &World, wanted: Owes, state: Snapshot) -> bool {
    world.doors.iter().any(|door| {
        matches!(door, Door::Looked { which: Which::First, owes, snapshot, .. }
            if (*owes, *snapshot) == (wanted, state))
    })
}

/// K6b, taken back.
pub const K6B_WITHDRAWN: Sight = Sight {
    name: "K6b a release that no till heard of is withdrawn",
    seen: |model, world| {
        closes_for(model, world, CloseReason::Undelivered) && world.sale(Which::First).releases > 0
    },
};

/// K6b, told by another door before.
pub const K6B_TOLD_BY_ANOTHER: Sight = Sight {
    name: "K6b a release that another door told can't be withdrawn",
    seen: |model, world| {
        let told = |attempt: &Attempt| matches!(attempt.stage, Stage::Paid { retold: true, .. });
        let withdraws = |door: &Door| matches!(door, Door::Withdraws { .. });
        first(model, world).is_some_and(told) && world.doors.iter().any(withdraws)
    },
};

/// X24, the door wins.
pub const X24_DOOR_WINS: Sight = Sight {
    name: "X24 the door's release comes before the reversal",
    seen: |model, world| reversing(world, Snapshot::Stale) && is_paid(first(model, world)),
};

/// X24, the worker wins.
pub const X24_WORKER_WINS: Sight = Sight {
    name: "X24 the reversal comes before the door's release",
    seen: |model, world| {
        at_door(world, Owes::Release, Snapshot::Stale)
            && closes_for(model, world, CloseReason::Undelivered)
    },
};

/// X25.
pub const X25_ALL_AWAY: Sight = Sight {
    name: "X25 all workers are away, and a door closes the payment by itself",
    seen: |model, world| {
        world.outage
            && world.sale(Which::First).said == Said::NotPaid
            && closing(model, world).is_some()
    },
};

/// X25, an approval that was decided in time.
pub const X25_STALE_APPROVAL: Sight = Sight {
    name: "X25 an approval that was decided in time comes second to a door's not paid",
    seen: |model, world| {
        let waits = world.workers.iter().any(|worker| {
            matches!(
                worker,
                Worker::Looked {
                    job: Job::Answer(..) | Job::Notice(_),
                    snapshot: Snapshot::Stale,
                    ..
                }
            )
        });
        waits && world.sale(Which::First).said == Said::NotPaid && closing(model, world).is_some()
    },
};

/// X26.
pub const X26_UNDONE: Sight = Sight {
    name: "X26 a sale that was told paid is undone, announced, and told so",
    seen: |_, world| world.sale(Which::First).said == Said::Undone,
};

/// X28.
pub const X28_SECOND_REFUND: Sight = Sight {
    name: "X28 a refund was refused, and the next number succeeded",
    seen: |model, world| {
        world.sale(Which::First).books.refund_number == 2 && proof(model, world).is_some()
    },
};

/// X28, the other way: the refund took effect and was answered F.
pub const X28_REFUND_HIDDEN: Sight = Sight {
    name: "X28 a refund took effect and was answered F, and an inquiry found it",
    seen: |model, world| {
        matches!(proof(model, world), Some(Proof::RefundSucceeded { .. }))
            && world.sale(Which::First).books.refund_hidden
    },
};

/// X29.
pub const X29_WRONG_AMOUNT: Sight = Sight {
    name: "X29 another amount than was asked for",
    seen: |model, world| closes_for(model, world, CloseReason::AmountMismatch),
};

/// X35.
pub const X35_TAKEN_TWICE: Sight = Sight {
    name: "X35 a command was taken by two workers, and one comes second",
    seen: |_, world| {
        world.sale(Which::First).command == Command::Done
            && world.workers.iter().any(|worker| {
                matches!(
                    worker,
                    Worker::Looked {
                        job: Job::Pay(Which::First),
                        snapshot: Snapshot::Stale,
                        ..
                    }
                )
            })
    },
};

/// A door that was stopped comes second to another door.
pub const STALE_DOOR: Sight = Sight {
    name: "a door with a release in its hand comes second to a door that said not paid",
    seen: |_, world| {
        at_door(world, Owes::Release, Snapshot::Stale)
            && world.sale(Which::First).said == Said::NotPaid
    },
};

/// The merchant's policy undoes what it does not confirm.
pub const UNACKNOWLEDGED: Sight = Sight {
    name: "a released sale is reversed because nobody confirmed it",
    seen: |model, world| closes_for(model, world, CloseReason::Unacknowledged),
};
