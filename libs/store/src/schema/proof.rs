//! Proofs, close reasons, refusals and alarms as stored.

use super::Fault;
use super::answer::code as result_code;
use payment::{Alarm, AlipayRefundId, CloseReason, NeverSent, Proof, Refusal};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub(crate) enum StoredProof {
    PayRefused { code: String },
    InquiryFailed { code: String },
    InquiryCancelled,
    CancelSucceeded,
    RefundSucceeded { refund_id: String },
    NeverSentTooLate,
    NeverSentCancelledFirst,
    NeverSentNoConnection,
    NeverSentAbandoned,
    NeverArrived,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredCloseReason {
    NoResult,
    Undelivered,
    Unacknowledged,
    MerchantCancelled,
    LateApproval,
    AmountMismatch,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredRefusal {
    OrderAlreadyPaid,
    OrderHasOpenPayment,
    ReversalInProgress,
    TooManyAttempts,
    UnknownPayment,
    NotDue,
    NotReleasable,
    NotWithdrawable,
    NotResolvable,
    NotLapsed,
    NotAcknowledgeable,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredAlarm {
    AmountMismatch,
    SuccessAfterEnd,
}

impl From<&Proof> for StoredProof {
    fn from(proof: &Proof) -> Self {
        match proof {
            Proof::PayRefused { code } => Self::PayRefused {
                code: code.as_str().to_owned(),
            },
            Proof::InquiryFailed { code } => Self::InquiryFailed {
                code: code.as_str().to_owned(),
            },
            Proof::InquiryCancelled => Self::InquiryCancelled,
            Proof::CancelSucceeded => Self::CancelSucceeded,
            Proof::RefundSucceeded { refund_id } => Self::RefundSucceeded {
                refund_id: refund_id.as_str().to_owned(),
            },
            Proof::NeverSent(NeverSent::TooLate) => Self::NeverSentTooLate,
            Proof::NeverSent(NeverSent::CancelledFirst) => Self::NeverSentCancelledFirst,
            Proof::NeverSent(NeverSent::NoConnection) => Self::NeverSentNoConnection,
            Proof::NeverSent(NeverSent::Abandoned) => Self::NeverSentAbandoned,
            Proof::NeverArrived => Self::NeverArrived,
        }
    }
}

impl TryFrom<StoredProof> for Proof {
    type Error = Fault;

    fn try_from(stored: StoredProof) -> Result<Self, Fault> {
        Ok(match stored {
            StoredProof::PayRefused { code } => Self::PayRefused {
                code: result_code(&code)?,
            },
            StoredProof::InquiryFailed { code } => Self::InquiryFailed {
                code: result_code(&code)?,
            },
            StoredProof::InquiryCancelled => Self::InquiryCancelled,
            StoredProof::CancelSucceeded => Self::CancelSucceeded,
            StoredProof::RefundSucceeded { refund_id } => Self::RefundSucceeded {
                refund_id: AlipayRefundId::stored(refund_id),
            },
            StoredProof::NeverSentTooLate => Self::NeverSent(NeverSent::TooLate),
            StoredProof::NeverSentCancelledFirst => Self::NeverSent(NeverSent::CancelledFirst),
            StoredProof::NeverSentNoConnection => Self::NeverSent(NeverSent::NoConnection),
            StoredProof::NeverSentAbandoned => Self::NeverSent(NeverSent::Abandoned),
            StoredProof::NeverArrived => Self::NeverArrived,
        })
    }
}

// The words of three closed lists, each the same on both sides.
macro_rules! same_words {
    ($domain:ident, $stored:ident, [$($word:ident),* $(,)?]) => {
        impl From<$domain> for $stored {
            fn from(word: $domain) -> Self {
                match word { $($domain::$word => Self::$word),* }
            }
        }

        impl From<$stored> for $domain {
            fn from(word: $stored) -> Self {
                match word { $($stored::$word => Self::$word),* }
            }
        }
    };
}

same_words!(
    CloseReason,
    StoredCloseReason,
    [
        NoResult,
        Undelivered,
        Unacknowledged,
        MerchantCancelled,
        LateApproval,
        AmountMismatch
    ]
);
same_words!(
    Refusal,
    StoredRefusal,
    [
        OrderAlreadyPaid,
        OrderHasOpenPayment,
        ReversalInProgress,
        TooManyAttempts,
        UnknownPayment,
        NotDue,
        NotReleasable,
        NotWithdrawable,
        NotResolvable,
        NotLapsed,
        NotAcknowledgeable
    ]
);
same_words!(Alarm, StoredAlarm, [AmountMismatch, SuccessAfterEnd]);
