//! A worker, step by step, as the orchestrator's driver is written: look, append under the version
//! that was looked at, go on the wire unless it was stopped for too long, record.

use super::action::{Fate, Slot, Take, Work};
use super::alipay::{Books, Reception};
use super::clock;
use super::scene::{Scene, Which};
use super::step::{notice, on_the_wire};
use super::world::{Command, Job, Running, Snapshot, Worker, World};
use payment::{
    Answer, Call, CancelAnswer, Event, Fact, Input, InquiryAnswer, Loss, NoticeResult,
    RefundAnswer, Timestamp, Todo, due,
};

/// A worker that needed longer than this from its decision to the wire does not call (X12). The
/// driver's own number.
const STALL_MAX_MS: i64 = 2_000;

/// From this instant on a worker that decided then no longer calls.
pub(super) fn stalled_at(decided: Timestamp) -> Timestamp {
    decided.plus_ms(STALL_MAX_MS + 1)
}

/// A free worker takes something in; nothing, where none is free.
pub(super) fn take(scene: &Scene, world: &mut World, which: Which, take: Take) -> Option<()> {
    let slot = idle(world)?;
    let now = world.now;
    match take {
        Take::Pay | Take::PayAgain => carry_out(scene, world, slot, Job::Pay(which), now),
        Take::PayAndStop => look(world, slot, Job::Pay(which), Running::Stopped),
        Take::NoticeAndStop => look(world, slot, Job::Notice(which), Running::Stopped),
    }
    Some(())
}

/// One step of a worker; nothing, where it can't be taken.
pub(super) fn work(scene: &Scene, world: &mut World, slot: Slot, work: Work) -> Option<()> {
    let now = world.now;
    match work {
        Work::Look => {
            let Todo::Call { payment, call } = due(&world.order, now) else {
                return None;
            };
            let job = Job::Begin(scene.which(payment), call);
            look(world, slot, job, Running::Yes);
        }
        Work::Append => append(scene, world, slot)?,
        Work::Call(fate, reception) => call(scene, world, slot, fate, reception)?,
        Work::Record => {
            let job = held(world, slot)?;
            carry_out(scene, world, slot, job, now);
        }
        Work::RecordAndStop => {
            let job = held(world, slot)?;
            look(world, slot, job, Running::Stopped);
        }
        Work::Stop => slot
            .of_mut(&mut world.workers)
            .set_running(Running::Stopped),
        Work::Continue => slot.of_mut(&mut world.workers).set_running(Running::Yes),
        Work::Crash => *slot.of_mut(&mut world.workers) = Worker::Idle,
    }
    Some(())
}

fn idle(world: &World) -> Option<Slot> {
    Slot::BOTH
        .into_iter()
        .find(|slot| *slot.of(&world.workers) == Worker::Idle)
}

fn look(world: &mut World, slot: Slot, job: Job, running: Running) {
    *slot.of_mut(&mut world.workers) = Worker::Looked {
        job,
        at: world.now,
        snapshot: Snapshot::Current,
        running,
    };
}

fn held(world: &World, slot: Slot) -> Option<Job> {
    let Worker::Holds {
        which,
        number,
        answer,
        ..
    } = slot.of(&world.workers)
    else {
        return None;
    };
    Some(Job::Answer(*which, *number, answer.clone()))
}

/// What it decided is appended as it was decided, if nobody came first. Otherwise a call goes back
/// to `due`, and everything else is decided again.
fn append(scene: &Scene, world: &mut World, slot: Slot) -> Option<()> {
    let Worker::Looked {
        job, at, snapshot, ..
    } = slot.of(&world.workers)
    else {
        return None;
    };
    let (job, at) = (job.clone(), *at);
    match (snapshot, &job) {
        (Snapshot::Current, _) => carry_out(scene, world, slot, job, at),
        (Snapshot::Stale, Job::Begin(..)) => *slot.of_mut(&mut world.workers) = Worker::Idle,
        (Snapshot::Stale, Job::Pay(_) | Job::Answer(..) | Job::Notice(_)) => {
            let now = world.now;
            carry_out(scene, world, slot, job, now);
        }
    }
    Some(())
}

fn carry_out(scene: &Scene, world: &mut World, slot: Slot, job: Job, at: Timestamp) {
    let (which, input) = match job {
        // The receipt was declined before: the command is dropped.
        Job::Pay(which) if matches!(world.sale(which).command, Command::Declined(_)) => {
            *slot.of_mut(&mut world.workers) = Worker::Idle;
            return;
        }
        Job::Pay(which) => (which, Input::Pay(Box::new(scene.terms(which).clone()))),
        Job::Begin(which, call) => {
            let payment = scene.payment(which);
            (which, Input::Begin { payment, call })
        }
        Job::Answer(which, begun, answer) => {
            let input = Input::Answer {
                payment: scene.payment(which),
                begun,
                answer,
                clock_skew_ms: 0,
            };
            (which, input)
        }
        Job::Notice(which) => {
            let left = &mut world.sale_mut(which).notices_left;
            *left = left.saturating_sub(1);
            let result = NoticeResult::Paid(scene.approval.clone());
            (which, notice(scene, which, result))
        }
    };
    let pays = matches!(input, Input::Pay(_));
    let events = match world.write(scene, input, at) {
        Ok(events) => {
            if pays {
                world.sale_mut(which).command = Command::Done;
            }
            events
        }
        Err(refusal) => {
            if pays {
                world.decline(which, refusal);
            }
            Vec::new()
        }
    };
    let begun = events.iter().find_map(begun);
    *slot.of_mut(&mut world.workers) =
        begun.map_or(Worker::Idle, |(number, call)| Worker::Called {
            which,
            number,
            call,
            decided: at,
            running: Running::Yes,
        });
}

fn begun(event: &Event) -> Option<(u32, Call)> {
    if let Fact::Begun { number, call } = &event.fact {
        Some((*number, *call))
    } else {
        None
    }
}

/// It goes on the wire, as this call fares; unless it was stopped, which it tells by its own clock.
fn call(
    scene: &Scene,
    world: &mut World,
    slot: Slot,
    fate: Fate,
    reception: Reception,
) -> Option<()> {
    let Worker::Called {
        which,
        number,
        call,
        decided,
        ..
    } = slot.of(&world.workers).clone()
    else {
        return None;
    };
    let stalled = world.now >= stalled_at(decided);
    if stalled && (fate, reception) != (Fate::Answered, Reception::Charge) {
        return None;
    }
    let answer = if stalled || fate == Fate::NoConnection {
        Some(Answer::Lost(Loss::NotSent))
    } else {
        world.sale_mut(which).calls_overlapped |= on_the_wire(world, slot, which);
        exchange(scene, world, (which, call), fate, reception)
    };
    let policy = &scene.terms(which).policy;
    let timeout_ms = match call {
        Call::Pay => policy.pay_timeout_ms(),
        Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
            policy.call_timeout_ms()
        }
    };
    *slot.of_mut(&mut world.workers) = match answer {
        Some(answer) => Worker::Holds {
            which,
            number,
            answer,
            running: Running::Yes,
        },
        None => Worker::Waiting {
            which,
            number,
            until: decided.plus_ms(timeout_ms),
        },
    };
    Some(())
}

/// What Alipay does, and what comes back; nothing, if nothing does.
fn exchange(
    scene: &Scene,
    world: &mut World,
    (which, call): (Which, Call),
    fate: Fate,
    reception: Reception,
) -> Option<Answer> {
    let window_over = clock::window_over(scene, world, which);
    let can_land = scene.can_land(which, world.now);
    // A refund names what Alipay is known to have charged.
    let charge = world
        .order
        .attempt(scene.payment(which))
        .and_then(|attempt| attempt.charge.clone());
    let amount = charge.map_or(scene.approval.amount, |charge| charge.amount);
    let books = &mut world.sale_mut(which).books;
    match call {
        Call::Pay => {
            books.send_pay();
            if fate == Fate::Late || !can_land {
                return None;
            }
            books.land_pay(reception);
        }
        Call::Inquire | Call::InquireRefund { .. } => {}
        Call::Cancel => books.send_cancel(),
        Call::Refund { .. } => books.refund_asked = true,
    }
    let code = scene.code.clone();
    let done = |books: &mut Books| match call {
        Call::Pay => books.pay_answer(scene),
        Call::Inquire => books.inquire(scene),
        Call::Cancel => books.cancel(scene, window_over),
        Call::Refund { number, .. } => books.refund(scene, number, amount),
        Call::InquireRefund { number, .. } => books.inquire_refund(scene, number),
    };
    let in_doubt = match call {
        Call::Pay | Call::Inquire | Call::InquireRefund { .. } => None,
        Call::Cancel => Some(Answer::Cancel(CancelAnswer::InDoubt { code: code.clone() })),
        Call::Refund { .. } => Some(Answer::Refund(RefundAnswer::InDoubt { code: code.clone() })),
    };
    match fate {
        Fate::Answered => Some(done(books)),
        Fate::AnswerLost => {
            done(books);
            None
        }
        Fate::Late => {
            match call {
                Call::Pay | Call::Inquire | Call::InquireRefund { .. } => {}
                Call::Cancel => books.cancel_on_its_way = true,
                Call::Refund { number, .. } => books.refund_on_its_way = Some((number, amount)),
            }
            None
        }
        Fate::NeverArrives | Fate::NoConnection => None,
        Fate::DoubtDone => {
            done(books);
            in_doubt
        }
        Fate::DoubtUndone => in_doubt,
        Fate::Refused => Some(match call {
            Call::Refund { number, .. } => Answer::Refund(books.refuse_refund(scene, number)),
            Call::Pay | Call::Inquire | Call::Cancel | Call::InquireRefund { .. } => {
                Answer::Cancel(CancelAnswer::Refused { code })
            }
        }),
        Fate::RefusedDone => {
            done(books);
            books.refund_hidden |= books.refunds > 0;
            Some(Answer::Refund(RefundAnswer::Refused { code }))
        }
        Fate::WrongAmount => {
            let approval = scene.wrong_approval.clone();
            Some(Answer::Inquiry(InquiryAnswer::Paid(approval)))
        }
    }
}
