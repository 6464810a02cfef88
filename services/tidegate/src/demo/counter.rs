//! Makes one sale and says what came of it, by the till's clock and by Alipay's ledger.

use super::ledger::ledger;
use super::sales::{Act, Ends, Sale};
use super::till::{MERCHANT_TIMEOUT, Payment, Reply, Scan, Till};
use anyhow::Context;
use std::time::Duration;
use tokio::time::Instant;

/// What every sale costs, in minor units.
pub(crate) const PRICE_MINOR: i64 = 1_280;

/// How long a reversal may take after the answer, until the demo calls it a disagreement.
const SETTLED_WITHIN: Duration = Duration::from_secs(25);

/// How often a reversal under way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The counter.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) till: Till,
    pub(crate) simulator: String,
}

/// What came of a sale.
pub(crate) struct Outcome {
    /// What happened at Alipay.
    pub(crate) happened: String,
    /// What the merchant was told, in full.
    pub(crate) told: String,
    /// The one word of it that the till acts on.
    pub(crate) outcome: String,
    /// After how long.
    pub(crate) after: Duration,
    /// What the customer is out of pocket, in minor units.
    pub(crate) spent_minor: i64,
    /// Whether everyone agrees, and as it must be.
    pub(crate) agrees: bool,
}

/// What the counter was told.
struct Told {
    /// The answer, or the first of several.
    payment: Payment,
    /// What stands in the table.
    words: String,
    after: Duration,
    /// Whether the counter itself was treated right, beyond the one answer.
    fair: bool,
}

impl Counter {
    /// Makes sale number `number`.
    pub(crate) async fn make(&self, number: usize, sale: &Sale) -> anyhow::Result<Outcome> {
        let customer = customer(number, 0);
        let told = match sale.act {
            Act::Scan => self.scan(number, sale).await?,
            Act::DoubleClick => self.double_click(number, sale).await?,
            Act::TwoTills => self.two_tills(number, sale).await?,
            Act::CancelAfter(wait) => self.cancel_after(number, sale, wait).await?,
            Act::TakeBack => self.take_back(number, sale).await?,
        };
        let settled = self.settled(&told.payment).await?;
        let mut spent_minor = 0;
        let mut happened = String::new();
        for place in 0..2 {
            let page = ledger(&self.simulator, &self::customer(number, place)).await?;
            spent_minor += page.spent_minor();
            if place == 0 || (happened.starts_with("never") && page.spent_minor() > 0) {
                happened = page.told();
            }
        }
        let must_be = match sale.ends {
            Ends::Paid => ("paid", PRICE_MINOR),
            Ends::NotPaid => ("not_paid", 0),
        };
        tracing::debug!(%customer, ?settled, "settled");
        Ok(Outcome {
            happened,
            agrees: told.fair
                && (settled.outcome.as_str(), spent_minor) == must_be
                && told.payment.outcome == settled.outcome
                && told.after < MERCHANT_TIMEOUT,
            told: told.words,
            outcome: told.payment.outcome,
            after: told.after,
            spent_minor,
        })
    }

    async fn scan(&self, number: usize, sale: &Sale) -> anyhow::Result<Told> {
        let began = Instant::now();
        let reply = self.till.scan(&scan(number, sale, 0).as_ref()).await?;
        let payment = payment(self.till.follow(reply).await?)?;
        Ok(Told {
            words: payment.outcome.clone(),
            payment,
            after: began.elapsed(),
            fair: true,
        })
    }

    async fn double_click(&self, number: usize, sale: &Sale) -> anyhow::Result<Told> {
        let began = Instant::now();
        let scanned = scan(number, sale, 0);
        let asked = scanned.as_ref();
        let (one, two) = tokio::join!(self.till.scan(&asked), self.till.scan(&asked));
        let one = payment(self.till.follow(one?).await?)?;
        let two = payment(self.till.follow(two?).await?)?;
        let same = (&one.id, &one.outcome, &one.payment_request_id)
            == (&two.id, &two.outcome, &two.payment_request_id);
        Ok(Told {
            words: format!("{}, both clicks alike", one.outcome),
            payment: one,
            after: began.elapsed(),
            fair: same,
        })
    }

    async fn two_tills(&self, number: usize, sale: &Sale) -> anyhow::Result<Told> {
        let began = Instant::now();
        let (left, right) = (scan(number, sale, 0), scan(number, sale, 1));
        let (left, right) = (left.as_ref(), right.as_ref());
        let (left, right) = tokio::join!(self.till.scan(&left), self.till.scan(&right));
        let (sold, other) = match (left?, right?) {
            (Reply::Payment(sold), Reply::Refused(code))
            | (Reply::Refused(code), Reply::Payment(sold)) => (sold, code),
            (Reply::Payment(_), Reply::Payment(_)) => anyhow::bail!("both tills were taken"),
            (Reply::Refused(one), Reply::Refused(two)) => {
                anyhow::bail!("both tills were refused: {one}, {two}")
            }
        };
        let sold = payment(self.till.follow(Reply::Payment(sold)).await?)?;
        let taken = ["order_has_open_payment", "order_already_paid"].contains(&other.as_str());
        Ok(Told {
            words: format!("{}; the other: {other}", sold.outcome),
            payment: sold,
            after: began.elapsed(),
            fair: taken,
        })
    }

    async fn cancel_after(
        &self,
        number: usize,
        sale: &Sale,
        wait: Duration,
    ) -> anyhow::Result<Told> {
        let began = Instant::now();
        let scanned = scan(number, sale, 0);
        let cancelling = async {
            tokio::time::sleep(wait).await;
            let id = self.till.find(&scanned.key).await?;
            let id = id.context("the till can't find its own sale")?;
            self.till.cancel(&id).await
        };
        let asked = scanned.as_ref();
        let (reply, cancelled) = tokio::join!(self.till.scan(&asked), cancelling);
        let payment = payment(self.till.follow(reply?).await?)?;
        let cancelled = self::payment(cancelled?)?;
        Ok(Told {
            words: format!("{}, at its own wish", payment.outcome),
            fair: cancelled.outcome == payment.outcome,
            payment,
            after: began.elapsed(),
        })
    }

    async fn take_back(&self, number: usize, sale: &Sale) -> anyhow::Result<Told> {
        let first = self.scan(number, sale).await?;
        let began = Instant::now();
        let cancelled = payment(self.till.cancel(&first.payment.id).await?)?;
        Ok(Told {
            words: format!(
                "{}, taken back: {}",
                first.payment.outcome, cancelled.outcome
            ),
            payment: cancelled,
            after: began.elapsed(),
            fair: first.payment.outcome == "paid",
        })
    }

    /// Waits for a reversal under way, so that the balance may be judged.
    async fn settled(&self, told: &Payment) -> anyhow::Result<Payment> {
        let began = Instant::now();
        loop {
            let now = payment(self.till.look(&told.id).await?)?;
            if now.status != "closing" || began.elapsed() > SETTLED_WITHIN {
                return Ok(now);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// A scan with its own words.
struct Scanned {
    key: String,
    order: String,
    terminal: String,
    code: String,
}

impl Scanned {
    fn as_ref(&self) -> Scan<'_> {
        Scan {
            key: &self.key,
            order: &self.order,
            terminal: &self.terminal,
            code: &self.code,
            amount_minor: PRICE_MINOR,
        }
    }
}

fn scan(number: usize, sale: &Sale, till: usize) -> Scanned {
    Scanned {
        key: format!("lunch-{number}-{till}"),
        order: format!("order-{number}"),
        terminal: format!("till-{till}"),
        code: format!("28{:04}{}", sale.behavior, customer(number, till)),
    }
}

/// Each scan is another customer's, so that a balance tells of one sale alone.
fn customer(number: usize, till: usize) -> String {
    format!("{:012}", number.saturating_mul(10).saturating_add(till))
}

fn payment(reply: Reply) -> anyhow::Result<Payment> {
    match reply {
        Reply::Payment(payment) => Ok(payment),
        Reply::Refused(code) => anyhow::bail!("the gateway refused: {code}"),
    }
}
