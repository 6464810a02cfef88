//! What kind of account a payment meets at Alipay: everything the simulator's table of behaviors
//! can do, and their combinations.

use super::dice::Dice;
use super::plan::WireFaults;

/// More inquiries than are asked before the close-out (A5) and within its patience (A14). Not all
/// there ever are: where no cancel is possible any more, only an inquiry's answer leads on
/// (decision 6), so a world without any could not come to rest.
const NO_INQUIRY_HEARD: u32 = 60;

/// What the customer does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Customer {
    Confirms,
    TypesFor(i64),
    Dithers,
    ConfirmsOnCancel,
    Lacks(&'static str),
}

/// What the account's answers leave out or get wrong, beyond the network's own faults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Temper {
    pub(crate) customer: Customer,
    /// Whether the pay request gets lost on its way for ever.
    pub(crate) swallows_pay: bool,
    /// How long the pay request is on its way.
    pub(crate) pay_travels_ms: i64,
    /// This many answers of each of pay, inquiry, cancel and refund are lost.
    pub(crate) loses: [u32; 4],
    /// This many answers of each are U, done or not.
    pub(crate) doubts: [u32; 4],
    /// This many cancels are refused for the order's state.
    pub(crate) refuses_cancels: u32,
    /// Cancels find their window over.
    pub(crate) window_over: bool,
    /// This many refunds are refused for the merchant's balance.
    pub(crate) refuses_refunds: u32,
    /// After those, this many take effect and are answered F.
    pub(crate) hides_refunds: u32,
    /// This many inquiries are refused, which proves nothing.
    pub(crate) refuses_inquiries: u32,
    /// Another amount is charged and named.
    pub(crate) other_amount: bool,
    /// pay is refused with a final code and charged all the same; the notification comes.
    pub(crate) lies: bool,
    /// This long after it arrived, an inquiry does not know it yet.
    pub(crate) unknown_for_ms: i64,
    pub(crate) notices: Notices,
}

/// How a result is notified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Notices {
    Usual,
    Never,
    Twice,
    Late(i64),
    AfterCancel,
}

impl Temper {
    /// An account that pays at once.
    const fn even() -> Self {
        Self {
            customer: Customer::Confirms,
            swallows_pay: false,
            pay_travels_ms: 0,
            loses: [0; 4],
            doubts: [0; 4],
            refuses_cancels: 0,
            window_over: false,
            refuses_refunds: 0,
            hides_refunds: 0,
            refuses_inquiries: 0,
            other_amount: false,
            lies: false,
            unknown_for_ms: 0,
            notices: Notices::Usual,
        }
    }

    /// Some account.
    pub(crate) fn some(dice: &Dice, faults: &WireFaults) -> Self {
        let mut temper = Self::even();
        temper.customer = customer(dice);
        if !dice.per_mille(faults.temper) {
            return temper;
        }
        temper.notices = notices(dice);
        match dice.below(15) {
            13 => {
                temper.refuses_inquiries = amount(dice, 20);
                temper.loses = [1, 0, 0, 0];
            }
            0 => temper.swallows_pay = true,
            1 => temper.pay_travels_ms = dice.between(100, 120_000),
            2 => temper.loses = few(dice),
            3 => temper.loses = [1, NO_INQUIRY_HEARD, 0, 0],
            4 => temper.doubts = few(dice),
            5 => temper.doubts = [0, 0, amount(dice, 40), 0],
            6 => temper.loses = [0, 0, amount(dice, 60), 0],
            7 => temper.refuses_cancels = amount(dice, 6),
            8 => {
                temper.window_over = true;
                temper.refuses_refunds = amount(dice, 2);
                temper.hides_refunds = amount(dice, 2);
            }
            9 => {
                temper.window_over = true;
                temper.loses = few(dice);
                temper.doubts = few(dice);
                temper.refuses_inquiries = amount(dice, 12);
                temper.refuses_refunds = amount(dice, 3);
                temper.hides_refunds = amount(dice, 3);
            }
            10 => temper.other_amount = true,
            11 => {
                temper.lies = true;
                temper.customer = Customer::Confirms;
                temper.notices = Notices::Late(dice.between(100, 600_000));
            }
            12 => temper.unknown_for_ms = dice.between(500, 5_000),
            _ => temper.loses = [1, 0, 0, 0],
        }
        temper
    }
}

fn customer(dice: &Dice) -> Customer {
    match dice.below(20) {
        0..=2 => Customer::TypesFor(dice.between(500, 60_000)),
        3 => Customer::Dithers,
        4 => Customer::ConfirmsOnCancel,
        5 => Customer::Lacks("USER_BALANCE_NOT_ENOUGH"),
        6 => Customer::Lacks("RISK_REJECT"),
        _ => Customer::Confirms,
    }
}

fn notices(dice: &Dice) -> Notices {
    match dice.below(6) {
        0 => Notices::Usual,
        1 => Notices::Twice,
        2 => Notices::Late(dice.wait_ms(1_200_000)),
        3 => Notices::AfterCancel,
        _ => Notices::Never,
    }
}

fn few(dice: &Dice) -> [u32; 4] {
    std::array::from_fn(|_| amount(dice, 4))
}

fn amount(dice: &Dice, most: i64) -> u32 {
    u32::try_from(dice.between(0, most)).unwrap_or(0)
}
