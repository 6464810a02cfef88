//! PostgreSQL's plans are made while the tables are empty and kept. None of them may read more the
//! more there is.

use crate::database::on_postgres;
use crate::world::{merchant, receipt, sell, terms};
use payment::Terms;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use store::{Find, Store};

const PAYMENTS: u32 = 300;

/// Index entries that one payment's whole life may read, its batch of the projection included. One
/// wrong index reads half of all payments, each time.
const READS_MAX: i64 = 80;

/// What doors, worker and projector ask of one payment.
async fn live(store: &Store, sale: &Terms) {
    receipt(store, sale, "d").await;
    receipt(store, sale, "d").await;
    sell(store, sale).await;
    let payment = sale.payment();
    let view = store.payment(&merchant(), payment).await.unwrap();
    assert!(view.is_some());
    for find in [
        Find::Reference(sale.reference.clone()),
        Find::PaymentRequestId(sale.payment_request_id.clone()),
        Find::Order(sale.order_number.clone()),
    ] {
        assert_eq!(store.find(&merchant(), &find, 1).await.unwrap().len(), 1);
    }
    store.locate(&sale.payment_request_id).await.unwrap();
    store.refuse_receipt(payment).await.unwrap();
}

async fn project(store: &Store) {
    let projection = store.projection();
    loop {
        let cursor = projection.cursor().await.unwrap();
        let batch = store.events_after(cursor, 100).await.unwrap();
        if batch.is_empty() {
            return;
        }
        projection.apply(&batch).await.unwrap();
    }
}

/// What was read by each index. Counts come in when the sessions that read have ended.
async fn reads(mut connection: PgConnection) -> Vec<(String, i64)> {
    loop {
        let sessions: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        if sessions == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    sqlx::query_as(
        "SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes ORDER BY 2 DESC",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_began_empty_reads_no_more_for_a_payment_the_more_there_are() {
    on_postgres(async |database| {
        let store = database.store().await;
        // Nobody counts what stands in them meanwhile, or plans would be made anew at a moment that
        // the server chooses.
        let mut connection = database.connection().await;
        for sql in [
            "ALTER TABLE payments SET (autovacuum_enabled = false)",
            "ALTER TABLE events SET (autovacuum_enabled = false)",
            "ALTER TABLE receipts SET (autovacuum_enabled = false)",
        ] {
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        for number in 0..PAYMENTS {
            let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
            live(&store, &sale).await;
            if number % 10 == 0 {
                project(&store).await;
            }
        }
        store.close().await;
        let reads = reads(database.connection().await).await;
        let sum: i64 = reads.iter().map(|(_, read)| read).sum();
        assert!(sum < READS_MAX * i64::from(PAYMENTS), "{reads:?}");
    })
    .await;
}
