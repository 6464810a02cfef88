//! The words that only the API speaks, each list once: what a body may hold is what the document
//! lists.

// The variant, its code and the list of all must not drift apart.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($word:ident $code:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum $name {
            $($word),+
        }

        impl $name {
            /// Every word there is.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The word in the API.
            pub(crate) const fn code(self) -> &'static str {
                match self {
                    $(Self::$word => $code),+
                }
            }
        }
    )+};
}

words! {
    /// What happened.
    EventType {
        Accepted "accepted",
        CancelKept "cancel_kept",
        Asked "asked",
        Answered "answered",
        Notified "notified",
        Approved "approved",
        Paid "paid",
        Retold "retold",
        Acknowledged "acknowledged",
        CancelRequested "cancel_requested",
        Closing "closing",
        Ended "ended",
        NeedsAttention "needs_attention",
        Resolved "resolved",
        Alarm "alarm",
    }

    /// Which call an event belongs to.
    CallWord {
        Pay "pay",
        Inquire "inquire",
        Cancel "cancel",
        Refund "refund",
        InquireRefund "inquire_refund",
    }

    /// Which kind of fact proves an end.
    ProofKind {
        PayRefused "pay_refused",
        InquiryFailed "inquiry_failed",
        InquiryCancelled "inquiry_cancelled",
        CancelSucceeded "cancel_succeeded",
        RefundSucceeded "refund_succeeded",
        NeverSent "never_sent",
        NeverArrived "never_arrived",
    }
}
