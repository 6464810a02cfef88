//! Everything that can happen next. An action that is a mishap takes one off the run's budget.

use super::alipay::{Pay, Reception};
use super::scene::{Mishaps, Scene, Which};
use super::world::{Command, Door, Job, Running, Said, Worker, World};
use payment::{Call, Delivery, Input, Refusal, Stage, Todo, decide, due};

/// Which of two workers, or of two doors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// One.
    One,
    /// The other.
    Other,
}

impl Slot {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::One, Self::Other];

    /// This one of the two.
    pub fn of<T>(self, pair: &[T; 2]) -> &T {
        let [one, other] = pair;
        match self {
            Self::One => one,
            Self::Other => other,
        }
    }

    /// This one of the two, to change it.
    pub fn of_mut<T>(self, pair: &mut [T; 2]) -> &mut T {
        let [one, other] = pair;
        match self {
            Self::One => one,
            Self::Other => other,
        }
    }

    /// The other one.
    pub fn twin(self) -> Self {
        match self {
            Self::One => Self::Other,
            Self::Other => Self::One,
        }
    }
}

/// How a call fares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fate {
    /// It arrives and is answered.
    Answered,
    /// Mishap: it arrives, and the answer is lost.
    AnswerLost,
    /// Mishap: it arrives when nobody waits for the answer any more.
    Late,
    /// Mishap: it never arrives.
    NeverArrives,
    /// Mishap: there is no connection; not one byte leaves.
    NoConnection,
    /// Mishap: U, and it was carried out.
    DoubtDone,
    /// Mishap: U, and it was not carried out.
    DoubtUndone,
    /// Mishap: F, for a reason of Alipay's own.
    Refused,
    /// Mishap: a refund takes effect, and is answered F.
    RefusedDone,
    /// Mishap: another amount than was asked for.
    WrongAmount,
}

/// One thing that happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Time passes, up to the next instant at which anything changes.
    Tick,
    /// Mishap: all workers are away.
    Outage,
    /// They are back.
    OutageEnds,
    /// Something is taken in at once.
    Given(Which, Given),
    /// A worker takes something in.
    Take(Which, Take),
    /// A worker goes on.
    Work(Slot, Work),
    /// A door reads; if it owes nothing, it speaks.
    DoorLook(Which),
    /// A door goes on.
    Door(Slot, DoorStep),
    /// Something happens at Alipay without us.
    Alipay(Which, Turn),
}

/// What is taken in at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Given {
    /// No command followed the request, and the sweep ends it (X16).
    Abandon,
    /// Mishap: a door or a worker has decided that the order does not take the payment, and is
    /// stopped before it writes so.
    SeeNo,
    /// It goes on.
    SayNo,
    /// The merchant cancels.
    Cancel,
    /// The merchant confirms the answer it was given.
    Acknowledge,
    /// A notification of the charge. A repeat is a mishap.
    Notice,
    /// Mishap: a notification names another amount.
    WrongAmount,
    /// Mishap: a notification says `not paid`; it is only a hint.
    NotPaid,
}

/// What a worker takes in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Take {
    /// The merchant's command: it appends, and holds the code.
    Pay,
    /// Mishap: it has decided on it, and is stopped before it appends.
    PayAndStop,
    /// Mishap: the command is delivered again.
    PayAgain,
    /// Mishap: it has decided on a notification, and is stopped before it appends.
    NoticeAndStop,
}

/// What a worker does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Work {
    /// It looks what is owed, and decides.
    Look,
    /// It appends what it has decided.
    Append,
    /// It goes on the wire.
    Call(Fate, Reception),
    /// It records the answer.
    Record,
    /// Mishap: it decides what the answer leads to, and is stopped before it appends.
    RecordAndStop,
    /// Mishap: it is stopped.
    Stop,
    /// It goes on.
    Continue,
    /// Mishap: it dies, and with it what it remembered.
    Crash,
}

/// What a door does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DoorStep {
    /// It appends what it owes, reads again, and speaks.
    Speak,
    /// Mishap: its till has hung up; it appends what it owes, and nobody hears it.
    SpeakToNobody,
    /// It takes back what nobody heard.
    Withdraw,
    /// Mishap: it is stopped between reading and appending.
    Stop,
    /// It goes on.
    Continue,
}

/// What happens at Alipay.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Turn {
    /// A pay that was late arrives after all.
    PayLands(Reception),
    /// A cancel that was late arrives.
    CancelLands,
    /// A refund that was late arrives.
    RefundLands,
    /// The customer types the password.
    CustomerPays,
    /// The customer gives up.
    CustomerGivesUp,
    /// Mishap: Alipay charges what it had signed as failed.
    Lies,
}

const RECEPTIONS: [Reception; 3] = [Reception::Charge, Reception::Ask, Reception::Refuse];

/// Everything that can happen in this world.
pub fn actions(scene: &Scene, world: &World, out: &mut Vec<Action>) {
    let may = Allowed {
        mishaps: scene.setting.mishaps,
        left: world.mishaps_left > 0,
    };
    for which in Which::BOTH {
        if world.sale(which).command == Command::Absent {
            continue;
        }
        around(scene, world, which, may, out);
        on_the_wire(world, which, may, out);
    }
    for slot in Slot::BOTH {
        worker(scene, world, slot, may, out);
        door(world, slot, may, out);
    }
    if world.outage {
        out.push(Action::OutageEnds);
    } else if may.processes() && world.workers == [Worker::Idle, Worker::Idle] {
        out.push(Action::Outage);
    }
    if may_tick(world) {
        out.push(Action::Tick);
    }
}

/// The mishaps that may still happen.
#[derive(Clone, Copy)]
struct Allowed {
    mishaps: Mishaps,
    left: bool,
}

impl Allowed {
    fn processes(self) -> bool {
        self.left && self.mishaps.processes
    }

    fn words(self) -> bool {
        self.left && self.mishaps.words
    }

    fn hang_ups(self) -> bool {
        self.left && self.mishaps.hang_ups
    }

    fn repeats(self) -> bool {
        self.left && self.mishaps.repeats
    }
}

/// Time waits for whoever runs, and for a worker that is free to make a call that is owed; for
/// nobody else.
fn may_tick(world: &World) -> bool {
    let busy = world.workers.iter().any(Worker::is_busy)
        || world.doors.iter().any(|door| door.is_looking(Running::Yes));
    if busy {
        return false;
    }
    let free = !world.outage && world.workers.contains(&Worker::Idle);
    !(free && matches!(due(&world.order, world.now), Todo::Call { .. }))
}

/// What the merchant, the customer and the notifications of one attempt may do.
fn around(scene: &Scene, world: &World, which: Which, may: Allowed, out: &mut Vec<Action>) {
    let sale = world.sale(which);
    let terms = scene.terms(which);
    if world.now < terms.accepted_at {
        return;
    }
    let free = !world.outage && world.workers.contains(&Worker::Idle);
    of_command(scene, world, which, may, out);
    if sale.cancels_left > 0 && !world.outage {
        out.push(Action::Given(which, Given::Cancel));
    }
    if let Delivery::Acknowledged { .. } = terms.policy.delivery()
        && sale.said == Said::Paid
    {
        out.push(Action::Given(which, Given::Acknowledge));
    }
    out.push(Action::DoorLook(which));
    if world.outage {
        return;
    }
    if sale.books.pay == Pay::Charged && (sale.notices_left > 0 || may.repeats()) {
        out.push(Action::Given(which, Given::Notice));
        if may.processes() && free {
            out.push(Action::Take(which, Take::NoticeAndStop));
        }
        if may.words() {
            out.push(Action::Given(which, Given::WrongAmount));
        }
    }
    if sale.books.known() && may.words() {
        out.push(Action::Given(which, Given::NotPaid));
    }
}

/// What may become of the merchant's command to pay.
fn of_command(scene: &Scene, world: &World, which: Which, may: Allowed, out: &mut Vec<Action>) {
    let sale = world.sale(which);
    let free = !world.outage && world.workers.contains(&Worker::Idle);
    let taking = world.workers.iter().any(
        |worker| matches!(worker, Worker::Looked { job: Job::Pay(taken), .. } if *taken == which),
    );
    match sale.command {
        Command::Waiting if free && (!taking || may.repeats()) => {
            out.push(Action::Take(which, Take::Pay));
            if may.processes() && !taking {
                out.push(Action::Take(which, Take::PayAndStop));
            }
        }
        Command::Done | Command::Declined(_) if free && may.repeats() => {
            out.push(Action::Take(which, Take::PayAgain));
        }
        Command::Waiting | Command::Done | Command::Declined(_) | Command::Absent => {}
    }
    if sale.no_held.is_some() {
        out.push(Action::Given(which, Given::SayNo));
    } else if sale.command == Command::Waiting
        && may.processes()
        && no(scene, world, which).is_some()
    {
        out.push(Action::Given(which, Given::SeeNo));
    }
    let forgotten_at = scene.terms(which).last_begin_at().plus_ms(5_000);
    if sale.command == Command::Waiting && world.now > forgotten_at {
        out.push(Action::Given(which, Given::Abandon));
    }
}

/// Why the order does not take this payment now.
pub(super) fn no(scene: &Scene, world: &World, which: Which) -> Option<Refusal> {
    let input = Input::Pay(Box::new(scene.terms(which).clone()));
    decide(&world.order, input, world.now).err()
}

/// What may still arrive at Alipay, or change there.
fn on_the_wire(world: &World, which: Which, may: Allowed, out: &mut Vec<Action>) {
    let books = &world.sale(which).books;
    match books.pay {
        Pay::OnItsWay => {
            out.extend(
                RECEPTIONS.map(|reception| Action::Alipay(which, Turn::PayLands(reception))),
            );
        }
        Pay::Typing if !books.cancelled => {
            out.push(Action::Alipay(which, Turn::CustomerPays));
            out.push(Action::Alipay(which, Turn::CustomerGivesUp));
        }
        Pay::Failed if !books.cancelled && may.left && may.mishaps.lies => {
            out.push(Action::Alipay(which, Turn::Lies));
        }
        Pay::Unsent | Pay::Gone | Pay::Typing | Pay::Charged | Pay::Failed => {}
    }
    if books.cancel_on_its_way {
        out.push(Action::Alipay(which, Turn::CancelLands));
    }
    if books.refund_on_its_way.is_some() {
        out.push(Action::Alipay(which, Turn::RefundLands));
    }
}

fn worker(scene: &Scene, world: &World, slot: Slot, may: Allowed, out: &mut Vec<Action>) {
    let worker = slot.of(&world.workers);
    let twin = slot == Slot::Other && *worker == *Slot::One.of(&world.workers);
    if twin {
        return;
    }
    if worker.is_stopped() {
        out.push(Action::Work(slot, Work::Continue));
    } else {
        match worker {
            Worker::Idle => {
                if !world.outage && matches!(due(&world.order, world.now), Todo::Call { .. }) {
                    out.push(Action::Work(slot, Work::Look));
                }
                return;
            }
            Worker::Looked { .. } => out.push(Action::Work(slot, Work::Append)),
            Worker::Called { which, call, .. } => calls(scene, world, slot, (*which, *call), out),
            Worker::Waiting { .. } => {}
            Worker::Holds { .. } => {
                out.push(Action::Work(slot, Work::Record));
                if may.processes() {
                    out.push(Action::Work(slot, Work::RecordAndStop));
                }
            }
        }
    }
    if may.processes() {
        out.push(Action::Work(slot, Work::Crash));
        if worker.is_busy() {
            out.push(Action::Work(slot, Work::Stop));
        }
    }
}

fn calls(
    scene: &Scene,
    world: &World,
    slot: Slot,
    (which, call): (Which, Call),
    out: &mut Vec<Action>,
) {
    let left = world.mishaps_left > 0;
    let (wire, words) = (
        left && scene.setting.mishaps.wire,
        left && scene.setting.mishaps.words,
    );
    let books = &world.sale(which).books;
    let mut fates = vec![Fate::Answered];
    match call {
        Call::Pay => {
            if wire {
                fates.push(Fate::AnswerLost);
            }
        }
        Call::InquireRefund { .. } => {
            if wire {
                fates.push(Fate::NeverArrives);
            }
        }
        Call::Inquire => {
            if wire {
                fates.push(Fate::NeverArrives);
            }
            let undecided = world
                .order
                .attempt(scene.payment(which))
                .is_some_and(|attempt| attempt.stage == Stage::Undecided);
            if words && undecided && books.out_of_pocket() {
                fates.push(Fate::WrongAmount);
            }
        }
        Call::Cancel | Call::Refund { .. } => {
            if wire {
                fates.extend([Fate::AnswerLost, Fate::Late, Fate::NeverArrives]);
            }
            let spent =
                matches!(call, Call::Refund { number, .. } if number == books.refund_number);
            if words && books.known() {
                fates.extend([Fate::DoubtDone, Fate::DoubtUndone]);
                if !spent {
                    fates.push(Fate::Refused);
                }
                if matches!(call, Call::Refund { .. }) {
                    fates.push(Fate::RefusedDone);
                }
            }
        }
    }
    if call != Call::Pay {
        let same = |fate| Action::Work(slot, Work::Call(fate, Reception::Charge));
        out.extend(fates.into_iter().map(same));
        return;
    }
    for fate in fates {
        out.extend(RECEPTIONS.map(|reception| Action::Work(slot, Work::Call(fate, reception))));
    }
    if wire {
        out.push(Action::Work(
            slot,
            Work::Call(Fate::Late, Reception::Charge),
        ));
        out.push(Action::Work(
            slot,
            Work::Call(Fate::NoConnection, Reception::Charge),
        ));
    }
}

fn door(world: &World, slot: Slot, may: Allowed, out: &mut Vec<Action>) {
    let door = slot.of(&world.doors);
    if slot == Slot::Other && *door == *Slot::One.of(&world.doors) {
        return;
    }
    match door {
        Door::Idle => {}
        Door::Withdraws { .. } => out.push(Action::Door(slot, DoorStep::Withdraw)),
        Door::Looked {
            running: Running::Yes,
            ..
        } => {
            out.push(Action::Door(slot, DoorStep::Speak));
            if may.hang_ups() {
                out.push(Action::Door(slot, DoorStep::SpeakToNobody));
            }
            if may.processes() {
                out.push(Action::Door(slot, DoorStep::Stop));
            }
        }
        Door::Looked {
            running: Running::Stopped,
            ..
        } => out.push(Action::Door(slot, DoorStep::Continue)),
    }
}
