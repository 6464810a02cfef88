//! One state of the model: the real [`Order`], Alipay's books, and everyone who is in the middle
//! of something. What no decision reads is brought to one form, so that states meet again.

use super::alipay::{Books, Pay};
use super::scene::{Scene, Which};
use payment::{
    Answer, Call, CloseReason, Delivery, Event, Fact, Input, Order, Refusal, Stage, Timestamp,
    decide, evolve,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Everything that may differ from one moment to the next.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct World {
    /// The one clock of ours.
    pub now: Timestamp,
    /// The order, as its history makes it.
    pub order: Order,
    /// What is around each attempt.
    pub sales: [Sale; 2],
    /// The workers, in no particular order.
    pub workers: [Worker; 2],
    /// The doors, in no particular order.
    pub doors: [Door; 2],
    /// No worker is there at all.
    pub outage: bool,
    /// How many more things may go wrong.
    pub mishaps_left: u8,
}

/// What is around one attempt.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sale {
    /// Alipay's books.
    pub books: Books,
    /// The merchant's command to pay.
    pub command: Command,
    /// Someone has decided that the order does not take it, and has not written so yet.
    pub no_held: Option<Refusal>,
    /// How often the merchant may still cancel.
    pub cancels_left: u8,
    /// How many notifications of the charge may still come.
    pub notices_left: u8,
    /// What the doors said.
    pub said: Said,
    /// How often its approval was taken in.
    pub approvals: u8,
    /// How often it was released.
    pub releases: u8,
    /// A sale that was told `paid` was undone by an event that says why.
    pub undone: bool,
    /// Two calls of this payment were on the wire at once.
    pub calls_overlapped: bool,
}

/// Where the merchant's command to pay is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Command {
    /// In this scene there is none.
    Absent,
    /// In the log, or not even written yet.
    Waiting,
    /// Taken in.
    Done,
    /// Its request was declined: the order took another.
    Declined(Refusal),
}

/// What the doors said of one attempt, in the order of the versions they read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Said {
    /// Nothing final.
    Nothing,
    /// `paid`.
    Paid,
    /// `not_paid`.
    NotPaid,
    /// `paid`, and `not_paid` after the sale was undone and announced.
    Undone,
    /// Something that contradicts what was said before.
    Contradicted,
    /// `pending` when the time for it was over.
    PendingTooLate,
}

/// Whether a process runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Running {
    /// It goes on before time does.
    Yes,
    /// It was stopped (SIGSTOP, a stalled disk) and time passes it by.
    Stopped,
}

/// Whether a snapshot is the order's last version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Snapshot {
    /// An append on it succeeds.
    Current,
    /// Someone else has appended since: a conflict.
    Stale,
}

/// One worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Worker {
    /// It does nothing, and remembers nothing.
    Idle,
    /// It has loaded the order and decided, and not appended yet.
    Looked {
        /// What it is about.
        job: Job,
        /// The instant of its decision.
        at: Timestamp,
        /// What its append will meet.
        snapshot: Snapshot,
        /// Whether it runs.
        running: Running,
    },
    /// It has appended the intention, and is about to go on the wire.
    Called {
        /// The attempt.
        which: Which,
        /// The number of the `Begun`.
        number: u32,
        /// The call.
        call: Call,
        /// The instant of its decision.
        decided: Timestamp,
        /// Whether it runs.
        running: Running,
    },
    /// It waits for an answer that will not come.
    Waiting {
        /// The attempt.
        which: Which,
        /// The number of the `Begun`.
        number: u32,
        /// When it gives up.
        until: Timestamp,
    },
    /// It has an answer, and has not recorded it yet.
    Holds {
        /// The attempt.
        which: Which,
        /// The number of the `Begun`.
        number: u32,
        /// The answer.
        answer: Answer,
        /// Whether it runs.
        running: Running,
    },
}

/// What a worker wants to append.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Job {
    /// The merchant's command; the code is in this worker's memory only.
    Pay(Which),
    /// The intention to make the call that is owed.
    Begin(Which, Call),
    /// An answer to the `Begun` of this number.
    Answer(Which, u32, Answer),
    /// A notification of a charge.
    Notice(Which),
}

/// One door.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Door {
    /// Nobody stands there.
    Idle,
    /// It has read, and owes an event before it may speak.
    Looked {
        /// The attempt.
        which: Which,
        /// What it owes.
        owes: Owes,
        /// The instant it speaks for.
        at: Timestamp,
        /// What its append will meet.
        snapshot: Snapshot,
        /// Whether it runs.
        running: Running,
    },
    /// It has released for a till that had hung up, and takes that back.
    Withdraws {
        /// The attempt.
        which: Which,
    },
}

/// What a door writes before it speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owes {
    /// `Released`, before `paid`.
    Release,
    /// The close-out, before a `not_paid` that only the clock says.
    Lapse,
}

impl World {
    /// The moment the first request was taken.
    pub fn at_the_start(scene: &Scene) -> Self {
        let [first_cancels, second_cancels] = scene.setting.cancels;
        let second = match scene.setting.second_after_ms {
            Some(_) => Command::Waiting,
            None => Command::Absent,
        };
        Self {
            now: scene.terms(Which::First).accepted_at,
            order: Order::default(),
            sales: [
                Sale::new(Command::Waiting, first_cancels),
                Sale::new(second, second_cancels),
            ],
            workers: [Worker::Idle, Worker::Idle],
            doors: [Door::Idle, Door::Idle],
            outage: false,
            mishaps_left: scene.setting.mishaps.budget,
        }
    }

    /// What is around this attempt.
    pub fn sale(&self, which: Which) -> &Sale {
        let [first, second] = &self.sales;
        match which {
            Which::First => first,
            Which::Second => second,
        }
    }

    /// The same, to change it.
    pub fn sale_mut(&mut self, which: Which) -> &mut Sale {
        let [first, second] = &mut self.sales;
        match which {
            Which::First => first,
            Which::Second => second,
        }
    }

    /// Decides on the order as it is and appends. Everyone who has looked before comes second.
    ///
    /// # Errors
    /// The core's refusal; nothing was appended.
    pub fn write(
        &mut self,
        scene: &Scene,
        input: Input,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.order, input, at)?;
        for event in &events {
            self.note(scene, event);
            self.order = evolve(std::mem::take(&mut self.order), event);
        }
        if !events.is_empty() {
            self.make_stale();
        }
        Ok(events)
    }

    /// The receipt of a request that is pending says no from now on; any other stays as it is.
    pub fn decline(&mut self, which: Which, refusal: Refusal) {
        let sale = self.sale_mut(which);
        if sale.command == Command::Waiting {
            sale.command = Command::Declined(refusal);
        }
    }

    fn note(&mut self, scene: &Scene, event: &Event) {
        let was_paid = self
            .order
            .attempt(event.payment)
            .is_some_and(|attempt| matches!(attempt.stage, Stage::Paid { .. }));
        let sale = self.sale_mut(scene.which(event.payment));
        match &event.fact {
            Fact::Approved(_) => sale.approvals = sale.approvals.saturating_add(1),
            Fact::Released => sale.releases = sale.releases.saturating_add(1),
            Fact::CloseBegun(CloseReason::MerchantCancelled | CloseReason::Unacknowledged) => {
                sale.undone |= was_paid;
            }
            Fact::CloseBegun(_)
            | Fact::Accepted(_)
            | Fact::CancelKept
            | Fact::Begun { .. }
            | Fact::Answered { .. }
            | Fact::Noticed(_)
            | Fact::Retold
            | Fact::Acknowledged
            | Fact::CancelRequested
            | Fact::Ended(_)
            | Fact::AttentionRaised
            | Fact::Resolved(_)
            | Fact::Alarmed(_) => {}
        }
    }

    fn make_stale(&mut self) {
        for worker in &mut self.workers {
            if let Worker::Looked { snapshot, .. } = worker {
                *snapshot = Snapshot::Stale;
            }
        }
        for door in &mut self.doors {
            if let Door::Looked { snapshot, .. } = door {
                *snapshot = Snapshot::Stale;
            }
        }
    }

    /// The same world in its one form: no decision reads the version (a snapshot knows whether it
    /// is stale), when something last changed, or a wait that is over; of the charge, only whether
    /// it is newer than the call in flight; and nobody cares which of two workers is which.
    ///
    /// A pay that Alipay would refuse as expired is as good as gone, and it waits for no customer
    /// longer than that.
    pub fn normal(mut self, scene: &Scene) -> Self {
        for sale in &mut self.sales {
            if sale.command != Command::Waiting {
                // It obeys.
                sale.no_held = None;
            }
        }
        for which in Which::BOTH {
            let expired = !scene.can_land(which, self.now);
            let books = &mut self.sale_mut(which).books;
            match books.pay {
                Pay::OnItsWay if expired => books.pay = Pay::Gone,
                Pay::Typing if expired => books.pay = Pay::Failed,
                Pay::Unsent
                | Pay::OnItsWay
                | Pay::Gone
                | Pay::Typing
                | Pay::Charged
                | Pay::Failed => {}
            }
        }
        self.order.version = 0;
        for attempt in &mut self.order.attempts {
            let accepted_at = attempt.terms.accepted_at;
            attempt.changed_at = accepted_at;
            let called = attempt.in_flight.map_or(0, |begun| begun.number);
            let newer = attempt.charge_said_at_call >= called;
            attempt.charge_said_at_call = if newer { called } else { 0 };
            match attempt.stage {
                Stage::Ended(_) if attempt.rechecks.is_some() => {}
                Stage::Approved | Stage::Paid { .. } | Stage::Ended(_) => {
                    attempt.next_call_at = accepted_at;
                }
                Stage::Undecided | Stage::Closing(_) => {}
            }
            match attempt.terms.policy.delivery() {
                Delivery::Acknowledged { .. } => {}
                Delivery::HandedOver | Delivery::Off => {
                    attempt.released_at = attempt.released_at.map(|_| accepted_at);
                }
            }
        }
        let [one, other] = &mut self.workers;
        if digest(one) > digest(other) {
            std::mem::swap(one, other);
        }
        let [one, other] = &mut self.doors;
        if digest(one) > digest(other) {
            std::mem::swap(one, other);
        }
        self
    }
}

/// A number that tells two states apart, the same in every run.
pub fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Sale {
    fn new(command: Command, cancels_left: u8) -> Self {
        Self {
            books: Books::EMPTY,
            command,
            no_held: None,
            cancels_left,
            notices_left: 1,
            said: Said::Nothing,
            approvals: 0,
            releases: 0,
            undone: false,
            calls_overlapped: false,
        }
    }
}

impl Worker {
    /// Whether it must go on, or be stopped, before time does.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Idle | Self::Waiting { .. } => false,
            Self::Looked { running, .. }
            | Self::Called { running, .. }
            | Self::Holds { running, .. } => *running == Running::Yes,
        }
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        match self {
            Self::Idle | Self::Waiting { .. } => false,
            Self::Looked { running, .. }
            | Self::Called { running, .. }
            | Self::Holds { running, .. } => *running == Running::Stopped,
        }
    }

    /// The same worker, stopped or running.
    pub fn set_running(&mut self, state: Running) {
        match self {
            Self::Idle | Self::Waiting { .. } => {}
            Self::Looked { running, .. }
            | Self::Called { running, .. }
            | Self::Holds { running, .. } => *running = state,
        }
    }
}

impl Door {
    /// Whether it has read, and runs or is stopped as said.
    pub fn is_looking(&self, state: Running) -> bool {
        match self {
            Self::Idle | Self::Withdraws { .. } => false,
            Self::Looked { running, .. } => *running == state,
        }
    }
}
