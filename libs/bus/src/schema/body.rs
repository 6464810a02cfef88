//! The bodies of commands as written. The payment code has no form but the sealed one.

use super::Fault;
use super::terms::{WrittenMoney, WrittenTerms};
use crate::seal::{Binding, Sealed};
use crate::{CommandBody, Error, Sealer};
use payment::{AlipayPaymentId, Approval, Notice, NoticeResult, ResultCode};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum WrittenBody {
    Pay {
        terms: Box<WrittenTerms>,
        code: WrittenCode,
    },
    Cancel,
    Notice {
        result: WrittenNotice,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenCode {
    key_id: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum WrittenNotice {
    Paid {
        alipay_payment_id: String,
        amount: WrittenMoney,
    },
    NotPaid {
        code: String,
    },
}

/// Why a body can't be read.
#[derive(Debug)]
pub(super) enum BodyFault {
    /// Its code's key is not here.
    UnknownKey(String),
    /// It can't be read, here or at all.
    Fault(Fault),
}

impl From<Fault> for BodyFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl WrittenBody {
    pub(super) fn of(body: &CommandBody, sealer: &Sealer, binding: Binding) -> Result<Self, Error> {
        Ok(match body {
            CommandBody::Pay { terms, code } => {
                let Sealed { key_id, sealed } = sealer.seal(code, binding)?;
                Self::Pay {
                    terms: Box::new(WrittenTerms::from(&**terms)),
                    code: WrittenCode { key_id, sealed },
                }
            }
            CommandBody::Cancel => Self::Cancel,
            CommandBody::Notice(notice) => Self::Notice {
                result: notice.into(),
            },
        })
    }

    pub(super) fn read(self, sealer: &Sealer, binding: Binding) -> Result<CommandBody, BodyFault> {
        Ok(match self {
            Self::Pay { terms, code } => {
                let terms = Box::new((*terms).try_into()?);
                let WrittenCode { key_id, sealed } = code;
                let code = sealer.open(&Sealed { key_id, sealed }, binding)?;
                CommandBody::Pay { terms, code }
            }
            Self::Cancel => CommandBody::Cancel,
            Self::Notice { result } => CommandBody::Notice(result.try_into()?),
        })
    }
}

impl From<&Notice> for WrittenNotice {
    fn from(notice: &Notice) -> Self {
        match &notice.result {
            NoticeResult::Paid(approval) => Self::Paid {
                alipay_payment_id: approval.alipay_payment_id.as_str().to_owned(),
                amount: approval.amount.into(),
            },
            NoticeResult::NotPaid { code } => Self::NotPaid {
                code: code.as_str().to_owned(),
            },
        }
    }
}

impl TryFrom<WrittenNotice> for Notice {
    type Error = Fault;

    fn try_from(written: WrittenNotice) -> Result<Self, Fault> {
        let result = match written {
            WrittenNotice::Paid {
                alipay_payment_id,
                amount,
            } => NoticeResult::Paid(Approval {
                alipay_payment_id: AlipayPaymentId::stored(alipay_payment_id),
                amount: amount.try_into()?,
            }),
            WrittenNotice::NotPaid { code: written } => {
                let code = ResultCode::new(&written);
                // Only one that had to be cut to be one differs: nobody wrote that.
                if code.as_str() != written {
                    return Err(Fault::new("its result code is none"));
                }
                NoticeResult::NotPaid { code }
            }
        };
        Ok(Self { result })
    }
}
