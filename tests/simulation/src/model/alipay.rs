//! Alipay's side of one attempt: its books, what may still be on its way to them, and what it
//! answers. It is stricter with us than the real one: a second refund under a new number is paid
//! out, so that asking for it shows.

use super::scene::Scene;
use payment::{
    Answer, CancelAnswer, InquiryAnswer, Money, PayAnswer, RefundAnswer, RefundInquiryAnswer,
};

/// What became of the one pay.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pay {
    /// It never left.
    Unsent,
    /// It left, and may still arrive.
    OnItsWay,
    /// It left, and will never arrive.
    Gone,
    /// The customer is asked for a password.
    Typing,
    /// Charged.
    Charged,
    /// Failed, by a signed word.
    Failed,
}

/// How Alipay receives a pay.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reception {
    /// It charges at once.
    Charge,
    /// It asks the customer.
    Ask,
    /// It refuses.
    Refuse,
}

/// Something we should never have asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Breach {
    /// The same pay twice.
    PaidTwice,
    /// A cancel after a refund was asked for.
    CancelAfterRefund,
}

/// The books of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Books {
    /// The pay.
    pub pay: Pay,
    /// It was closed: whatever was charged went back.
    pub cancelled: bool,
    /// How many full refunds were paid out.
    pub refunds: u8,
    /// The number of the refund that was paid out.
    pub refund_number: u32,
    /// The highest refund number that was refused, and is spent.
    pub refund_spent: u32,
    /// A cancel came before the pay it was meant for.
    pub cancel_missed: bool,
    /// A cancel that is still on its way.
    pub cancel_on_its_way: bool,
    /// A refund that is still on its way.
    pub refund_on_its_way: Option<(u32, Money)>,
    /// A refund was asked for.
    pub refund_asked: bool,
    /// A refund that took effect was answered F.
    pub refund_hidden: bool,
    /// Alipay charged what it had signed as failed.
    pub lied: bool,
    /// What we should never have asked for.
    pub breach: Option<Breach>,
}

impl Books {
    /// Nothing was ever heard.
    pub const EMPTY: Self = Self {
        pay: Pay::Unsent,
        cancelled: false,
        refunds: 0,
        refund_number: 0,
        refund_spent: 0,
        cancel_missed: false,
        cancel_on_its_way: false,
        refund_on_its_way: None,
        refund_asked: false,
        refund_hidden: false,
        lied: false,
        breach: None,
    };

    /// Whether the customer is out of pocket.
    pub fn out_of_pocket(&self) -> bool {
        self.pay == Pay::Charged && !self.cancelled && self.refunds == 0
    }

    /// Whether Alipay knows the payment.
    pub fn known(&self) -> bool {
        match self.pay {
            Pay::Unsent | Pay::OnItsWay | Pay::Gone => false,
            Pay::Typing | Pay::Charged | Pay::Failed => true,
        }
    }

    /// pay leaves for Alipay.
    pub fn send_pay(&mut self) {
        if self.pay != Pay::Unsent {
            self.breach = Some(Breach::PaidTwice);
        }
        self.pay = Pay::OnItsWay;
    }

    /// A cancel leaves for Alipay.
    pub fn send_cancel(&mut self) {
        if self.refund_asked {
            self.breach = Some(Breach::CancelAfterRefund);
        }
    }

    /// pay arrives.
    pub fn land_pay(&mut self, reception: Reception) {
        self.pay = match reception {
            Reception::Charge => Pay::Charged,
            Reception::Ask => Pay::Typing,
            Reception::Refuse => Pay::Failed,
        };
    }

    /// What pay answers once it arrived.
    pub fn pay_answer(&self, scene: &Scene) -> Answer {
        let code = scene.code.clone();
        Answer::Pay(match self.pay {
            Pay::Charged => PayAnswer::Approved(scene.approval.clone()),
            Pay::Failed => PayAnswer::Refused { code },
            Pay::Unsent | Pay::OnItsWay | Pay::Gone | Pay::Typing => PayAnswer::InDoubt { code },
        })
    }

    /// inquiryPayment.
    pub fn inquire(&self, scene: &Scene) -> Answer {
        Answer::Inquiry(match self.pay {
            Pay::Unsent | Pay::OnItsWay | Pay::Gone => InquiryAnswer::NotFound,
            Pay::Typing | Pay::Charged | Pay::Failed if self.cancelled => InquiryAnswer::Cancelled,
            Pay::Typing => InquiryAnswer::Processing,
            Pay::Charged => InquiryAnswer::Paid(scene.approval.clone()),
            Pay::Failed => InquiryAnswer::Failed {
                code: scene.code.clone(),
            },
        })
    }

    /// cancel arrives, inside or outside its window.
    pub fn cancel(&mut self, scene: &Scene, window_over: bool) -> Answer {
        let code = scene.code.clone();
        self.cancel_missed |= self.pay == Pay::OnItsWay;
        Answer::Cancel(if !self.known() {
            CancelAnswer::NotFound
        } else if window_over {
            CancelAnswer::WindowOver
        } else if self.refunds > 0 {
            CancelAnswer::Refused { code }
        } else {
            self.cancelled = true;
            CancelAnswer::Cancelled
        })
    }

    /// refund arrives. Another amount than the charge is refused, so that asking for it shows.
    pub fn refund(&mut self, scene: &Scene, number: u32, amount: Money) -> Answer {
        let whole = amount == scene.approval.amount;
        let again = whole && self.refunds > 0 && self.refund_number == number;
        let charged = self.pay == Pay::Charged && !self.cancelled;
        if !again && number > self.refund_spent && !(charged && whole) {
            let code = scene.code.clone();
            return Answer::Refund(RefundAnswer::Refused { code });
        }
        Answer::Refund(if again || number > self.refund_spent {
            if !again {
                self.refunds = self.refunds.saturating_add(1);
                self.refund_number = number;
            }
            RefundAnswer::Refunded {
                refund_id: scene.refund_id.clone(),
                amount: scene.approval.amount,
            }
        } else {
            self.refuse_refund(scene, number)
        })
    }

    /// A refund that Alipay refuses for reasons of its own; its number is spent.
    pub fn refuse_refund(&mut self, scene: &Scene, number: u32) -> RefundAnswer {
        self.refund_spent = self.refund_spent.max(number);
        RefundAnswer::NoEffect {
            code: scene.code.clone(),
        }
    }

    /// inquiryRefund.
    pub fn inquire_refund(&self, scene: &Scene, number: u32) -> Answer {
        Answer::RefundInquiry(if self.refunds > 0 && self.refund_number == number {
            RefundInquiryAnswer::Refunded {
                refund_id: scene.refund_id.clone(),
                amount: scene.approval.amount,
            }
        } else if number <= self.refund_spent {
            RefundInquiryAnswer::Failed
        } else {
            RefundInquiryAnswer::NotFound
        })
    }
}
