//! A business "no". Not an error: nothing is broken.

/// Why an input was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Refusal {
    /// The order was paid; its number is spent.
    #[error("the order was already paid")]
    OrderAlreadyPaid,
    /// Another attempt of the order is undecided or paid (decision 7, X19).
    #[error("the order has an open payment")]
    OrderHasOpenPayment,
    /// The last attempt is still being reversed (decision 7, X20).
    #[error("the order's last payment is still being reversed")]
    ReversalInProgress,
    /// The order has as many attempts as an order may have.
    #[error("the order has had as many payments as an order may have")]
    TooManyAttempts,
    /// No such payment in this order.
    #[error("the order has no such payment")]
    UnknownPayment,
    /// `due` does not ask for this call now.
    #[error("the call is not due")]
    NotDue,
    /// There is no approval to release, or its last-release instant has passed.
    #[error("there is no approval that may be released")]
    NotReleasable,
    /// There is no release that may be withdrawn: it was told, confirmed, or is too long ago.
    #[error("there is no release that may be withdrawn")]
    NotWithdrawable,
    /// No person was asked to look at it.
    #[error("the payment does not need attention")]
    NotResolvable,
    /// The last-release instant has not passed.
    #[error("the payment's time is not over")]
    NotLapsed,
    /// There is no released approval to acknowledge.
    #[error("there is no paid answer to acknowledge")]
    NotAcknowledgeable,
}

impl Refusal {
    /// The stable code a merchant's program may match on.
    pub fn code(self) -> &'static str {
        match self {
            Self::OrderAlreadyPaid => "order_already_paid",
            Self::OrderHasOpenPayment => "order_has_open_payment",
            Self::ReversalInProgress => "reversal_in_progress",
            Self::TooManyAttempts => "order_has_too_many_payments",
            Self::UnknownPayment => "payment_not_found",
            Self::NotDue => "call_not_due",
            Self::NotReleasable => "not_releasable",
            Self::NotWithdrawable => "not_withdrawable",
            Self::NotResolvable => "not_resolvable",
            Self::NotLapsed => "not_lapsed",
            Self::NotAcknowledgeable => "not_acknowledgeable",
        }
    }
}
