//! The kind world: nothing more goes wrong, Alipay answers, someone works, the doors are asked.
//! From every state there must be an end to it (the promises' liveness).

use super::action::{Action, DoorStep, Fate, Given, Take, Turn, Work, actions};
use super::alipay::Reception;
use super::mishap::is_mishap;
use super::scene::Scene;
use super::step::step;
use super::world::World;

/// How soon each thing is done in a kind world; what is not in it does not happen there.
fn urgency(action: Action) -> Option<u8> {
    match action {
        Action::OutageEnds => Some(0),
        Action::Work(_, Work::Continue) | Action::Door(_, DoorStep::Continue) => Some(1),
        Action::Given(_, Given::SayNo) => Some(1),
        Action::Work(_, Work::Append | Work::Record) => Some(2),
        Action::Work(_, Work::Call(Fate::Answered, Reception::Charge)) => Some(2),
        Action::Door(_, DoorStep::Speak | DoorStep::Withdraw) => Some(3),
        Action::Alipay(_, Turn::PayLands(Reception::Charge)) => Some(4),
        Action::Alipay(_, Turn::CancelLands | Turn::RefundLands | Turn::CustomerPays) => Some(4),
        Action::Alipay(_, Turn::CustomerGivesUp) => Some(5),
        Action::Take(_, Take::Pay) => Some(6),
        Action::Given(_, Given::Notice) => Some(7),
        Action::Work(_, Work::Look) => Some(8),
        Action::DoorLook(_) => Some(9),
        Action::Given(_, Given::Acknowledge) => Some(10),
        Action::Tick => Some(11),
        Action::Outage
        | Action::Given(_, Given::Abandon | Given::Cancel)
        | Action::Given(_, Given::WrongAmount | Given::NotPaid | Given::SeeNo)
        | Action::Take(_, Take::PayAndStop | Take::PayAgain | Take::NoticeAndStop)
        | Action::Work(_, Work::Call(..) | Work::RecordAndStop | Work::Stop | Work::Crash)
        | Action::Door(_, DoorStep::Stop | DoorStep::SpeakToNobody)
        | Action::Alipay(_, Turn::PayLands(_) | Turn::Lies) => None,
    }
}

/// The kind world's next state; nothing once it has come to rest.
pub(super) fn next(scene: &Scene, world: &World) -> Option<World> {
    let mut possible = Vec::new();
    actions(scene, world, &mut possible);
    let mut kind: Vec<(u8, Action)> = possible
        .into_iter()
        .filter(|action| !is_mishap(world, *action))
        .filter_map(|action| urgency(action).map(|urgency| (urgency, action)))
        .collect();
    kind.sort_by_key(|(urgency, _)| *urgency);
    kind.into_iter()
        .find_map(|(_, action)| step(scene, world, action))
}
