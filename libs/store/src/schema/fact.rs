//! Events' facts as stored: one tagged JSON object each. Payment and time stand in columns.

use super::Fault;
use super::answer::{StoredAnswer, StoredApproval, StoredNotice};
use super::proof::{StoredAlarm, StoredCloseReason, StoredProof};
use super::terms::StoredTerms;
use payment::{Call, Fact, RefundRequestId, Resolution};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum StoredFact {
    Accepted {
        terms: Box<StoredTerms>,
    },
    CancelKept,
    Begun {
        number: u32,
        call: StoredCall,
    },
    /// The same, in a word that only a canary's build knows.
    #[cfg(feature = "canary")]
    BegunByCanary {
        number: u32,
        call: StoredCall,
    },
    Answered {
        number: u32,
        answer: StoredAnswer,
    },
    Noticed {
        notice: StoredNotice,
    },
    Approved {
        approval: StoredApproval,
    },
    Released,
    Retold,
    Acknowledged,
    CancelRequested,
    CloseBegun {
        reason: StoredCloseReason,
    },
    Ended {
        proof: StoredProof,
    },
    AttentionRaised,
    Resolved {
        operator: String,
        reason: String,
    },
    Alarmed {
        alarm: StoredAlarm,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "api", rename_all = "snake_case")]
pub(crate) enum StoredCall {
    Pay,
    Inquire,
    Cancel,
    Refund {
        number: u32,
        refund_request_id: String,
    },
    InquireRefund {
        number: u32,
        refund_request_id: String,
    },
}

impl StoredFact {
    /// The kind's word, the same as in the JSON: for the column that operators filter by.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::CancelKept => "cancel_kept",
            Self::Begun { .. } => "begun",
            #[cfg(feature = "canary")]
            Self::BegunByCanary { .. } => "begun_by_canary",
            Self::Answered { .. } => "answered",
            Self::Noticed { .. } => "noticed",
            Self::Approved { .. } => "approved",
            Self::Released => "released",
            Self::Retold => "retold",
            Self::Acknowledged => "acknowledged",
            Self::CancelRequested => "cancel_requested",
            Self::CloseBegun { .. } => "close_begun",
            Self::Ended { .. } => "ended",
            Self::AttentionRaised => "attention_raised",
            Self::Resolved { .. } => "resolved",
            Self::Alarmed { .. } => "alarmed",
        }
    }
}

impl From<Call> for StoredCall {
    fn from(call: Call) -> Self {
        match call {
            Call::Pay => Self::Pay,
            Call::Inquire => Self::Inquire,
            Call::Cancel => Self::Cancel,
            Call::Refund { number, id } => Self::Refund {
                number,
                refund_request_id: id.to_string(),
            },
            Call::InquireRefund { number, id } => Self::InquireRefund {
                number,
                refund_request_id: id.to_string(),
            },
        }
    }
}

impl TryFrom<StoredCall> for Call {
    type Error = Fault;

    fn try_from(stored: StoredCall) -> Result<Self, Fault> {
        let id = |text: &str| RefundRequestId::parse(text).map_err(Fault::new);
        Ok(match stored {
            StoredCall::Pay => Self::Pay,
            StoredCall::Inquire => Self::Inquire,
            StoredCall::Cancel => Self::Cancel,
            StoredCall::Refund {
                number,
                refund_request_id,
            } => Self::Refund {
                number,
                id: id(&refund_request_id)?,
            },
            StoredCall::InquireRefund {
                number,
                refund_request_id,
            } => Self::InquireRefund {
                number,
                id: id(&refund_request_id)?,
            },
        })
    }
}

impl From<&Fact> for StoredFact {
    fn from(fact: &Fact) -> Self {
        match fact {
            Fact::Accepted(terms) => Self::Accepted {
                terms: Box::new(terms.as_ref().into()),
            },
            Fact::CancelKept => Self::CancelKept,
            #[cfg(feature = "canary")]
            Fact::Begun {
                number,
                call: call @ Call::Pay,
            } => Self::BegunByCanary {
                number: *number,
                call: (*call).into(),
            },
            Fact::Begun { number, call } => Self::Begun {
                number: *number,
                call: (*call).into(),
            },
            Fact::Answered { number, answer } => Self::Answered {
                number: *number,
                answer: answer.into(),
            },
            Fact::Noticed(notice) => Self::Noticed {
                notice: notice.into(),
            },
            Fact::Approved(approval) => Self::Approved {
                approval: approval.into(),
            },
            Fact::Released => Self::Released,
            Fact::Retold => Self::Retold,
            Fact::Acknowledged => Self::Acknowledged,
            Fact::CancelRequested => Self::CancelRequested,
            Fact::CloseBegun(reason) => Self::CloseBegun {
                reason: (*reason).into(),
            },
            Fact::Ended(proof) => Self::Ended {
                proof: proof.into(),
            },
            Fact::AttentionRaised => Self::AttentionRaised,
            Fact::Resolved(resolution) => Self::Resolved {
                operator: resolution.operator().to_owned(),
                reason: resolution.reason().to_owned(),
            },
            Fact::Alarmed(alarm) => Self::Alarmed {
                alarm: (*alarm).into(),
            },
        }
    }
}

impl TryFrom<StoredFact> for Fact {
    type Error = Fault;

    fn try_from(stored: StoredFact) -> Result<Self, Fault> {
        Ok(match stored {
            StoredFact::Accepted { terms } => Self::Accepted(Box::new((*terms).try_into()?)),
            StoredFact::CancelKept => Self::CancelKept,
            #[cfg(feature = "canary")]
            StoredFact::BegunByCanary { number, call } => Self::Begun {
                number,
                call: call.try_into()?,
            },
            StoredFact::Begun { number, call } => Self::Begun {
                number,
                call: call.try_into()?,
            },
            StoredFact::Answered { number, answer } => Self::Answered {
                number,
                answer: answer.try_into()?,
            },
            StoredFact::Noticed { notice } => Self::Noticed(notice.try_into()?),
            StoredFact::Approved { approval } => Self::Approved(approval.try_into()?),
            StoredFact::Released => Self::Released,
            StoredFact::Retold => Self::Retold,
            StoredFact::Acknowledged => Self::Acknowledged,
            StoredFact::CancelRequested => Self::CancelRequested,
            StoredFact::CloseBegun { reason } => Self::CloseBegun(reason.into()),
            StoredFact::Ended { proof } => Self::Ended(proof.try_into()?),
            StoredFact::AttentionRaised => Self::AttentionRaised,
            StoredFact::Resolved { operator, reason } => {
                Self::Resolved(Resolution::kept(operator, reason))
            }
            StoredFact::Alarmed { alarm } => Self::Alarmed(alarm.into()),
        })
    }
}
