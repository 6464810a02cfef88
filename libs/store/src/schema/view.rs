//! A payment's view as stored.

use super::Fault;
use super::proof::{StoredCloseReason, StoredProof};
use super::terms::StoredTerms;
use payment::{AlipayPaymentId, Charged, Standing, Timestamp, View};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredView {
    terms: StoredTerms,
    standing: StoredStanding,
    charged_seen: bool,
    alipay_payment_id: Option<String>,
    released_at_ms: Option<i64>,
    changed_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum StoredStanding {
    Processing,
    Approved,
    Paid { acknowledged: bool, retold: bool },
    Closing { reason: StoredCloseReason },
    NeedsAttention { reason: StoredCloseReason },
    Ended { proof: StoredProof },
}

impl From<&Standing> for StoredStanding {
    fn from(standing: &Standing) -> Self {
        match standing {
            Standing::Processing => Self::Processing,
            Standing::Approved => Self::Approved,
            Standing::Paid {
                acknowledged,
                retold,
            } => Self::Paid {
                acknowledged: *acknowledged,
                retold: *retold,
            },
            Standing::Closing(reason) => Self::Closing {
                reason: (*reason).into(),
            },
            Standing::NeedsAttention(reason) => Self::NeedsAttention {
                reason: (*reason).into(),
            },
            Standing::Ended(proof) => Self::Ended {
                proof: proof.into(),
            },
        }
    }
}

impl TryFrom<StoredStanding> for Standing {
    type Error = Fault;

    fn try_from(stored: StoredStanding) -> Result<Self, Fault> {
        Ok(match stored {
            StoredStanding::Processing => Self::Processing,
            StoredStanding::Approved => Self::Approved,
            StoredStanding::Paid {
                acknowledged,
                retold,
            } => Self::Paid {
                acknowledged,
                retold,
            },
            StoredStanding::Closing { reason } => Self::Closing(reason.into()),
            StoredStanding::NeedsAttention { reason } => Self::NeedsAttention(reason.into()),
            StoredStanding::Ended { proof } => Self::Ended(proof.try_into()?),
        })
    }
}

impl From<&View> for StoredView {
    fn from(view: &View) -> Self {
        Self {
            terms: (&view.terms).into(),
            standing: (&view.standing).into(),
            charged_seen: view.charged == Charged::Seen,
            alipay_payment_id: view
                .alipay_payment_id
                .as_ref()
                .map(|id| id.as_str().to_owned()),
            released_at_ms: view.released_at.map(Timestamp::as_ms),
            changed_at_ms: view.changed_at.as_ms(),
            version: view.version,
        }
    }
}

impl TryFrom<StoredView> for View {
    type Error = Fault;

    fn try_from(stored: StoredView) -> Result<Self, Fault> {
        Ok(Self {
            terms: stored.terms.try_into()?,
            standing: stored.standing.try_into()?,
            charged: if stored.charged_seen {
                Charged::Seen
            } else {
                Charged::NotSeen
            },
            alipay_payment_id: stored.alipay_payment_id.map(AlipayPaymentId::stored),
            released_at: stored.released_at_ms.map(Timestamp::from_ms),
            changed_at: Timestamp::from_ms(stored.changed_at_ms),
            version: stored.version,
        })
    }
}
