//! Numbers and ids as SQLite keeps them: signed 64-bit integers and text.

use crate::Error;
use payment::{OrderId, PaymentId};
use uuid::Uuid;

/// A count as SQLite keeps it. No count of ours comes near the end.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn count(stored: i64, place: &str) -> Result<u64, Error> {
    u64::try_from(stored).map_err(|_| Error::corrupt(place, format!("{stored} is not a count")))
}

pub(crate) fn partition(stored: i64, place: &str) -> Result<u16, Error> {
    u16::try_from(stored).map_err(|_| Error::corrupt(place, format!("{stored} is no partition")))
}

pub(crate) fn order_id(text: &str, place: &str) -> Result<OrderId, Error> {
    uuid(text, place).map(OrderId::from_uuid)
}

pub(crate) fn payment_id(text: &str, place: &str) -> Result<PaymentId, Error> {
    uuid(text, place).map(PaymentId::from_uuid)
}

pub(crate) fn uuid(text: &str, place: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(text).map_err(|fault| Error::corrupt(place, fault))
}
