//! What a consumer hands out.

use crate::Command;
use crate::window::Slot;
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

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}
