//! What every door says of a payment: one function, so that no two doors differ.

use crate::{
    CloseReason, Delivery, End, Input, NeverSent, NextAction, Policy, Proof, Standing, Timestamp,
    View,
};

/// For so long after a release the door that appended it may withdraw it (decision 44).
pub(crate) const WITHDRAWAL_MS: i64 = 60_000;

/// For so long after a release another door writes down that it tells `paid` too. Longer than a
/// release may be withdrawn, by what an append may take and two clocks may differ.
pub(crate) const RETELL_MS: i64 = 90_000;

/// A payment's status in the API.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Status {
    /// Taken; nothing decided yet, not even begun.
    Accepted,
    /// Alipay's word is awaited.
    Processing,
    /// Paid.
    Paid,
    /// Not paid, never charged.
    Failed,
    /// Not paid; the reversal is under way.
    Closing,
    /// Not paid; closed.
    Cancelled,
    /// Not paid; the charge was given back.
    Reversed,
    /// Not paid; the reversal takes long and a person looks at it.
    NeedsAttention,
}

/// What the merchant acts on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Not known yet.
    Pending,
    /// Sold.
    Paid,
    /// Not sold, whatever happens later.
    NotPaid,
}

/// What a door says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Told {
    /// Where it stands.
    pub status: Status,
    /// What to act on.
    pub outcome: Outcome,
    /// What to do.
    pub next_action: NextAction,
    /// One line for the cashier.
    pub cashier_line: &'static str,
}

impl Status {
    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Processing => "processing",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Closing => "closing",
            Self::Cancelled => "cancelled",
            Self::Reversed => "reversed",
            Self::NeedsAttention => "needs_attention",
        }
    }
}

impl Outcome {
    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::NotPaid => "not_paid",
        }
    }
}

impl Told {
    /// What a door says of a request that was taken and has no event yet.
    pub fn accepted() -> Self {
        Self {
            status: Status::Accepted,
            outcome: Outcome::Pending,
            next_action: NextAction::Wait,
            cashier_line: "Payment accepted. Please wait.",
        }
    }

    fn pending() -> Self {
        Self {
            status: Status::Processing,
            outcome: Outcome::Pending,
            next_action: NextAction::Wait,
            cashier_line: "Waiting for the customer or for Alipay. Please wait.",
        }
    }

    fn paid() -> Self {
        Self {
            status: Status::Paid,
            outcome: Outcome::Paid,
            next_action: NextAction::HandOver,
            cashier_line: "Paid. Hand over the goods.",
        }
    }

    fn unacknowledged() -> Self {
        Self {
            status: Status::Paid,
            outcome: Outcome::Paid,
            next_action: NextAction::Acknowledge,
            cashier_line: "Paid. Wait for the till to confirm it before you hand over the goods.",
        }
    }

    fn not_paid(status: Status, next_action: NextAction, cashier_line: &'static str) -> Self {
        Self {
            status,
            outcome: Outcome::NotPaid,
            next_action,
            cashier_line,
        }
    }

    fn closing() -> Self {
        Self::not_paid(
            Status::Closing,
            NextAction::TakeAnotherTender,
            "Not paid. Any charge is being given back. Take another tender.",
        )
    }
}

/// What every door says of this payment at `now` (decision 8).
///
/// Nothing says `paid` before it was released, and nothing unreleased is pending past the
/// last-release instant, whether or not a worker has acted yet (X25).
pub fn told(view: &View, now: Timestamp) -> Told {
    let too_late = now > view.terms.last_release_at();
    match &view.standing {
        Standing::Processing | Standing::Approved if too_late => Told::closing(),
        Standing::Processing | Standing::Approved => Told::pending(),
        Standing::Paid { acknowledged, .. } => match view.terms.policy.delivery() {
            Delivery::Acknowledged { .. } if !acknowledged => Told::unacknowledged(),
            Delivery::Acknowledged { .. } | Delivery::HandedOver | Delivery::Off => Told::paid(),
        },
        Standing::Closing(_) => Told::closing(),
        Standing::NeedsAttention(_) => Told::not_paid(
            Status::NeedsAttention,
            NextAction::TakeAnotherTender,
            "Not paid. The reversal takes long; the acquirer is looking at it.",
        ),
        Standing::Ended(proof) => ended(view, proof),
    }
}

fn ended(view: &View, proof: &Proof) -> Told {
    match proof.end(view.charged) {
        End::Reversed => Told::not_paid(
            Status::Reversed,
            NextAction::NewAttempt,
            "Not paid. The charge was given back to the customer.",
        ),
        End::Cancelled => Told::not_paid(
            Status::Cancelled,
            NextAction::NewAttempt,
            "Not paid. The payment was cancelled.",
        ),
        End::Failed => failed(view, proof),
    }
}

fn failed(view: &View, proof: &Proof) -> Told {
    let next_action = view
        .decline()
        .map_or(NextAction::NewAttempt, |(reason, _)| reason.next_action());
    let line = match next_action {
        NextAction::ScanNewCode => "Not paid. Ask for a fresh code and scan it.",
        NextAction::TakeAnotherTender => "Declined by Alipay. Take another tender.",
        NextAction::ContactAcquirer => "Declined: not set up. Call the acquirer.",
        NextAction::NewAttempt if never_sent(proof) => "Not paid. Nothing was charged. Try again.",
        NextAction::NewAttempt
        | NextAction::Wait
        | NextAction::HandOver
        | NextAction::Acknowledge => "Not paid. Nothing was charged.",
    };
    Told::not_paid(Status::Failed, next_action, line)
}

fn never_sent(proof: &Proof) -> bool {
    matches!(
        proof,
        Proof::NeverSent(NeverSent::TooLate | NeverSent::NoConnection | NeverSent::Abandoned)
    )
}

/// When a payment that waits is next worth asking about, for a door that keeps a connection open:
/// the last-release instant, past which it is told `not_paid` without any event.
pub fn told_changes_at(view: &View) -> Option<Timestamp> {
    match view.standing {
        Standing::Processing | Standing::Approved => Some(view.terms.last_release_at().plus_ms(1)),
        Standing::Paid { .. }
        | Standing::Closing(_)
        | Standing::NeedsAttention(_)
        | Standing::Ended(_) => None,
    }
}

/// What a door must write before it may tell this view at `now`, so that what it tells holds at
/// every other door. Nothing, where the view can be told as it is.
///
/// `Released` before `paid` (decision 8), or `Retold` where another door's release is so young that
/// it may still be withdrawn (decision 44); and the close-out before a `not_paid` that only the clock
/// says (X25). A door that appended `Released` itself, and had the answer in time, tells what it
/// wrote and asks for nothing more.
pub fn owed_before_telling(view: &View, now: Timestamp) -> Option<Input> {
    let payment = view.terms.payment();
    let too_late = now > view.terms.last_release_at();
    match &view.standing {
        Standing::Processing | Standing::Approved if too_late => Some(Input::Lapse { payment }),
        Standing::Approved => Some(Input::Release { payment }),
        Standing::Paid {
            acknowledged: false,
            retold: false,
        } => {
            let released_at = view.released_at?;
            within(&view.terms.policy, released_at, RETELL_MS, now)
                .then_some(Input::Release { payment })
        }
        Standing::Processing
        | Standing::Paid { .. }
        | Standing::Closing(_)
        | Standing::NeedsAttention(_)
        | Standing::Ended(_) => None,
    }
}

/// Whether `now` is within this time of a release that a door appended. Under delivery `off` the
/// approval releases itself, so no door can be too late with it.
pub(crate) fn within(policy: &Policy, released_at: Timestamp, ms: i64, now: Timestamp) -> bool {
    match policy.delivery() {
        Delivery::HandedOver | Delivery::Acknowledged { .. } => now <= released_at.plus_ms(ms),
        Delivery::Off => false,
    }
}

/// Why a close-out began, as a stable code.
pub fn close_reason_code(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::NoResult => "no_result",
        CloseReason::Undelivered => "undelivered",
        CloseReason::Unacknowledged => "unacknowledged",
        CloseReason::MerchantCancelled => "merchant_cancelled",
        CloseReason::LateApproval => "late_approval",
        CloseReason::AmountMismatch => "amount_mismatch",
    }
}
