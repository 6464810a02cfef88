//! The faults that are put into a copy of the core and of the driver, one at a time, to see that the
//! model or the simulation finds each. They exist only in that copy: nothing here is ever compiled
//! into a release.

/// One fault, or a part of one where others bear its name: the text that is found once in a file, and what stands there instead. `seeded("…")`
/// switches it on at run time, so that one build holds them all.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) find: &'static str,
    pub(super) replace: &'static str,
}

const fn fault(
    name: &'static str,
    file: &'static str,
    find: &'static str,
    replace: &'static str,
) -> Fault {
    Fault {
        name,
        file,
        find,
        replace,
    }
}

const DUE: &str = "libs/payment/src/due.rs";
const EVOLVE: &str = "libs/payment/src/evolve.rs";
const TOLD: &str = "libs/payment/src/told.rs";
const PAY: &str = "libs/payment/src/decide/pay.rs";
const SALE: &str = "libs/payment/src/decide/sale.rs";
const SUCCESS: &str = "libs/payment/src/decide/success.rs";
const ANSWER: &str = "libs/payment/src/decide/answer.rs";
const CALL: &str = "services/orchestrator/src/call.rs";
const INTAKE: &str = "services/orchestrator/src/intake.rs";
const SWEEP: &str = "services/orchestrator/src/sweep.rs";
const PAGES: &str = "libs/bus/src/pages.rs";
const DERIVED: &str = "libs/store/src/projection/derived.rs";
const TIMELINE: &str = "tests/simulation/src/sim/timeline.rs";
const LISTS: &str = "tests/simulation/src/sim/lists.rs";
const ROWS: &str = "tests/simulation/src/sim/rows.rs";
const ACCEPT: &str = "libs/sale/src/accept.rs";
const EXECUTE: &str = "libs/store/src/execute.rs";
const TELL: &str = "libs/sale/src/tell.rs";
const RELEASE: &str = "libs/sale/src/release.rs";
const ACKNOWLEDGE: &str = "libs/sale/src/acknowledge.rs";
const PARKED: &str = "services/orchestrator/src/parked.rs";

/// All of them.
pub(super) const FAULTS: &[Fault] = &[
    fault(
        "cancel before any inquiry",
        DUE,
        "if now >= close_at || (used_up && now >= attempt.next_call_at) {",
        "let used_up = used_up || crate::seeded(\"cancel before any inquiry\");
    if now >= close_at || (used_up && now >= attempt.next_call_at) {",
    ),
    fault(
        "pay sent again after a crash",
        PAY,
        "    if order.attempt(payment).is_some() {
        return Ok(Vec::new());
    }
    if let Some(refusal) = taken(order, payment) {",
        "    if let Some(attempt) = order.attempt(payment)
        && crate::seeded(\"pay sent again after a crash\")
        && attempt.stage == Stage::Undecided
    {
        let number = attempt.calls_begun.saturating_add(1);
        return Ok(vec![Fact::Begun { number, call: Call::Pay }]);
    }
    if order.attempt(payment).is_some() {
        return Ok(Vec::new());
    }
    if let Some(refusal) = taken(order, payment) {",
    ),
    fault(
        "offset committed before the append",
        INTAKE,
        "    let verdict = if is_behind_parked(",
        "    if payment::seeded(\"offset committed before the append\") {
        let _early = consumer.done(&delivery).await;
    }
    let verdict = if is_behind_parked(",
    ),
    fault(
        "no version check",
        ROWS,
        "if version != append.expected_version {",
        "if version != append.expected_version && !payment::seeded(\"no version check\") {",
    ),
    fault(
        "lease trusted after its time",
        EXECUTE,
        "            expected_version,
            events: &executed.events,",
        "            expected_version: if payment::seeded(\"lease trusted after its time\") {
                histories.load(order).await?.version
            } else {
                expected_version
            },
            events: &executed.events,",
    ),
    fault(
        "timer lost at restart",
        SWEEP,
        "for wake_up in overdue {",
        "for wake_up in overdue.into_iter().filter(|_| !payment::seeded(\"timer lost at restart\")) {",
    ),
    fault(
        "a record skipped by a partition's new owner",
        PAGES,
        "None => log.committed(self.partition).await?,",
        "None if payment::seeded(\"a record skipped by a partition's new owner\") => {
                log.committed(self.partition).await?.saturating_add(1)
            }
            None => log.committed(self.partition).await?,",
    ),
    fault(
        "a declined request's command carried out",
        ROWS,
        "Some(ReceiptState::Refused | ReceiptState::Declined(_)) => Err(Error::ReceiptRefused),",
        "Some(ReceiptState::Declined(_))
                if payment::seeded(\"a declined request's command carried out\") =>
            {
                Ok(())
            }
            Some(ReceiptState::Refused | ReceiptState::Declined(_)) => Err(Error::ReceiptRefused),",
    ),
    fault(
        "cursor without its bound",
        TIMELINE,
        ".take_while(move |(position, _)| **position <= until)",
        ".take_while(move |(position, _)| {
                **position <= until || payment::seeded(\"cursor without its bound\")
            })",
    ),
    fault(
        "event applied twice",
        LISTS,
        "if recorded.position <= cursor {",
        "if recorded.position <= cursor && !payment::seeded(\"event applied twice\") {",
    ),
    fault(
        "reversal counted of a sale that never was",
        DERIVED,
        "sum: payment.released.then(|| Sum::reversed(&payment, event.at)),",
        "sum: (payment.released
                || payment::seeded(\"reversal counted of a sale that never was\"))
            .then(|| Sum::reversed(&payment, event.at)),",
    ),
    fault(
        "paid shown before Released",
        TOLD,
        "Standing::Processing | Standing::Approved => Told::pending(),",
        "Standing::Approved if crate::seeded(\"paid shown before Released\") => Told::paid(),
        Standing::Processing | Standing::Approved => Told::pending(),",
    ),
    fault(
        "paid shown before Released",
        TOLD,
        "Standing::Approved => Some(Input::Release { payment }),",
        "Standing::Approved if crate::seeded(\"paid shown before Released\") => None,
        Standing::Approved => Some(Input::Release { payment }),",
    ),
    fault(
        "late success after cancel ignored",
        SUCCESS,
        "Stage::Ended(proof) if proof.proves_reversal() => Vec::new(),",
        "Stage::Ended(_) if crate::seeded(\"late success after cancel ignored\") => Vec::new(),
        Stage::Ended(proof) if proof.proves_reversal() => Vec::new(),",
    ),
    fault(
        "ORDER_NOT_EXIST taken as proof",
        ANSWER,
        "(begun.at >= provable_at).then_some(Proof::NeverArrived)",
        "(begun.at >= provable_at || crate::seeded(\"ORDER_NOT_EXIST taken as proof\"))
                .then_some(Proof::NeverArrived)",
    ),
    fault(
        "inquiry F taken as proof",
        ANSWER,
        "        Answer::Inquiry(InquiryAnswer::Cancelled) => Some(Proof::InquiryCancelled),",
        "        Answer::Inquiry(InquiryAnswer::Refused { code })
            if crate::seeded(\"inquiry F taken as proof\") =>
        {
            Some(Proof::InquiryFailed { code: code.clone() })
        }
        Answer::Inquiry(InquiryAnswer::Cancelled) => Some(Proof::InquiryCancelled),",
    ),
    fault(
        "stale command executed",
        PAY,
        "let too_late = now > terms.last_begin_at();",
        "let too_late = now > terms.last_begin_at() && !crate::seeded(\"stale command executed\");",
    ),
    fault(
        "amount of a notification trusted",
        SUCCESS,
        "let differs = approval.amount != attempt.terms.amount;",
        "let differs = approval.amount != attempt.terms.amount
        && !crate::seeded(\"amount of a notification trusted\");",
    ),
    fault(
        "receipt written after the produce",
        ACCEPT,
        "let (receipt, is_new) = match self.receipt(sale).await? {",
        "if payment::seeded(\"receipt written after the produce\") {
            let terms = self.terms(sale, 0);
            let (order, payment) = (terms.order(), terms.payment());
            let body = CommandBody::Pay { terms: Box::new(terms), code: sale.code.clone() };
            let _early = self.produce(order, payment, None, body).await;
        }
        let (receipt, is_new) = match self.receipt(sale).await? {",
    ),
    fault(
        "second attempt during a doubtful reversal",
        PAY,
        "Stage::Closing(_) => Some(Refusal::ReversalInProgress),",
        "Stage::Closing(_) if crate::seeded(\"second attempt during a doubtful reversal\") => None,
            Stage::Closing(_) => Some(Refusal::ReversalInProgress),",
    ),
    fault(
        "answer matched to the wrong Begun",
        ANSWER,
        ".filter(|in_flight| in_flight.number == begun)",
        ".filter(|in_flight| {
            in_flight.number == begun || crate::seeded(\"answer matched to the wrong Begun\")
        })",
    ),
    fault(
        "not paid said without writing it down",
        TOLD,
        "Some(Input::Lapse { payment }),",
        "{
            (!crate::seeded(\"not paid said without writing it down\"))
                .then_some(Input::Lapse { payment })
        }",
    ),
    fault(
        "a door refuses what another took",
        ROWS,
        "Some(ReceiptState::Pending) if alone || !if_alone => {",
        "Some(ReceiptState::Pending)
                if alone || !if_alone || payment::seeded(\"a door refuses what another took\") =>
            {",
    ),
    fault(
        "a stopped worker calls",
        CALL,
        "if spent > STALL_MAX && !asked_before {",
        "if spent > STALL_MAX && !asked_before && !payment::seeded(\"a stopped worker calls\") {",
    ),
    fault(
        "a stopped worker calls",
        CALL,
        "let stalled_in = STALL_MAX.saturating_sub(spent);",
        "let stalled_in = if payment::seeded(\"a stopped worker calls\") {
        STALL_MAX
    } else {
        STALL_MAX.saturating_sub(spent)
    };",
    ),
    fault(
        "undelivered approval kept",
        DUE,
        "        Stage::Approved => reversal_after(",
        "        Stage::Approved if crate::seeded(\"undelivered approval kept\") => Owed::Nothing,
        Stage::Approved => reversal_after(",
    ),
    fault(
        "released after the last release",
        SALE,
        "Stage::Approved if now <= attempt.terms.last_release_at() => Ok(vec![Fact::Released]),",
        "Stage::Approved
            if now <= attempt.terms.last_release_at()
                || crate::seeded(\"released after the last release\") =>
        {
            Ok(vec![Fact::Released])
        }",
    ),
    fault(
        "released after the last release",
        TOLD,
        "    let payment = view.terms.payment();
    let too_late = now > view.terms.last_release_at();",
        "    let payment = view.terms.payment();
    let too_late = now > view.terms.last_release_at()
        && !(view.standing == Standing::Approved
            && crate::seeded(\"released after the last release\"));",
    ),
    fault(
        "released after the last release",
        RELEASE,
        "        now.plus_ms(self.limit_ms) <= self.last_release_at",
        "        payment::seeded(\"released after the last release\")
            || now.plus_ms(self.limit_ms) <= self.last_release_at",
    ),
    fault(
        "released after the last release",
        RELEASE,
        "        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));",
        "        let mut left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        if payment::seeded(\"released after the last release\") {
            left = Duration::from_secs(60);
        }",
    ),
    fault(
        "released after the last release",
        RELEASE,
        "        if ours && now > last_release_at {",
        "        let seeded = payment::seeded(\"released after the last release\");
        if ours && now > last_release_at && !seeded {",
    ),
    fault(
        "cancel after a refund began",
        DUE,
        "Wants::Cancel if !closing.refunds.is_empty() || closing.window_over => Call::Inquire,",
        "Wants::Cancel if crate::seeded(\"cancel after a refund began\") => Call::Cancel,
        Wants::Cancel if !closing.refunds.is_empty() || closing.window_over => Call::Inquire,",
    ),
    fault(
        "new refund number without a signed F",
        EVOLVE,
        "        // First ask how things stand; that leads to the next number.",
        "        Answer::Refund(RefundAnswer::InDoubt { .. })
            if crate::seeded(\"new refund number without a signed F\") =>
        {
            closing.no_effect(number);
            closing.wants = Wants::Inquire;
        }
        // First ask how things stand; that leads to the next number.",
    ),
    fault(
        "any F of a refund taken for proof",
        EVOLVE,
        "        // It may be this refund or an earlier one that took effect: ask about each.",
        "        Answer::Refund(RefundAnswer::Refused { .. })
            if crate::seeded(\"any F of a refund taken for proof\") =>
        {
            closing.no_effect(number);
            closing.wants = Wants::Inquire;
        }
        // It may be this refund or an earlier one that took effect: ask about each.",
    ),
    fault(
        "refund not found taken for proof",
        EVOLVE,
        "        Answer::RefundInquiry(RefundInquiryAnswer::NotFound) => {",
        "        Answer::RefundInquiry(RefundInquiryAnswer::NotFound) => {
            if crate::seeded(\"refund not found taken for proof\") {
                closing.no_effect(number);
            }",
    ),
    fault(
        "cancel U taken as done",
        ANSWER,
        "        Answer::Cancel(CancelAnswer::Cancelled) => Some(Proof::CancelSucceeded),",
        "        Answer::Cancel(CancelAnswer::InDoubt { .. })
            if crate::seeded(\"cancel U taken as done\") =>
        {
            Some(Proof::CancelSucceeded)
        }
        Answer::Cancel(CancelAnswer::Cancelled) => Some(Proof::CancelSucceeded),",
    ),
    fault(
        "any call unsent taken for the pay unsent",
        ANSWER,
        "Answer::Lost(Loss::NotSent) if begun.call == Call::Pay && never_charged => {",
        "Answer::Lost(Loss::NotSent)
            if never_charged
                && (begun.call == Call::Pay
                    || crate::seeded(\"any call unsent taken for the pay unsent\")) =>
        {",
    ),
    fault(
        "time-out of pay taken for its failure",
        ANSWER,
        "        Answer::Pay(PayAnswer::Refused { code }) if never_charged => {",
        "        Answer::Lost(Loss::TimedOut)
            if begun.call == Call::Pay
                && crate::seeded(\"time-out of pay taken for its failure\") =>
        {
            Some(Proof::NeverArrived)
        }
        Answer::Pay(PayAnswer::Refused { code }) if never_charged => {",
    ),
    fault(
        "kept cancel forgotten",
        PAY,
        "let cancelled = order.keeps_cancel_of(payment);",
        "let cancelled =
        order.keeps_cancel_of(payment) && !crate::seeded(\"kept cancel forgotten\");",
    ),
    fault(
        "a paid order sold again",
        PAY,
        "_ if attempt.released_at.is_some() => Some(Refusal::OrderAlreadyPaid),",
        "_ if attempt.released_at.is_some() && crate::seeded(\"a paid order sold again\") => None,
            _ if attempt.released_at.is_some() => Some(Refusal::OrderAlreadyPaid),",
    ),
    fault(
        "a door goes on for a till that hung up",
        TELL,
        "        let snapshot = self.read(merchant, payment).await?;
        self.told_as(Purpose::HandOver, snapshot).await",
        "        if payment::seeded(\"a door goes on for a till that hung up\") {
            let (sales, merchant) = (self.clone(), merchant.clone());
            let telling = async move {
                let snapshot = sales.read(&merchant, payment).await?;
                sales.told_as(Purpose::HandOver, snapshot).await
            };
            return self.to_its_end(telling).await;
        }
        let snapshot = self.read(merchant, payment).await?;
        self.told_as(Purpose::HandOver, snapshot).await",
    ),
    fault(
        "a release kept that no till heard of",
        RELEASE,
        "            tokio::time::sleep(HUNG_UP).await;",
        "            if payment::seeded(\"a release kept that no till heard of\") {
                return;
            }
            tokio::time::sleep(HUNG_UP).await;",
    ),
    fault(
        "another door's release told without a word",
        TELL,
        "            !self.board.told_here(snapshot.view.terms.payment())",
        "            !self.board.told_here(snapshot.view.terms.payment())
                && !payment::seeded(\"another door's release told without a word\")",
    ),
    fault(
        "a release withdrawn that another door told",
        SALE,
        "    if may_be_withdrawn(attempt, WITHDRAWAL_MS, now) {",
        "    let told = matches!(attempt.stage, Stage::Paid { .. });
    let told = told && crate::seeded(\"a release withdrawn that another door told\");
    if told || may_be_withdrawn(attempt, WITHDRAWAL_MS, now) {",
    ),
    fault(
        "an acknowledgement answered before it is written",
        ACKNOWLEDGE,
        "        let (sales, order) = (self.clone(), snapshot.view.terms.order());",
        "        let (sales, order) = (self.clone(), snapshot.view.terms.order());
        if payment::seeded(\"an acknowledgement answered before it is written\") {
            self.tasks.spawn(async move {
                tokio::time::sleep(std::time::Duration::from_secs(90)).await;
                let _late = sales.write_acknowledgement(order, payment).await;
            });
            return Ok(snapshot);
        }",
    ),
    fault(
        "what a later release wrote taken for damage",
        INTAKE,
        "        Err(error @ RecordError::Newer(_)) => {",
        "        Err(error @ RecordError::Newer(_))
            if payment::seeded(\"what a later release wrote taken for damage\") =>
        {
            Verdict::Dead(error.to_string())
        }
        Err(error @ RecordError::Newer(_)) => {",
    ),
    fault(
        "parked commands never tried again",
        PARKED,
        "        let Some((last, _)) = page.last() else { break };",
        "        let Some((last, _)) = page.last() else { break };
        if payment::seeded(\"parked commands never tried again\") {
            break;
        }",
    ),
    fault(
        "forgotten requests never ended",
        SWEEP,
        "if now > given_up_at && !driver.unread()",
        "if now > given_up_at
                && !payment::seeded(\"forgotten requests never ended\")
                && !driver.unread()",
    ),
    fault(
        "late approval kept",
        SUCCESS,
        "Stage::Undecided if now >= attempt.terms.close_at() => {",
        "Stage::Undecided
            if now >= attempt.terms.close_at() && !crate::seeded(\"late approval kept\") =>
        {",
    ),
];
