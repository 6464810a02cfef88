//! How a `paymentRequestId` is made (D1, D2). The random part is an argument.

use crate::{Money, PaymentRequestId, TerminalId, Timestamp};

/// Makes the id of an attempt at Alipay: time to the second, terminal, amount, the terminal's
/// sequence number and a random part (D2), at most 64 characters.
///
/// `sequence` comes from the terminal's durable counter, `random` from the caller's generator.
/// Unique because of the counter and the random part; not consecutive because of the latter (D2).
pub fn mint_payment_request_id(
    at: Timestamp,
    terminal: &TerminalId,
    amount: Money,
    sequence: u64,
    random: u64,
) -> PaymentRequestId {
    let time: String = at
        .rfc3339()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let terminal: String = terminal
        .as_str()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    // 14 + 12 + 1 + 16 + 1 + at most 10 + 1 + 8 is 63: the most that fits is 64 (AMS 3.1).
    let sequence = sequence % 10_000_000_000;
    let random = random & 0xffff_ffff;
    let text = format!(
        "{time}{terminal}a{}s{sequence}r{random:08x}",
        amount.amount_minor()
    );
    PaymentRequestId::minted(text)
}
