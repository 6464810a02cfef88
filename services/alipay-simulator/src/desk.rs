//! Where calls meet the books: one at a time, each written down, and on disk before it is answered.

use crate::behavior::{Behavior, Notices, behavior, behavior_of};
use crate::books::{Books, Entry, Opened};
use crate::ledger_file::LedgerFile;
use crate::notices::{Outbox, Wanted};
use crate::reaction::{Api, Reaction, Says};
use crate::rulebook;
use crate::script::{Script, Scripts};
use chassis::clock::Clock;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// The desk. Clones are the same desk.
#[derive(Clone)]
pub(crate) struct Desk {
    state: Arc<Mutex<State>>,
    ledger: Option<LedgerFile>,
    clock: Arc<dyn Clock>,
}

/// Everything that may only change under the lock.
pub(crate) struct State {
    pub(crate) books: Books,
    pub(crate) outbox: Outbox,
    scripts: Scripts,
    ledger: Option<LedgerFile>,
}

/// The lock, with the time it was taken at.
pub(crate) struct Open<'a> {
    pub(crate) state: MutexGuard<'a, State>,
    pub(crate) now_ms: i64,
}

impl Desk {
    /// A desk over the books as the ledger tells them.
    pub(crate) fn new(
        books: Books,
        ledger: Option<LedgerFile>,
        outbox: Outbox,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let state = State {
            books,
            outbox,
            scripts: Scripts::default(),
            ledger: ledger.clone(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            ledger,
            clock,
        }
    }

    /// Now, in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Returns once all that is in the books by now is on disk. Whoever was shown the books waits
    /// here, without the lock, before he tells anyone.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        match &self.ledger {
            Some(ledger) => ledger.settled().await,
            None => Ok(()),
        }
    }

    /// Takes the lock, after what has happened by itself meanwhile is written down.
    pub(crate) async fn open(&self) -> anyhow::Result<Open<'_>> {
        let state = self.state.lock().await;
        let now_ms = self.clock.now_ms();
        let mut open = Open { state, now_ms };
        open.ripen()?;
        Ok(open)
    }
}

impl Open<'_> {
    /// Writes entries down, then takes them into the books. Told only once the desk is settled.
    pub(crate) fn write(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        if let Some(ledger) = &self.state.ledger {
            ledger.write(&entries)?;
        }
        for entry in &entries {
            self.state.books.apply(entry);
            let State { books, outbox, .. } = &mut *self.state;
            outbox.follow(books, entry, self.now_ms);
        }
        Ok(())
    }

    /// What happens by itself: a customer is done typing.
    pub(crate) fn ripen(&mut self) -> anyhow::Result<()> {
        let ripe = rulebook::ripe(&self.state.books, self.now_ms);
        self.write(ripe)
    }

    /// Counts the call, and says how it is met: by a script, else by the payment's behavior.
    pub(crate) fn meet(&mut self, api: Api, request: &str) -> anyhow::Result<Reaction> {
        let known = self.state.books.payments.get(request);
        let customer = known.map(|payment| payment.opened.customer.clone());
        let number = known.map(|payment| payment.opened.behavior);
        self.meet_as(api, request, customer.as_deref(), number.map(behavior))
    }

    /// The same for a pay, whose payment may not be in the books yet.
    pub(crate) fn meet_pay(
        &mut self,
        opened: &Opened,
        code: &str,
    ) -> anyhow::Result<(Reaction, &'static Behavior)> {
        let (row, customer) = behavior_of(code, opened.amount_minor);
        let reaction = self.meet_as(Api::Pay, &opened.request, Some(&customer), Some(row))?;
        Ok((reaction, row))
    }

    fn meet_as(
        &mut self,
        api: Api,
        request: &str,
        customer: Option<&str>,
        row: Option<&'static Behavior>,
    ) -> anyhow::Result<Reaction> {
        let before = self.state.books.calls(request, api);
        let called = Entry::Called {
            request: request.to_owned(),
            api,
        };
        self.write(vec![called])?;
        // A customer may have waited for just this call.
        self.ripen()?;
        if let Some(reaction) = self.state.scripts.take(api, request, customer) {
            return Ok(reaction);
        }
        let rule = row.and_then(|row| {
            let mut rules = row.rules.iter();
            rules.find(|rule| rule.api == api && before < rule.calls)
        });
        Ok(rule.map_or(Reaction::USUAL, |rule| rule.reaction.clone()))
    }

    /// Adds a script.
    pub(crate) fn script(&mut self, script: Script) {
        self.state.scripts.add(script);
    }

    /// The customer confirms or refuses by an admin call. `false` if nobody is typing.
    pub(crate) fn decide_for(&mut self, request: &str, confirms: bool) -> anyhow::Result<bool> {
        use crate::books::Standing;
        let known = self.state.books.payments.get(request);
        if known.is_none_or(|payment| payment.standing != Standing::Waiting) {
            return Ok(false);
        }
        let (request, at_ms) = (request.to_owned(), self.now_ms);
        let entry = if confirms {
            Entry::Charged { request, at_ms }
        } else {
            Entry::Failed {
                request,
                code: "USER_PAYMENT_VERIFICATION_FAILED".to_owned(),
                at_ms,
            }
        };
        self.write(vec![entry])?;
        Ok(true)
    }
}

/// The notification that an entry calls for, by the payment's behavior.
pub(crate) fn wanted(books: &Books, entry: &Entry) -> Option<(String, Wanted, i64)> {
    let row_of = |request: &str| {
        let payment = books.payments.get(request)?;
        Some(behavior(payment.opened.behavior).notices)
    };
    match entry {
        Entry::Charged { request, .. } => {
            let (wanted, late_ms) = match row_of(request)? {
                Notices::Usual => (Wanted::Once, 0),
                Notices::Twice => (Wanted::Twice, 0),
                Notices::Late(late_ms) => (Wanted::Once, late_ms),
                Notices::Never | Notices::AfterCancel | Notices::Forged | Notices::Altered => {
                    return None;
                }
            };
            Some((request.clone(), wanted, late_ms))
        }
        Entry::Cancelled { request, .. } if row_of(request)? == Notices::AfterCancel => {
            Some((request.clone(), Wanted::Once, 0))
        }
        Entry::Opened(opened) => match behavior(opened.behavior).notices {
            Notices::Forged => Some((opened.request.clone(), Wanted::Forged, 1_000)),
            Notices::Altered => Some((opened.request.clone(), Wanted::Altered, 1_000)),
            Notices::Usual
            | Notices::Never
            | Notices::Twice
            | Notices::Late(_)
            | Notices::AfterCancel => None,
        },
        Entry::Cancelled { .. }
        | Entry::Failed { .. }
        | Entry::Refunded { .. }
        | Entry::Called { .. }
        | Entry::Acknowledged { .. } => None,
    }
}

/// Puts another result, or another amount, into an answer that is about to be sent. Of a pay in doubt
/// Alipay tells the ids all the same; of everything else that is refused or in doubt, the result.
pub(crate) fn say(api: Api, truth: &mut serde_json::Value, says: &Says) {
    let result = match says {
        Says::Truth => return,
        Says::InDoubt if api == Api::Pay => {
            let result = rulebook::result("U", "UNKNOWN_EXCEPTION");
            let ids = ["paymentRequestId", "paymentId"].map(|name| (name, truth.get(name)));
            let ids = ids
                .into_iter()
                .filter_map(|(name, id)| Some((name, id?.clone())));
            let mut told = serde_json::json!({ "result": result });
            for (name, id) in ids {
                if let Some(place) = told.as_object_mut() {
                    place.insert(name.to_owned(), id);
                }
            }
            *truth = told;
            return;
        }
        Says::InDoubt => rulebook::result("U", "UNKNOWN_EXCEPTION"),
        Says::Refuses(code) => rulebook::result("F", code),
        Says::OtherAmount => {
            if let Some(value) = truth.pointer_mut("/paymentAmount/value") {
                let amount_minor: i64 = value
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(0);
                *value = amount_minor.saturating_add(1).to_string().into();
            }
            return;
        }
    };
    *truth = serde_json::json!({ "result": result });
}
