//! A door, as the gateway's are written: read, append what must be written before it may speak,
//! read again, and speak for the instant of the first reading.

use super::action::{DoorStep, Slot};
use super::scene::{Scene, Which};
use super::world::{Command, Door, Owes, Running, Said, Snapshot, World};
use payment::{
    Charged, Event, Fact, Input, Outcome, Seen, Standing, Timestamp, View, owed_before_telling,
    told, view,
};

/// A door goes on; nothing, where nobody stands there.
pub(super) fn step(scene: &Scene, world: &mut World, slot: Slot, step: DoorStep) -> Option<()> {
    match step {
        DoorStep::Speak => speak(scene, world, slot),
        DoorStep::SpeakToNobody => speak_to_nobody(scene, world, slot),
        DoorStep::Withdraw => withdraw(scene, world, slot),
        DoorStep::Stop => set_running(world, slot, Running::Stopped),
        DoorStep::Continue => set_running(world, slot, Running::Yes),
    }
}

fn set_running(world: &mut World, slot: Slot, state: Running) -> Option<()> {
    let Door::Looked { running, .. } = slot.of_mut(&mut world.doors) else {
        return None;
    };
    *running = state;
    Some(())
}

/// A door reads, and speaks at once if it owes nothing.
pub(super) fn look(scene: &Scene, world: &mut World, which: Which) -> Option<()> {
    let now = world.now;
    let owes = match view(&world.order, scene.payment(which)) {
        Seen::Payment(view) => owed_before_telling(&view, now),
        Seen::Unknown => None,
    };
    let owes = match owes {
        Some(Input::Release { .. }) => Owes::Release,
        Some(Input::Lapse { .. }) => Owes::Lapse,
        Some(_) => return None,
        None => {
            say(world, which, outcome(scene, world, which, now));
            return Some(());
        }
    };
    let free = Slot::BOTH
        .into_iter()
        .find(|slot| *slot.of(&world.doors) == Door::Idle)?;
    *free.of_mut(&mut world.doors) = Door::Looked {
        which,
        owes,
        at: now,
        snapshot: Snapshot::Current,
        running: Running::Yes,
    };
    Some(())
}

/// After a conflict the gateway decides again on what is there by now, for the same instant; a
/// refusal leaves what is there to be told.
fn speak(scene: &Scene, world: &mut World, slot: Slot) -> Option<()> {
    let (which, at, _written) = write_what_it_owes(scene, world, slot)?;
    say(world, which, outcome(scene, world, which, at));
    Some(())
}

/// The append goes on although the till has hung up.
fn speak_to_nobody(scene: &Scene, world: &mut World, slot: Slot) -> Option<()> {
    let (which, _at, written) = write_what_it_owes(scene, world, slot)?;
    if written.iter().any(|event| event.fact == Fact::Released) {
        *slot.of_mut(&mut world.doors) = Door::Withdraws { which };
    }
    Some(())
}

/// It finds the order as it is by now; where another door has told the release, nothing is written.
fn withdraw(scene: &Scene, world: &mut World, slot: Slot) -> Option<()> {
    let Door::Withdraws { which } = *slot.of(&world.doors) else {
        return None;
    };
    let payment = scene.payment(which);
    let _told = world.write(scene, Input::Withdraw { payment }, world.now);
    *slot.of_mut(&mut world.doors) = Door::Idle;
    Some(())
}

fn write_what_it_owes(
    scene: &Scene,
    world: &mut World,
    slot: Slot,
) -> Option<(Which, Timestamp, Vec<Event>)> {
    let Door::Looked {
        which, owes, at, ..
    } = *slot.of(&world.doors)
    else {
        return None;
    };
    let payment = scene.payment(which);
    let input = match owes {
        Owes::Release => Input::Release { payment },
        Owes::Lapse => Input::Lapse { payment },
    };
    let written = world.write(scene, input, at).unwrap_or_default();
    *slot.of_mut(&mut world.doors) = Door::Idle;
    Some((which, at, written))
}

/// What a door says of this attempt for this instant.
pub(super) fn outcome(scene: &Scene, world: &World, which: Which, at: Timestamp) -> Final {
    let terms = scene.terms(which);
    let view = match view(&world.order, scene.payment(which)) {
        Seen::Payment(view) => *view,
        Seen::Unknown if declined(world, which) => return Final::NotPaid,
        // Its request was taken and has no event yet.
        Seen::Unknown => View {
            terms: terms.clone(),
            standing: Standing::Processing,
            charged: Charged::NotSeen,
            alipay_payment_id: None,
            released_at: None,
            changed_at: terms.accepted_at,
            version: 0,
        },
    };
    match told(&view, at).outcome {
        Outcome::Paid => Final::Paid,
        Outcome::NotPaid => Final::NotPaid,
        Outcome::Pending if at > terms.last_release_at() => Final::PendingTooLate,
        Outcome::Pending => Final::NotYet,
    }
}

/// What the receipt says.
fn declined(world: &World, which: Which) -> bool {
    matches!(world.sale(which).command, Command::Declined(_))
}

/// What a door says, as promise 1 sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Final {
    /// `paid`.
    Paid,
    /// `not_paid`.
    NotPaid,
    /// `pending`, in time.
    NotYet,
    /// `pending`, past the last release.
    PendingTooLate,
}

fn say(world: &mut World, which: Which, outcome: Final) {
    let sale = world.sale_mut(which);
    sale.said = match (outcome, sale.said) {
        (_, Said::Contradicted | Said::PendingTooLate) => sale.said,
        (Final::PendingTooLate, _) => Said::PendingTooLate,
        (Final::NotYet, Said::Nothing) => Said::Nothing,
        (Final::Paid, Said::Nothing | Said::Paid) => Said::Paid,
        (Final::NotPaid, Said::Nothing | Said::NotPaid) => Said::NotPaid,
        (Final::NotPaid, Said::Paid | Said::Undone) if sale.undone => Said::Undone,
        // An approved sale that is looked at for an instant in the past is still pending there.
        (Final::NotYet, said) => said,
        (Final::Paid | Final::NotPaid, _) => Said::Contradicted,
    };
}
