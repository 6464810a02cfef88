//! One order on a table: inputs go in at an instant, and one can ask what is owed and told.

use payment::{
    AlipayPaymentId, Answer, Approval, Call, CancelAnswer, Currency, Event, Fact, Input,
    InquiryAnswer, MerchantId, Money, Notice, NoticeResult, Order, OrderNumber, PayAnswer,
    PaymentRequestId, Policy, PolicyNumbers, Proof, Reference, RefundRequestId, Refusal,
    ResultCode, Seen, Status, TerminalId, Terms, Timestamp, Todo, Told, View,
};

/// 2026-11-23T04:00:00Z: noon at Alipay.
pub(crate) const NOON_MS: i64 = 1_795_406_400_000;

/// No play comes near it; one that does would go on for ever.
const EVENTS_MAX: usize = 5_000;

pub(crate) struct Play {
    pub(crate) order: Order,
    pub(crate) terms: Terms,
    pub(crate) events: Vec<Event>,
}

pub(crate) fn standard() -> Policy {
    Policy::new(PolicyNumbers::standard()).unwrap()
}

/// This many milliseconds after the order began.
pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(NOON_MS + ms)
}

pub(crate) fn terms(reference: &str, policy: Policy) -> Terms {
    Terms {
        merchant: MerchantId::parse("corner-shop").unwrap(),
        order_number: OrderNumber::parse("O-1").unwrap(),
        reference: Reference::parse(reference).unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse(&format!("P-{reference}")).unwrap(),
        amount: money(1_280, "CNY"),
        description: "Lunch".to_owned(),
        accepted_at: at(0),
        policy,
    }
}

pub(crate) fn money(minor: i64, currency: &str) -> Money {
    Money::new(minor, Currency::parse(currency).unwrap()).unwrap()
}

pub(crate) fn approval(minor: i64, currency: &str) -> Approval {
    Approval {
        alipay_payment_id: AlipayPaymentId::parse("2026112319074101000700000077771").unwrap(),
        amount: money(minor, currency),
    }
}

pub(crate) fn code(text: &str) -> ResultCode {
    ResultCode::new(text)
}

pub(crate) fn pay_u() -> Answer {
    Answer::Pay(PayAnswer::InDoubt {
        code: code("PAYMENT_IN_PROCESS"),
    })
}

pub(crate) fn pay_s() -> Answer {
    Answer::Pay(PayAnswer::Approved(approval(1_280, "CNY")))
}

pub(crate) fn inquiry(answer: InquiryAnswer) -> Answer {
    Answer::Inquiry(answer)
}

pub(crate) fn inquiry_s() -> Answer {
    inquiry(InquiryAnswer::Paid(approval(1_280, "CNY")))
}

pub(crate) fn cancel(answer: CancelAnswer) -> Answer {
    Answer::Cancel(answer)
}

pub(crate) fn paid_notice(minor: i64, currency: &str) -> Notice {
    Notice {
        result: NoticeResult::Paid(approval(minor, currency)),
    }
}

impl Play {
    /// An order whose first payment was just begun, at 0.
    pub(crate) fn begun() -> Self {
        Self::begun_under(standard())
    }

    pub(crate) fn begun_under(policy: Policy) -> Self {
        let mut play = Self::empty(policy);
        play.input(0, Input::Pay(Box::new(play.terms.clone())));
        play
    }

    pub(crate) fn empty(policy: Policy) -> Self {
        Self {
            order: Order::default(),
            terms: terms("R-1", policy),
            events: Vec::new(),
        }
    }

    /// What the input leads to, folded in.
    pub(crate) fn input(&mut self, ms: i64, input: Input) -> Vec<Fact> {
        self.try_input(ms, input).unwrap()
    }

    pub(crate) fn try_input(&mut self, ms: i64, input: Input) -> Result<Vec<Fact>, Refusal> {
        let events = payment::decide(&self.order, input, at(ms))?;
        let order = std::mem::take(&mut self.order);
        self.order = events.iter().fold(order, payment::evolve);
        self.events.extend(events.clone());
        assert!(self.events.len() < EVENTS_MAX, "it never ends");
        Ok(events.into_iter().map(|event| event.fact).collect())
    }

    pub(crate) fn due(&self, ms: i64) -> Todo {
        payment::due(&self.order, at(ms))
    }

    /// When the next call is owed, in milliseconds, and which.
    pub(crate) fn next_call(&self, from_ms: i64) -> Option<(i64, Call)> {
        let mut ms = from_ms;
        loop {
            match self.due(ms) {
                Todo::Call { call, .. } => return Some((ms, call)),
                Todo::WakeAt(later) => {
                    let later_ms = later.ms_since(at(0));
                    assert!(
                        later_ms > ms,
                        "a wake-up at {later_ms} that is not ahead of {ms}"
                    );
                    ms = later_ms;
                }
                Todo::Rest => return None,
            }
        }
    }

    /// Begins the call that is owed and gives its number.
    pub(crate) fn begin(&mut self, ms: i64, call: Call) -> u32 {
        let payment = self.terms.payment();
        let facts = self.input(ms, Input::Begin { payment, call });
        let begun = facts.iter().find_map(|fact| {
            let Fact::Begun { number, .. } = fact else {
                return None;
            };
            Some(*number)
        });
        begun.unwrap()
    }

    pub(crate) fn answer(&mut self, ms: i64, begun: u32, answer: Answer) -> Vec<Fact> {
        let input = Input::Answer {
            payment: self.terms.payment(),
            begun,
            answer,
            clock_skew_ms: 0,
        };
        self.input(ms, input)
    }

    /// Makes the next call that is owed and answers it at once; says when and which it was.
    pub(crate) fn exchange(&mut self, from_ms: i64, answer: Answer) -> (i64, Call) {
        let (ms, call) = self.next_call(from_ms).unwrap();
        let number = self.begin(ms, call);
        self.answer(ms, number, answer);
        (ms, call)
    }

    pub(crate) fn notice(&mut self, ms: i64, notice: Notice) -> Vec<Fact> {
        let payment = self.terms.payment();
        self.input(ms, Input::Notice { payment, notice })
    }

    pub(crate) fn view(&self) -> View {
        match payment::view(&self.order, self.terms.payment()) {
            Seen::Payment(view) => *view,
            Seen::Unknown => panic!("there is no payment"),
        }
    }

    pub(crate) fn told(&self, ms: i64) -> Told {
        payment::told(&self.view(), at(ms))
    }

    pub(crate) fn status(&self, ms: i64) -> Status {
        self.told(ms).status
    }

    pub(crate) fn proof(&self) -> Option<Proof> {
        self.events.iter().rev().find_map(|event| {
            let Fact::Ended(proof) = &event.fact else {
                return None;
            };
            Some(proof.clone())
        })
    }

    pub(crate) fn count(&self, is_it: impl Fn(&Fact) -> bool) -> usize {
        self.events
            .iter()
            .filter(|event| is_it(&event.fact))
            .count()
    }
}

/// refund number `number` of this payment, under its own id: letters and digits alone.
pub(crate) fn refund_call(play: &Play, number: u32) -> Call {
    let id = refund_id(play, number);
    Call::Refund { number, id }
}

pub(crate) fn refund_id(play: &Play, number: u32) -> RefundRequestId {
    let payment = play.terms.payment().as_uuid().simple();
    RefundRequestId::parse(&format!("{payment}R{number}")).unwrap()
}
