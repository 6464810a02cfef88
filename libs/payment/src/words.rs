//! Every word of the lists that a merchant's program may match on, for the documents that list them.
//! A list that misses a word does not compile.

use crate::{CloseReason, DeclineReason, NeverSent, NextAction, Outcome, Status};

macro_rules! all {
    ($($name:ident: $($word:ident),+;)+) => {$(
        impl $name {
            /// Every word there is.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];
        }

        const _: fn($name) = |word| match word {
            $($name::$word => {})+
        };
    )+};
}

all! {
    Status: Accepted, Processing, Paid, Failed, Closing, Cancelled, Reversed, NeedsAttention;
    Outcome: Pending, Paid, NotPaid;
    NextAction: Wait, HandOver, Acknowledge, ScanNewCode, NewAttempt, TakeAnotherTender,
        ContactAcquirer;
    DeclineReason: CodeNotUsable, InsufficientBalance, LimitExceeded, CustomerNotEligible,
        RiskRejected, NotConfigured, Declined;
    CloseReason: NoResult, Undelivered, Unacknowledged, MerchantCancelled, LateApproval,
        AmountMismatch;
    NeverSent: TooLate, CancelledFirst, NoConnection, Abandoned;
}
