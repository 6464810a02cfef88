//! Random walks: an Alipay that loses, delays, doubts and duplicates, a merchant that cancels or
//! is gone, and at the end everyone must agree. The full search is the model checker's.

use crate::play::{Play, approval, at, code, paid_notice, standard};
use payment::{
    AlipayRefundId, Answer, Call, CancelAnswer, Delivery, Fact, Input, InquiryAnswer, Loss, Order,
    Outcome, PayAnswer, Policy, PolicyNumbers, RefundAnswer, RefundInquiryAnswer, Timestamp, Todo,
    evolve, owed_before_telling,
};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

/// What Alipay truly holds.
#[derive(Default, Debug)]
struct Books {
    arrived: bool,
    charged: bool,
    cancelled: bool,
    /// The refunds that took effect, by number.
    returned: BTreeSet<u32>,
    typing: bool,
    refused: bool,
    /// The cancel window is over.
    window_over: bool,
}

/// The world of one walk.
struct Walk {
    play: Play,
    now_ms: i64,
    books: Books,
    /// A pay that is still on its way.
    pay_on_its_way: bool,
    /// Answers that come later than anyone waits.
    late: VecDeque<(u32, Answer)>,
    told_not_paid: bool,
    merchant_cancelled: bool,
}

/// How a call fares, by one random byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    AnswerLost,
    AnswerLate,
    NeverArrives,
    InDoubt,
}

fn fate(choice: u8) -> Fate {
    match choice % 8 {
        0..=2 => Fate::Answered,
        3 | 4 => Fate::AnswerLost,
        5 => Fate::AnswerLate,
        6 => Fate::NeverArrives,
        _ => Fate::InDoubt,
    }
}

impl Walk {
    fn begin(policy: Policy, choice: u8) -> Self {
        let mut walk = Self {
            play: Play::begun_under(policy),
            now_ms: 1,
            books: Books::default(),
            pay_on_its_way: true,
            late: VecDeque::new(),
            told_not_paid: false,
            merchant_cancelled: false,
        };
        walk.books.typing = choice & 1 == 1;
        walk.books.refused = choice & 6 == 6;
        walk.books.window_over = choice & 64 == 64;
        // pay itself fares by the same rules as every later call.
        walk.call(1, Call::Pay, fate(choice / 8));
        walk
    }

    /// pay reaches Alipay, which refuses it past the expiry.
    fn pay_arrives(&mut self) {
        let in_time = self.now_ms <= self.play.terms.close_at().ms_since(at(0));
        if std::mem::take(&mut self.pay_on_its_way) && in_time {
            self.books.arrived = true;
            self.books.charged = !(self.books.typing || self.books.refused || self.books.cancelled);
        }
    }

    fn confirm(&mut self) {
        if self.books.arrived && std::mem::take(&mut self.books.typing) {
            self.books.charged = !(self.books.refused || self.books.cancelled);
        }
    }

    /// What Alipay does and says.
    fn alipay(&mut self, call: Call) -> Answer {
        match call {
            Call::Pay => {
                self.pay_arrives();
                Answer::Pay(if self.books.charged {
                    PayAnswer::Approved(approval(1_280, "CNY"))
                } else if self.books.refused && !self.books.typing {
                    PayAnswer::Refused {
                        code: code("RISK_REJECT"),
                    }
                } else {
                    PayAnswer::InDoubt {
                        code: code("PAYMENT_IN_PROCESS"),
                    }
                })
            }
            Call::Inquire => Answer::Inquiry(match &self.books {
                Books { arrived: false, .. } => InquiryAnswer::NotFound,
                Books {
                    cancelled: true, ..
                } => InquiryAnswer::Cancelled,
                Books { charged: true, .. } => InquiryAnswer::Paid(approval(1_280, "CNY")),
                Books {
                    refused: true,
                    typing: false,
                    ..
                } => InquiryAnswer::Failed {
                    code: code("RISK_REJECT"),
                },
                Books { .. } => InquiryAnswer::Processing,
            }),
            Call::Cancel => Answer::Cancel(if self.books.arrived && self.books.window_over {
                CancelAnswer::WindowOver
            } else if self.books.arrived {
                assert!(
                    self.books.returned.is_empty(),
                    "a cancel after a refund began"
                );
                self.books.cancelled = true;
                CancelAnswer::Cancelled
            } else {
                CancelAnswer::NotFound
            }),
            Call::Refund { .. } if !self.books.charged => {
                let code = code("ORDER_STATUS_INVALID");
                Answer::Refund(RefundAnswer::Refused { code })
            }
            Call::Refund { number, .. } => {
                assert!(!self.books.cancelled, "a refund after a cancel");
                self.books.returned.insert(number);
                Answer::Refund(RefundAnswer::Refunded {
                    refund_id: AlipayRefundId::parse("RF-1").unwrap(),
                    amount: approval(1_280, "CNY").amount,
                })
            }
            Call::InquireRefund { number, .. } => {
                Answer::RefundInquiry(if self.books.returned.contains(&number) {
                    RefundInquiryAnswer::Refunded {
                        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
                        amount: approval(1_280, "CNY").amount,
                    }
                } else {
                    RefundInquiryAnswer::NotFound
                })
            }
        }
    }

    fn call(&mut self, number: u32, call: Call, fate: Fate) {
        let doubt = || code("UNKNOWN_EXCEPTION");
        let answer = match fate {
            Fate::Answered => self.alipay(call),
            Fate::AnswerLost => {
                self.alipay(call);
                Answer::Lost(Loss::TimedOut)
            }
            Fate::AnswerLate => {
                let answer = self.alipay(call);
                self.late.push_back((number, answer));
                Answer::Lost(Loss::TimedOut)
            }
            Fate::NeverArrives => Answer::Lost(Loss::TimedOut),
            // It takes effect, and is answered F.
            Fate::InDoubt if matches!(call, Call::Refund { .. }) && number.is_multiple_of(2) => {
                self.alipay(call);
                let code = code("PROCESS_FAIL");
                Answer::Refund(RefundAnswer::Refused { code })
            }
            Fate::InDoubt => match call {
                Call::Pay => {
                    self.alipay(call);
                    Answer::Pay(PayAnswer::InDoubt { code: doubt() })
                }
                Call::Inquire => Answer::Inquiry(InquiryAnswer::InDoubt { code: doubt() }),
                Call::Cancel => Answer::Cancel(CancelAnswer::InDoubt { code: doubt() }),
                Call::Refund { .. } => Answer::Refund(RefundAnswer::InDoubt { code: doubt() }),
                Call::InquireRefund { .. } => {
                    Answer::RefundInquiry(RefundInquiryAnswer::InDoubt { code: doubt() })
                }
            },
        };
        if matches!(answer, Answer::Lost(_)) {
            self.now_ms += 3_000;
        }
        self.play.answer(self.now_ms, number, answer);
    }

    /// One thing happens.
    fn step(&mut self, choice: u8) {
        let payment = self.play.terms.payment();
        match choice % 11 {
            0 => self.confirm(),
            1 if self.books.charged => {
                self.play.notice(self.now_ms, paid_notice(1_280, "CNY"));
            }
            2 => {
                if let Some((number, answer)) = self.late.pop_front() {
                    self.play.answer(self.now_ms, number, answer);
                }
            }
            3 => self.pay_arrives(),
            4 if choice > 200 => {
                self.play.input(self.now_ms, Input::Cancel { payment });
                self.merchant_cancelled = true;
            }
            5 => self.door(),
            6 => {
                // A worker dies: whatever it had begun is never answered.
                if let Todo::Call { call, .. } = self.play.due(self.now_ms) {
                    self.play.begin(self.now_ms, call);
                }
            }
            _ => self.work(fate(choice / 11)),
        }
        self.hear();
    }

    fn work(&mut self, fate: Fate) {
        match self.play.due(self.now_ms) {
            Todo::Call { call, .. } => {
                let number = self.play.begin(self.now_ms, call);
                self.call(number, call, fate);
            }
            Todo::WakeAt(later) => self.now_ms = later.ms_since(at(0)).max(self.now_ms),
            Todo::Rest => {}
        }
    }

    fn door(&mut self) {
        if let Some(input) = owed_before_telling(&self.play.view(), at(self.now_ms)) {
            self.play.input(self.now_ms, input);
        }
    }

    /// The merchant asks; promise 1 and 3 are about what it hears.
    fn hear(&mut self) {
        let outcome = self.play.told(self.now_ms).outcome;
        assert!(
            !(self.told_not_paid && outcome == Outcome::Paid),
            "told not paid, and now paid: {:?}",
            self.play.events
        );
        let overdue = at(self.now_ms) > self.play.terms.merchant_timeout_at();
        assert!(
            !(overdue && outcome == Outcome::Pending),
            "no answer in time"
        );
        self.told_not_paid |= outcome == Outcome::NotPaid;
    }

    /// From here on the world is kind.
    fn come_to_rest(&mut self) {
        self.pay_arrives();
        self.confirm();
        for _ in 0..500 {
            if self.play.due(self.now_ms) == Todo::Rest && self.late.is_empty() {
                return;
            }
            if let Some((number, answer)) = self.late.pop_front() {
                self.play.answer(self.now_ms, number, answer);
            }
            self.work(Fate::Answered);
            self.hear();
        }
        panic!("it never rests: {:?}", self.play.events);
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Delivery::HandedOver),
        Just(Delivery::Off),
        Just(Delivery::Acknowledged { within_ms: 20_000 }),
    ]
    .prop_map(|delivery| {
        let numbers = PolicyNumbers {
            delivery,
            ..PolicyNumbers::standard()
        };
        Policy::new(numbers).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn promise_3_whatever_happens_in_between_the_customers_money_and_the_answer_agree_at_the_end(
        policy in policies(),
        choices in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let mut walk = Walk::begin(policy, choices[0]);
        for choice in &choices[1..] {
            walk.step(*choice);
        }
        walk.come_to_rest();
        let outcome = walk.play.told(walk.now_ms).outcome;
        let out_of_pocket = walk.books.charged && !walk.books.cancelled
            && walk.books.returned.is_empty();
        prop_assert!(walk.books.returned.len() <= 1, "given back twice");
        prop_assert_eq!(
            outcome == Outcome::Paid, out_of_pocket,
            "{:?} but {:?}: {:#?}", outcome, walk.books, walk.play.events
        );
        let pays = walk.play.count(|fact| matches!(fact, Fact::Begun { call: Call::Pay, .. }));
        prop_assert_eq!(pays, 1, "one pay per paymentRequestId");
        let is_refund = |fact: &Fact| matches!(fact, Fact::Begun { call: Call::Refund { .. }, .. });
        let events = walk.play.events.iter();
        let after_refund = events.skip_while(|event| !is_refund(&event.fact));
        let cancel_after = after_refund
            .filter(|event| matches!(event.fact, Fact::Begun { call: Call::Cancel, .. }));
        prop_assert_eq!(cancel_after.count(), 0, "no cancel once a refund began");
        let ends = walk.play.count(|fact| matches!(fact, Fact::Ended(_)));
        prop_assert!(outcome == Outcome::Paid || ends >= 1, "no end without proof");
    }

    #[test]
    fn the_fold_takes_any_events_in_any_order(
        choices in prop::collection::vec(any::<u8>(), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let mut walk = Walk::begin(standard(), choices[0]);
        for choice in &choices[1..] {
            walk.step(*choice);
        }
        let events = &walk.play.events;
        let shuffled = order.iter().map(|index| index.get(events));
        let folded = shuffled.fold(Order::default(), evolve);
        prop_assert_eq!(folded.version, u64::try_from(order.len()).unwrap());
        // And every state it can be brought into owes something or nothing, without a panic.
        let _todo = payment::due(&folded, Timestamp::from_ms(i64::MAX));
    }
}
