//! What a consumer hands out.

use crate::window::Slot;
use crate::{Command, Lack};
use payment::{OrderId, PaymentId};
use std::fmt;

/// One record of the log, on its way to being done. It takes a place among its partition's
/// deliveries in flight until it is dropped; a delivery that is dropped without being done is
/// delivered again after the next start.
#[must_use = "a delivery that is never done holds its partition's committed offset"]
pub struct Delivery {
    /// The partition it came from.
    pub partition: u16,
    /// Its place there.
    pub offset: i64,
    /// What it says.
    pub payload: Payload,
    pub(crate) record: Vec<u8>,
    pub(crate) slot: Slot,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A command to carry out.
    Command(Command),
    /// A command that this process can't read and another can: a later release wrote it, or it is
    /// sealed with a key that this process was not given. Keep its record where that one finds it,
    /// durably, then [`crate::Consumer::done`]; its order's later commands wait behind it.
    Waits {
        /// The order it is for, if that much could be read. Not authenticated.
        order: Option<OrderId>,
        /// The payment it is about, if that much could be read. Not authenticated.
        payment: Option<PaymentId>,
        /// What it asks for, as far as that could be read.
        kind: String,
        /// What this process lacks.
        lacks: Lack,
    },
    /// A record that nobody can ever carry out: malformed, or tampered with. Account for it (end
    /// the payment unpaid if nothing began, else raise attention: decision 12), then
    /// [`crate::Consumer::dead`].
    Poison {
        /// The order it claims to be for, if that much could be read. Not authenticated.
        order: Option<OrderId>,
        /// The payment it claims to be about, if that much could be read. Not authenticated.
        payment: Option<PaymentId>,
        /// What is wrong with it; holds nothing of its content.
        reason: String,
    },
}

impl Delivery {
    /// The record, sealed as it came.
    pub fn record(&self) -> &[u8] {
        &self.record
    }
}

impl Payload {
    /// The order it is for, as far as that could be read.
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Command(command) => Some(command.order),
            Self::Waits { order, .. } | Self::Poison { order, .. } => *order,
        }
    }

    /// The payment it is about, as far as that could be read.
    pub fn payment(&self) -> Option<PaymentId> {
        match self {
            Self::Command(command) => Some(command.payment),
            Self::Waits { payment, .. } | Self::Poison { payment, .. } => *payment,
        }
    }

    /// What it asks for, as far as that could be read.
    pub fn kind(&self) -> &str {
        match self {
            Self::Command(command) => command.body.kind(),
            Self::Waits { kind, .. } => kind,
            Self::Poison { .. } => "poison",
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}
