//! What may happen to a payment at Alipay's side, chosen by its payment code, as test cards choose
//! what a card network does. One table; the README's is held equal to it by a test.

use crate::reaction::{Api, Reaction, Says};

/// Which calls of one API meet a reaction: the first `calls` of them, `u32::MAX` for all.
pub(crate) struct Rule {
    pub(crate) api: Api,
    pub(crate) calls: u32,
    pub(crate) reaction: Reaction,
}

/// What the customer does when the code arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Customer {
    /// Nothing: the wallet pays at once.
    Confirms,
    /// Types a PIN for this long, in milliseconds.
    TypesFor(i64),
    /// Types a PIN until this many inquiries were made.
    TypesForInquiries(u32),
    /// Never confirms.
    Dithers,
    /// Confirms at the very moment the first cancel comes.
    ConfirmsOnCancel,
    /// Can't pay, for this reason.
    Lacks(&'static str),
}

/// How the result is notified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Notices {
    /// Once, and again until it is acknowledged.
    Usual,
    /// Not at all.
    Never,
    /// Twice at once.
    Twice,
    /// This much late, in milliseconds.
    Late(i64),
    /// Only once the payment was cancelled.
    AfterCancel,
    /// A success that another key signed, although nothing was charged.
    Forged,
    /// A success whose amount was changed after it was signed.
    Altered,
}

/// One row of the table.
pub(crate) struct Behavior {
    /// The four digits behind `28` in the code.
    pub(crate) number: u16,
    /// What happens, for the table.
    pub(crate) what: &'static str,
    pub(crate) customer: Customer,
    /// How long the pay request is on its way, in milliseconds.
    pub(crate) arrives_after_ms: i64,
    pub(crate) notices: Notices,
    pub(crate) rules: &'static [Rule],
}

const ALL: u32 = u32::MAX;

const fn row(number: u16, what: &'static str, customer: Customer) -> Behavior {
    Behavior {
        number,
        what,
        customer,
        arrives_after_ms: 0,
        notices: Notices::Usual,
        rules: &[],
    }
}

const fn refusal(number: u16, what: &'static str, code: &'static str) -> Behavior {
    row(number, what, Customer::Lacks(code))
}

const fn rule(api: Api, calls: u32, reaction: Reaction) -> Rule {
    Rule {
        api,
        calls,
        reaction,
    }
}

/// Every behavior. 00xx usual, 01xx PINs, 02xx refusals, 03xx notifications, 04xx lost answers,
/// 05xx broken answers, 06xx cancels and refunds.
pub(crate) static BEHAVIORS: &[Behavior] = &[
    row(0, "pays at once", Customer::Confirms),
    row(
        101,
        "PIN typed until 1 inquiry was made",
        Customer::TypesForInquiries(1),
    ),
    row(
        102,
        "PIN typed until 2 inquiries were made",
        Customer::TypesForInquiries(2),
    ),
    row(
        103,
        "PIN typed until 3 inquiries were made",
        Customer::TypesForInquiries(3),
    ),
    row(
        105,
        "PIN typed until 5 inquiries were made",
        Customer::TypesForInquiries(5),
    ),
    row(112, "PIN typed for 12 seconds", Customer::TypesFor(12_000)),
    row(199, "PIN never typed: U for ever", Customer::Dithers),
    refusal(201, "balance too low", "USER_BALANCE_NOT_ENOUGH"),
    refusal(202, "code expired", "EXPIRED_CODE"),
    refusal(203, "code not valid", "INVALID_PAYMENT_CODE"),
    refusal(204, "rejected by risk control", "RISK_REJECT"),
    refusal(
        205,
        "above the customer's limit",
        "USER_AMOUNT_EXCEED_LIMIT",
    ),
    refusal(206, "customer not verified (KYC)", "USER_KYC_NOT_QUALIFIED"),
    refusal(207, "account abnormal", "USER_STATUS_ABNORMAL"),
    refusal(
        208,
        "F with SYSTEM_ERROR, which proves nothing",
        "SYSTEM_ERROR",
    ),
    Behavior {
        notices: Notices::Twice,
        ..row(301, "pays at once; notified twice", Customer::Confirms)
    },
    Behavior {
        notices: Notices::Late(10_000),
        ..row(
            302,
            "pays at once; notified 10 seconds late",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::AfterCancel,
        ..row(
            303,
            "pays at once; notified only after a cancel",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Forged,
        ..row(
            304,
            "PIN never typed; a forged success is notified",
            Customer::Dithers,
        )
    },
    Behavior {
        notices: Notices::Altered,
        ..row(
            305,
            "PIN never typed; an altered success is notified",
            Customer::Dithers,
        )
    },
    Behavior {
        notices: Notices::Never,
        ..row(306, "pays at once; never notified", Customer::Confirms)
    },
    Behavior {
        rules: &[
            rule(Api::Pay, ALL, Reaction::LOST),
            rule(Api::Inquiry, ALL, Reaction::SILENT),
        ],
        ..row(
            307,
            "answer lost after the charge; only the notification tells",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::LOST)],
        ..row(
            401,
            "answer lost after the charge; an inquiry finds it",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[
            rule(Api::Pay, ALL, Reaction::LOST),
            rule(Api::Inquiry, ALL, Reaction::SILENT),
        ],
        ..row(
            402,
            "charged, then silence until a cancel",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(Api::Pay, ALL, Reaction::SWALLOWED)],
        ..row(403, "the pay request never arrives", Customer::Confirms)
    },
    Behavior {
        arrives_after_ms: 8_000,
        rules: &[rule(Api::Pay, 1, Reaction::SILENT)],
        ..row(
            404,
            "the pay request arrives 8 seconds late",
            Customer::Confirms,
        )
    },
    Behavior {
        arrives_after_ms: 45_000,
        rules: &[rule(Api::Pay, 1, Reaction::SILENT)],
        ..row(
            405,
            "the pay request arrives 45 seconds late",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[
            rule(Api::Pay, ALL, Reaction::SILENT),
            rule(Api::Inquiry, ALL, Reaction::SILENT),
        ],
        ..row(
            406,
            "PIN never typed; silence until a cancel",
            Customer::Dithers,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::UNSIGNED)],
        ..row(
            501,
            "pays at once; the answer is unsigned",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::OTHER_KEY)],
        ..row(
            502,
            "pays at once; another key signs the answer",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::ALTERED)],
        ..row(
            503,
            "pays at once; the answer is changed by one space",
            Customer::Confirms,
        )
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::HTTP_500)],
        ..row(504, "pays at once; answers HTTP 500", Customer::Confirms)
    },
    Behavior {
        notices: Notices::Never,
        rules: &[rule(Api::Pay, ALL, Reaction::SLOW_BODY)],
        ..row(
            505,
            "pays at once; the body comes too slowly",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(Api::Pay, ALL, Reaction::says(Says::OtherAmount))],
        notices: Notices::Never,
        ..row(
            506,
            "pays at once; the answer names another amount",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(Api::Cancel, 2, Reaction::in_doubt())],
        ..row(
            601,
            "PIN never typed; cancel answers U twice",
            Customer::Dithers,
        )
    },
    Behavior {
        rules: &[rule(Api::Cancel, 1, Reaction::in_doubt())],
        ..row(
            602,
            "PIN typed just as the first cancel comes, which answers U",
            Customer::ConfirmsOnCancel,
        )
    },
    Behavior {
        rules: &[
            rule(Api::Inquiry, 13, Reaction::SILENT),
            rule(Api::Cancel, ALL, Reaction::refuses("CANCEL_WINDOW_EXCEED")),
            rule(Api::Pay, ALL, Reaction::LOST),
        ],
        notices: Notices::Never,
        ..row(
            603,
            "charged unheard; the cancel window is over",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(Api::Cancel, 1, Reaction::LOST)],
        ..row(
            604,
            "pays at once; the first cancel's answer is lost",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(Api::Cancel, 6, Reaction::in_doubt())],
        ..row(
            605,
            "pays at once; cancel answers U six times",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[
            rule(Api::Cancel, ALL, Reaction::refuses("CANCEL_WINDOW_EXCEED")),
            rule(Api::Refund, 1, Reaction::in_doubt()),
        ],
        ..row(
            606,
            "pays at once; no cancel, and the first refund answers U",
            Customer::Confirms,
        )
    },
    Behavior {
        rules: &[rule(
            Api::Cancel,
            ALL,
            Reaction::refuses("ORDER_STATUS_INVALID"),
        )],
        ..row(
            607,
            "pays at once; cancel is refused for the order's state",
            Customer::Confirms,
        )
    },
];

/// The amounts that Alipay's old sandbox knew, for codes without a behavior of their own.
pub(crate) static AMOUNTS: &[(i64, Behavior)] = &[
    (
        9_901,
        Behavior {
            rules: &[rule(Api::Pay, 1, Reaction::says(Says::InDoubt))],
            ..row(9_901, "pay answers U; charged", Customer::Confirms)
        },
    ),
    (
        9_902,
        Behavior {
            rules: &[rule(Api::Pay, 1, Reaction::SILENT)],
            ..row(
                9_902,
                "pay is charged and never answered",
                Customer::Confirms,
            )
        },
    ),
    (
        9_903,
        Behavior {
            rules: &[
                rule(Api::Pay, 1, Reaction::says(Says::InDoubt)),
                rule(Api::Inquiry, ALL, Reaction::in_doubt()),
            ],
            ..row(
                9_903,
                "pay and every inquiry answer U; charged",
                Customer::Confirms,
            )
        },
    ),
    (
        9_904,
        Behavior {
            rules: &[
                rule(Api::Pay, 1, Reaction::says(Says::InDoubt)),
                rule(Api::Inquiry, ALL, Reaction::SILENT),
            ],
            ..row(
                9_904,
                "pay answers U, no inquiry is answered; charged",
                Customer::Confirms,
            )
        },
    ),
];

/// What the code and the amount ask for, and whose code it is.
pub(crate) fn behavior_of(code: &str, amount_minor: i64) -> (&'static Behavior, String) {
    let named = code.get(2..6).and_then(|digits| digits.parse::<u16>().ok());
    let is_ours = code.len() == 18 && code.starts_with("28");
    let customer = code.get(code.len().saturating_sub(12)..).unwrap_or(code);
    let plain = BEHAVIORS.first();
    let by_code = BEHAVIORS
        .iter()
        .find(|row| is_ours && Some(row.number) == named);
    let by_amount = AMOUNTS.iter().find(|(amount, _)| *amount == amount_minor);
    let chosen = match by_code {
        Some(row) if row.number != 0 => Some(row),
        Some(_) | None => by_amount.map(|(_, row)| row).or(by_code).or(plain),
    };
    (chosen.unwrap_or(&USUAL), customer.to_owned())
}

static USUAL: Behavior = row(0, "pays at once", Customer::Confirms);

/// The row of this number.
pub(crate) fn behavior(number: u16) -> &'static Behavior {
    let by_amount = AMOUNTS.iter().map(|(_, row)| row);
    BEHAVIORS
        .iter()
        .chain(by_amount)
        .find(|row| row.number == number)
        .unwrap_or(&USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_its_behavior_and_its_customer() {
        let (row, customer) = behavior_of("280401000000000007", 1_000);
        assert_eq!((row.number, customer.as_str()), (401, "000000000007"));
        let (row, _) = behavior_of("251010120123456789012345", 1_000);
        assert_eq!(row.number, 0);
    }

    #[test]
    fn an_amount_names_a_behavior_only_where_the_code_names_none() {
        assert_eq!(behavior_of("280000000000000007", 9_902).0.number, 9_902);
        assert_eq!(behavior_of("280201000000000007", 9_902).0.number, 201);
    }

    #[test]
    fn no_number_stands_twice() {
        let mut numbers: Vec<u16> = BEHAVIORS.iter().map(|row| row.number).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }

    #[test]
    fn the_readme_has_exactly_these_rows() {
        let readme = include_str!("../README.md");
        let listed: Vec<&str> = readme
            .lines()
            .filter(|line| line.starts_with("| `28"))
            .collect();
        let rows: Vec<String> = BEHAVIORS
            .iter()
            .map(|row| format!("| `28{:04}…` | {} |", row.number, row.what))
            .collect();
        assert_eq!(listed, rows);
        for (amount, row) in AMOUNTS {
            let line = format!("| {amount} | {} |", row.what);
            assert!(readme.contains(&line), "{line}");
        }
    }
}
