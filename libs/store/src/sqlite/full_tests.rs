//! A file that has no room for a while. SQLite then ends the transaction by itself, which the driver
//! does not hear of. Each way to write must work again as soon as there is room.

use crate::database::Engine;
use crate::{EmbeddedCommands, Error, NewReceipt, Store};
use payment::{
    Currency, Input, MerchantId, Money, OrderNumber, PaymentRequestId, Policy, PolicyNumbers,
    Reference, TerminalId, Terms, Timestamp,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// Beyond so many writes a file of a few pages more is full.
const WRITES_MAX: u32 = 2_000;

/// As many pages as SQLite allows: there is room.
const ROOM_PAGES: i64 = 1_073_741_823;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_795_406_400_000 + ms)
}

fn terms(number: u32) -> Terms {
    Terms {
        merchant: MerchantId::parse("corner-shop").unwrap(),
        order_number: OrderNumber::parse(&format!("O-{number}")).unwrap(),
        reference: Reference::parse(&format!("R-{number}")).unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse(&format!("P-{number}")).unwrap(),
        amount: Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Lunch".to_owned(),
        accepted_at: at(0),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

/// A store whose file may get no larger than it is, or as large as it likes.
struct Narrow {
    store: Store,
    _dir: tempfile::TempDir,
}

impl Narrow {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store.sqlite3")).await;
        Self {
            store: store.unwrap(),
            _dir: dir,
        }
    }

    async fn fill(&self) {
        let pages: i64 = self.pragma("PRAGMA page_count".to_owned()).await;
        self.pragma(format!("PRAGMA max_page_count = {pages}"))
            .await;
    }

    async fn free(&self) {
        self.pragma(format!("PRAGMA max_page_count = {ROOM_PAGES}"))
            .await;
    }

    async fn pragma(&self, sql: String) -> i64 {
        let Engine::Sqlite(sqlite) = &self.store.engine else {
            panic!("it is SQLite");
        };
        let mut connection = sqlite.writer.acquire().await.unwrap();
        let answer = sqlx::query_scalar(AssertSqlSafe(sql));
        answer.fetch_one(&mut *connection).await.unwrap()
    }

    fn commands(&self) -> EmbeddedCommands {
        self.store.embedded_commands().unwrap()
    }
}

async fn pay(store: &Store, number: u32) -> Result<(), Error> {
    let terms = terms(number);
    let (order, input) = (terms.order(), Input::Pay(Box::new(terms)));
    match crate::execute(store, order, input, at(1), 0).await {
        Ok(_) => Ok(()),
        Err(crate::ExecuteError::Store(error)) => Err(error),
        Err(crate::ExecuteError::Refused(refusal)) => panic!("{refusal}"),
    }
}

async fn take(store: &Store, number: u32) -> Result<(), Error> {
    let terms = terms(number);
    let new = NewReceipt {
        merchant: terms.merchant.clone(),
        reference: terms.reference.clone(),
        terminal: terms.terminal.clone(),
        digest: "d".repeat(64),
        make_terms: move |_sequence| terms,
    };
    store.take_receipt(new).await.map(drop)
}

async fn project(store: &Store) -> Result<(), Error> {
    let projection = store.projection();
    let cursor = projection.cursor().await?;
    let batch = store.events_after(cursor, 10_000).await?;
    projection.apply(&batch).await.map(drop)
}

/// Writes until there is no room, gives some, and writes again.
async fn again_once_there_is_room(
    narrow: &Narrow,
    write: impl AsyncFn(u32) -> Result<(), Error>,
    way: &str,
) {
    narrow.fill().await;
    let mut writes = 0;
    let error = loop {
        match write(writes).await {
            Ok(()) => writes += 1,
            Err(error) => break error,
        }
        assert!(writes < WRITES_MAX, "{way}: the file is never full");
    };
    assert!(error.to_string().contains("full"), "{way}: {error}");
    narrow.free().await;
    let written = write(writes).await;
    assert!(written.is_ok(), "{way}: {written:?}");
    pay(&narrow.store, 900_000).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_full_takes_appends_again_once_there_is_room() {
    let narrow = Narrow::open().await;
    let write = async |number| pay(&narrow.store, number).await;
    again_once_there_is_room(&narrow, write, "append").await;
    let all = narrow.store.events_after(0, 100_000).await.unwrap();
    let last = narrow.store.last_position().await.unwrap();
    assert_eq!(all.last().unwrap().position(), last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_full_takes_receipts_again_once_there_is_room() {
    let narrow = Narrow::open().await;
    let write = async |number| take(&narrow.store, number).await;
    again_once_there_is_room(&narrow, write, "take a receipt").await;
    let refused = narrow.store.refuse_receipt(terms(0).payment()).await;
    assert_eq!(refused.unwrap(), crate::ReceiptState::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_full_takes_commands_again_once_there_is_room() {
    let narrow = Narrow::open().await;
    let log = narrow.commands();
    let record = vec![7; 3_000];
    let put = async |_| log.put(1, Uuid::nil(), &record).await.map(drop);
    again_once_there_is_room(&narrow, put, "put").await;
    let dead = async |number| {
        log.dead(1, i64::from(number), "not readable", &record)
            .await
    };
    again_once_there_is_room(&narrow, dead, "dead").await;
    let (last, _) = log.read(1, 0, 10_000).await.unwrap().pop().unwrap();
    log.commit(1, last).await.unwrap();
    assert_eq!(log.committed(1).await.unwrap(), last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_full_is_projected_and_rebuilt_again_once_there_is_room() {
    let narrow = Narrow::open().await;
    let store = &narrow.store;
    for number in 0..400 {
        pay(store, number).await.unwrap();
    }
    narrow.fill().await;
    let full = project(store).await.unwrap_err();
    assert!(full.to_string().contains("full"), "{full}");
    narrow.free().await;
    project(store).await.unwrap();
    narrow.fill().await;
    let full = store.projection().rebuild(|_| {}).await.unwrap_err();
    assert!(full.to_string().contains("full"), "{full}");
    narrow.free().await;
    assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
    pay(store, 900_000).await.unwrap();
}
