//! What should not happen, and does: each takes one off a run's budget.

use super::action::{Action, DoorStep, Fate, Given, Take, Turn, Work};
use super::world::{Job, Worker, World};

/// Whether this is one of the things that should not happen, and are counted.
pub(super) fn is_mishap(world: &World, action: Action) -> bool {
    match action {
        Action::Outage
        | Action::Given(_, Given::WrongAmount | Given::NotPaid | Given::SeeNo)
        | Action::Take(_, Take::PayAndStop | Take::PayAgain | Take::NoticeAndStop)
        | Action::Work(_, Work::RecordAndStop | Work::Stop | Work::Crash)
        | Action::Door(_, DoorStep::Stop | DoorStep::SpeakToNobody)
        | Action::Alipay(_, Turn::Lies) => true,
        Action::Work(_, Work::Call(fate, _)) => fate != Fate::Answered,
        Action::Given(which, Given::Notice) => world.sale(which).notices_left == 0,
        Action::Take(which, Take::Pay) => world.workers.iter().any(|worker| {
            matches!(worker, Worker::Looked { job: Job::Pay(taken), .. } if *taken == which)
        }),
        Action::Tick
        | Action::OutageEnds
        | Action::DoorLook(_)
        | Action::Given(_, Given::Abandon | Given::SayNo | Given::Cancel | Given::Acknowledge)
        | Action::Work(_, Work::Look | Work::Append | Work::Record | Work::Continue)
        | Action::Door(_, DoorStep::Speak | DoorStep::Withdraw | DoorStep::Continue)
        | Action::Alipay(
            _,
            Turn::PayLands(_)
            | Turn::CancelLands
            | Turn::RefundLands
            | Turn::CustomerPays
            | Turn::CustomerGivesUp,
        ) => false,
    }
}
