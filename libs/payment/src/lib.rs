//! The life of an order and its payments: `decide`, `evolve` and `due`, and the words they use.
//!
//! Pure on purpose: no IO, no clock, no randomness, no serialization. Time and identity are
//! arguments. The same functions run in production, in the model checker and in the simulation.

mod answer;
mod call;
mod decide;
mod due;
mod event;
mod evolve;
mod ids;
mod input;
mod money;
mod order;
mod pace;
mod payment_code;
mod policy;
mod proof;
mod reason;
mod refund_request_id;
mod refusal;
mod request_id;
mod resolution;
mod terms;
mod timestamp;
mod told;
mod view;
mod words;

pub use answer::{
    Answer, Approval, CancelAnswer, InquiryAnswer, Loss, Notice, NoticeResult, PayAnswer,
    RefundAnswer, RefundInquiryAnswer, ResultCode,
};
pub use call::{Ask, Call};
pub use decide::decide;
pub use due::{Todo, due};
pub use event::{Alarm, CloseReason, Event, Fact};
pub use evolve::evolve;
pub use ids::{
    AlipayPaymentId, AlipayRefundId, IdFault, MerchantId, OrderId, OrderNumber, PaymentId,
    PaymentRequestId, Reference, TerminalId,
};
pub use input::Input;
pub use money::{Currency, Money, MoneyFault};
pub use order::{Attempt, Begun, Closing, Order, Refund, RefundFate, Stage, Wants};
pub use payment_code::{CodeFault, CodeFormat, PaymentCode};
pub use policy::{Delivery, Policy, PolicyFault, PolicyNumbers, Profile};
pub use proof::{Charged, End, NeverSent, Proof};
pub use reason::{DeclineReason, NextAction, decline_reason};
pub use refund_request_id::RefundRequestId;
pub use refusal::Refusal;
pub use request_id::mint_payment_request_id;
pub use resolution::{Resolution, ResolutionFault};
pub use terms::Terms;
pub use timestamp::Timestamp;
pub use told::{
    Outcome, Status, Told, close_reason_code, owed_before_telling, told, told_changes_at,
};
pub use view::{Seen, Standing, View, view};
