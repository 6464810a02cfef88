//! The statements of a gathered transaction. Each takes all appends at once, as arrays, and locks
//! its rows in the order of their keys.

use super::columns::{Events, Views, WakeUps};
use crate::Error;
use crate::append::Writing;
use crate::schema::SCHEMA_VERSION;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Locks the receipts that these appends accept, and names those that were refused or declined
/// before.
pub(super) async fn refused_receipts(
    tx: &mut PgConnection,
    writings: &[&Writing],
) -> Result<HashSet<Uuid>, Error> {
    let accepted = writings.iter().flat_map(|writing| &writing.accepted);
    let payments: Vec<Uuid> = accepted
        .map(|accepted| accepted.payment.as_uuid())
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
    let refused = locked
        .into_iter()
        .filter(|(_, state)| matches!(state.as_str(), "refused" | "declined"));
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
    // Only an order that nothing was appended to may have no head. Each is looked up by its key:
    // as EXISTS it could become one look at all orders there are.
    let moved: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO orders AS head (order_id, version, appended)
         SELECT a.order_id, expected + a.appended, a.appended
         FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS a (order_id, expected, appended)
         LEFT JOIN LATERAL
             (SELECT TRUE AS is_there FROM orders o WHERE o.order_id = a.order_id LIMIT 1) AS known
             ON TRUE
         WHERE expected = 0 OR known.is_there
         ORDER BY a.order_id
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

/// Bytes of bodies in one statement. Over TLS a longer message than 16 KiB goes out in pieces, and
/// each piece may wait 40 ms for the last one's acknowledgement (see `Sessions`).
const BODIES_BYTES: usize = 10_240;

/// What a row's other columns come to, roughly.
const ROW_BYTES: usize = 160;

/// All that is written once the verdicts stand, in one statement: each costs a way to the server
/// and back. A position is the transaction's id, counted from
/// the base, then the event's place in it. Receipts' states are
/// compared in a way that the index of pending ones does not serve: a plan that was made while it
/// was empty would read all of it.
const WRITE: &str = "
    WITH accepted AS (
        UPDATE receipts SET state = 'accepted'
        WHERE payment_id = ANY ($1) AND state || '' = 'pending'
    ), history AS (
        INSERT INTO events
            (position, order_id, version, payment_id, kind, schema_version, at_ms, body)
        SELECT ((SELECT base FROM position_bases WHERE is_this)
                + pg_current_xact_id()::text::bigint) * 4096 + $24 + place - 1,
            order_id, version, payment_id, kind, $2, at_ms, body
        FROM UNNEST($3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::bigint[], $8::text[])
            WITH ORDINALITY AS a (order_id, version, payment_id, kind, at_ms, body, place)
    ), views AS (
        INSERT INTO payments (payment_id, order_id, merchant, order_number, reference, terminal,
            payment_request_id, alipay_payment_id, accepted_at_ms, version, schema_version, body)
        SELECT payment_id, order_id, merchant, order_number, reference, terminal,
            payment_request_id, alipay_payment_id, accepted_at_ms, version, $2, body
        FROM UNNEST($9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[])
            AS a (payment_id, order_id, merchant, order_number, reference, terminal,
                payment_request_id, alipay_payment_id, accepted_at_ms, version, body)
        ORDER BY payment_id
        ON CONFLICT (payment_id) DO UPDATE SET alipay_payment_id = excluded.alipay_payment_id,
            version = excluded.version, schema_version = excluded.schema_version,
            body = excluded.body
    ), waiting AS (
        INSERT INTO wake_ups (order_id, wake_at_ms, partition)
        SELECT order_id, wake_at_ms, partition
        FROM UNNEST($20::uuid[], $21::bigint[], $22::bigint[])
            AS a (order_id, wake_at_ms, partition)
        ON CONFLICT (order_id) DO UPDATE SET wake_at_ms = excluded.wake_at_ms,
            partition = excluded.partition
    )
    DELETE FROM wake_ups WHERE order_id = ANY ($23)";

/// Writes events, views, receipts and wake-ups, in as few statements as are sent at once.
pub(super) async fn all(tx: &mut PgConnection, writings: &[&Writing]) -> Result<(), Error> {
    let mut place = 0_i64;
    for part in parts(writings) {
        write(tx, &part, place).await?;
        let events: usize = part.iter().map(|writing| writing.events.len()).sum();
        place = place.saturating_add(i64::try_from(events).unwrap_or(i64::MAX));
    }
    Ok(())
}

fn parts<'w>(writings: &[&'w Writing]) -> Vec<Vec<&'w Writing>> {
    let mut parts: Vec<Vec<&Writing>> = Vec::new();
    let mut room = 0_usize;
    for writing in writings {
        let events = writing.events.iter().map(|event| event.body.len());
        let views = writing.views.iter().map(|view| view.body.len());
        let rows = events
            .chain(views)
            .map(|body| body.saturating_add(ROW_BYTES));
        let bytes: usize = rows.sum();
        match parts.last_mut() {
            Some(part) if bytes <= room => part.push(writing),
            Some(_) | None => {
                parts.push(vec![writing]);
                room = BODIES_BYTES;
            }
        }
        room = room.saturating_sub(bytes);
    }
    parts
}

/// One statement's part, whose first event stands at `place` in the transaction.
async fn write(tx: &mut PgConnection, writings: &[&Writing], place: i64) -> Result<(), Error> {
    let mut accepted = Vec::new();
    let mut events = Events::default();
    let mut views = Views::default();
    let mut wake_ups = WakeUps::default();
    for writing in writings {
        accepted.extend(writing.accepted.iter().map(|one| one.payment.as_uuid()));
        events.add(writing);
        views.add(writing);
        wake_ups.add(writing);
    }
    sqlx::query(WRITE)
        .bind(accepted)
        .bind(SCHEMA_VERSION)
        .bind(events.orders)
        .bind(events.versions)
        .bind(events.payments)
        .bind(events.kinds)
        .bind(events.instants)
        .bind(events.bodies)
        .bind(views.payments)
        .bind(views.orders)
        .bind(views.merchants)
        .bind(views.order_numbers)
        .bind(views.references)
        .bind(views.terminals)
        .bind(views.request_ids)
        .bind(views.alipay_ids)
        .bind(views.accepted)
        .bind(views.versions)
        .bind(views.bodies)
        .bind(wake_ups.orders)
        .bind(wake_ups.instants)
        .bind(wake_ups.partitions)
        .bind(wake_ups.resting)
        .bind(place)
        .execute(tx)
        .await?;
    Ok(())
}
