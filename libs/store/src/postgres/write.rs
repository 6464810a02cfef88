//! The statements of a gathered transaction. Each takes all appends at once, as arrays, and locks
//! its rows in the order of their keys.

use crate::Error;
use crate::append::Writing;
use crate::schema::SCHEMA_VERSION;
use payment::AlipayPaymentId;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Locks the receipts that these appends answer, and names those that were refused before.
pub(super) async fn refused_receipts(
    tx: &mut PgConnection,
    writings: &[&Writing],
) -> Result<HashSet<Uuid>, Error> {
    let accepted = writings.iter().flat_map(|writing| &writing.accepted);
    let declined = writings.iter().flat_map(|writing| &writing.declined);
    let payments: Vec<Uuid> = accepted
        .map(|accepted| accepted.payment)
        .chain(declined.map(|declined| declined.payment))
        .map(|payment| payment.as_uuid())
        .collect();
    if payments.is_empty() {
        return Ok(HashSet::new());
    }
    let locked: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT payment_id, state FROM receipts WHERE payment_id = ANY ($1)
         ORDER BY payment_id FOR NO KEY UPDATE",
    )
    .bind(payments)
    .fetch_all(tx)
    .await?;
    let refused = locked.into_iter().filter(|(_, state)| state == "refused");
    Ok(refused.map(|(payment, _)| payment).collect())
}

/// Takes the orders forward, each from the version its append was decided on. Returns those that
/// stood there; they are locked until the end.
pub(super) async fn move_heads(
    tx: &mut PgConnection,
    writings: &[&Writing],
) -> Result<HashSet<Uuid>, Error> {
    if writings.is_empty() {
        return Ok(HashSet::new());
    }
    let appended = |writing: &&Writing| i64::try_from(writing.events.len()).unwrap_or(i64::MAX);
    let orders: Vec<Uuid> = writings
        .iter()
        .map(|writing| writing.order.as_uuid())
        .collect();
    let expected: Vec<i64> = writings
        .iter()
        .map(|writing| writing.expected_version)
        .collect();
    let appended: Vec<i64> = writings.iter().map(appended).collect();
    // Only an order that nothing was appended to may have no head.
    let moved: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO orders AS head (order_id, version, appended)
         SELECT order_id, expected + appended, appended
         FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS a (order_id, expected, appended)
         WHERE expected = 0 OR EXISTS (SELECT 1 FROM orders o WHERE o.order_id = a.order_id)
         ORDER BY order_id
         ON CONFLICT (order_id) DO UPDATE
             SET version = excluded.version, appended = excluded.appended
             WHERE head.version = excluded.version - excluded.appended
         RETURNING order_id",
    )
    .bind(orders)
    .bind(expected)
    .bind(appended)
    .fetch_all(tx)
    .await?;
    Ok(moved.into_iter().collect())
}

/// Enters the `paymentRequestId` of each payment that begins. Returns the payments whose id was
/// free.
pub(super) async fn take_request_ids(
    tx: &mut PgConnection,
    writings: &[&Writing],
) -> Result<HashSet<Uuid>, Error> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for writing in writings {
        for accepted in &writing.accepted {
            columns.0.push(accepted.request_id.as_str());
            columns.1.push(writing.order.as_uuid());
            columns.2.push(accepted.payment.as_uuid());
            columns.3.push(accepted.merchant.as_str());
        }
    }
    if columns.0.is_empty() {
        return Ok(HashSet::new());
    }
    let entered: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO request_ids (payment_request_id, order_id, payment_id, merchant)
         SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[])
             AS a (payment_request_id, order_id, payment_id, merchant)
         ORDER BY payment_request_id
         ON CONFLICT DO NOTHING RETURNING payment_id",
    )
    .bind(columns.0)
    .bind(columns.1)
    .bind(columns.2)
    .bind(columns.3)
    .fetch_all(tx)
    .await?;
    Ok(entered.into_iter().collect())
}

/// Makes pending receipts accepted, and declined. They are locked already.
pub(super) async fn receipts(tx: &mut PgConnection, writings: &[&Writing]) -> Result<(), Error> {
    let accepted = writings.iter().flat_map(|writing| &writing.accepted);
    let accepted: Vec<Uuid> = accepted
        .map(|accepted| accepted.payment.as_uuid())
        .collect();
    if !accepted.is_empty() {
        sqlx::query(
            "UPDATE receipts SET state = 'accepted'
             WHERE payment_id = ANY ($1) AND state = 'pending'",
        )
        .bind(accepted)
        .execute(&mut *tx)
        .await?;
    }
    let declined = writings.iter().flat_map(|writing| &writing.declined);
    let (payments, refusals): (Vec<Uuid>, Vec<&str>) = declined
        .map(|declined| (declined.payment.as_uuid(), declined.refusal.as_str()))
        .unzip();
    if !payments.is_empty() {
        sqlx::query(
            "UPDATE receipts SET state = 'declined', refusal = a.refusal
             FROM UNNEST($1::uuid[], $2::text[]) AS a (payment_id, refusal)
             WHERE receipts.payment_id = a.payment_id AND state = 'pending'",
        )
        .bind(payments)
        .bind(refusals)
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Writes the events, each at its position: the transaction's id, then its place in it.
pub(super) async fn events(tx: &mut PgConnection, writings: &[&Writing]) -> Result<(), Error> {
    let mut orders: Vec<Uuid> = Vec::new();
    let mut versions: Vec<i64> = Vec::new();
    let mut payments: Vec<Uuid> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    let mut instants: Vec<i64> = Vec::new();
    let mut bodies: Vec<&str> = Vec::new();
    for writing in writings {
        for event in &writing.events {
            orders.push(writing.order.as_uuid());
            versions.push(event.version);
            payments.push(event.payment.as_uuid());
            kinds.push(event.kind);
            instants.push(event.at_ms);
            bodies.push(&event.body);
        }
    }
    if orders.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO events
             (position, order_id, version, payment_id, kind, schema_version, at_ms, body)
         SELECT pg_current_xact_id()::text::bigint * 4096 + place - 1,
             order_id, version, payment_id, kind, $1, at_ms, body
         FROM UNNEST($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::text[])
             WITH ORDINALITY AS a (order_id, version, payment_id, kind, at_ms, body, place)",
    )
    .bind(SCHEMA_VERSION)
    .bind(orders)
    .bind(versions)
    .bind(payments)
    .bind(kinds)
    .bind(instants)
    .bind(bodies)
    .execute(tx)
    .await?;
    Ok(())
}

/// The columns of the views, each a list as long as the others.
#[derive(Default)]
struct Views<'w> {
    payments: Vec<Uuid>,
    orders: Vec<Uuid>,
    merchants: Vec<&'w str>,
    order_numbers: Vec<&'w str>,
    references: Vec<&'w str>,
    terminals: Vec<&'w str>,
    request_ids: Vec<&'w str>,
    alipay_ids: Vec<Option<&'w str>>,
    accepted: Vec<i64>,
    versions: Vec<i64>,
    bodies: Vec<&'w str>,
}

impl<'w> Views<'w> {
    fn of(writings: &[&'w Writing]) -> Self {
        let mut columns = Self::default();
        for writing in writings {
            for written in &writing.views {
                let view = &written.view;
                let terms = &view.terms;
                columns.payments.push(written.payment.as_uuid());
                columns.orders.push(writing.order.as_uuid());
                columns.merchants.push(terms.merchant.as_str());
                columns.order_numbers.push(terms.order_number.as_str());
                columns.references.push(terms.reference.as_str());
                columns.terminals.push(terms.terminal.as_str());
                columns.request_ids.push(terms.payment_request_id.as_str());
                let alipay_id = view.alipay_payment_id.as_ref();
                columns
                    .alipay_ids
                    .push(alipay_id.map(AlipayPaymentId::as_str));
                columns.accepted.push(terms.accepted_at.as_ms());
                columns.versions.push(written.version);
                columns.bodies.push(&written.body);
            }
        }
        columns
    }
}

/// Writes each payment as it stands after its append.
pub(super) async fn views(tx: &mut PgConnection, writings: &[&Writing]) -> Result<(), Error> {
    let columns = Views::of(writings);
    if columns.payments.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO payments (payment_id, order_id, merchant, order_number, reference, terminal,
             payment_request_id, alipay_payment_id, accepted_at_ms, version, schema_version, body)
         SELECT payment_id, order_id, merchant, order_number, reference, terminal,
             payment_request_id, alipay_payment_id, accepted_at_ms, version, $1, body
         FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                 $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[])
             AS a (payment_id, order_id, merchant, order_number, reference, terminal,
                 payment_request_id, alipay_payment_id, accepted_at_ms, version, body)
         ORDER BY payment_id
         ON CONFLICT (payment_id) DO UPDATE SET alipay_payment_id = excluded.alipay_payment_id,
             version = excluded.version, schema_version = excluded.schema_version,
             body = excluded.body",
    )
    .bind(SCHEMA_VERSION)
    .bind(columns.payments)
    .bind(columns.orders)
    .bind(columns.merchants)
    .bind(columns.order_numbers)
    .bind(columns.references)
    .bind(columns.terminals)
    .bind(columns.request_ids)
    .bind(columns.alipay_ids)
    .bind(columns.accepted)
    .bind(columns.versions)
    .bind(columns.bodies)
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets when each order next owes something, or that it owes nothing.
pub(super) async fn wake_ups(tx: &mut PgConnection, writings: &[&Writing]) -> Result<(), Error> {
    let (mut orders, mut instants, mut partitions) = (Vec::new(), Vec::new(), Vec::new());
    let mut resting = Vec::new();
    for writing in writings {
        let order = writing.order.as_uuid();
        match writing.wake_at {
            Some(at) => {
                orders.push(order);
                instants.push(at.as_ms());
                partitions.push(i64::from(writing.partition));
            }
            None => resting.push(order),
        }
    }
    if !orders.is_empty() {
        sqlx::query(
            "INSERT INTO wake_ups (order_id, wake_at_ms, partition)
             SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[])
                 AS a (order_id, wake_at_ms, partition)
             ON CONFLICT (order_id) DO UPDATE SET wake_at_ms = excluded.wake_at_ms,
                 partition = excluded.partition",
        )
        .bind(orders)
        .bind(instants)
        .bind(partitions)
        .execute(&mut *tx)
        .await?;
    }
    if !resting.is_empty() {
        sqlx::query("DELETE FROM wake_ups WHERE order_id = ANY ($1)")
            .bind(resting)
            .execute(tx)
            .await?;
    }
    Ok(())
}
