//! The lunch hour: which sales are made, and how each must end.

use std::time::Duration;

/// One sale at the counter.
pub(crate) struct Sale {
    /// What makes it worth watching.
    pub(crate) title: &'static str,
    /// The simulated Alipay's behavior.
    pub(crate) behavior: u16,
    /// What the counter does.
    pub(crate) act: Act,
    /// How it must end.
    pub(crate) ends: Ends,
}

/// What the counter does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// Scans the code and waits.
    Scan,
    /// Clicks twice: the same request, the same idempotency key, at once.
    DoubleClick,
    /// Two tills scan two customers' codes for one order, at once.
    TwoTills,
    /// Scans, and cancels this much later, while the customer still types.
    CancelAfter(Duration),
    /// Scans, is told paid, and takes it back.
    TakeBack,
}

/// How a sale must end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ends {
    /// Sold, and the customer charged once.
    Paid,
    /// Not sold, and the customer's balance as before.
    NotPaid,
}

const fn sale(title: &'static str, behavior: u16, ends: Ends) -> Sale {
    Sale {
        title,
        behavior,
        act: Act::Scan,
        ends,
    }
}

const fn doing(act: Act, sale: Sale) -> Sale {
    Sale { act, ..sale }
}

/// The sales, in the order in which they begin.
pub(crate) const SALES: &[Sale] = &[
    sale("silence until the close-out's cancel", 406, Ends::NotPaid),
    sale(
        "charged, then silence: the cancel returns it",
        402,
        Ends::NotPaid,
    ),
    sale("a cancel that answers U twice", 601, Ends::NotPaid),
    sale("PIN typed just after the cancel began", 602, Ends::NotPaid),
    sale("a forged success notification", 304, Ends::NotPaid),
    sale("instant approval", 0, Ends::Paid),
    sale("PIN typed late: an inquiry finds it", 102, Ends::Paid),
    sale("the notification beats the inquiry", 307, Ends::Paid),
    sale("insufficient balance", 201, Ends::NotPaid),
    doing(Act::TwoTills, sale("two tills on one order", 0, Ends::Paid)),
    sale("answer lost after the charge", 401, Ends::Paid),
    doing(
        Act::DoubleClick,
        sale("double click, one idempotency key", 0, Ends::Paid),
    ),
    doing(
        Act::CancelAfter(Duration::from_secs(6)),
        sale(
            "the merchant cancels while the PIN is typed",
            199,
            Ends::NotPaid,
        ),
    ),
    sale("the pay request reaches Alipay 8 s late", 404, Ends::Paid),
    sale("an unsigned answer is not believed", 501, Ends::Paid),
    doing(
        Act::TakeBack,
        sale(
            "taken back too late to cancel: a refund",
            606,
            Ends::NotPaid,
        ),
    ),
];
