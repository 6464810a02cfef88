-- Each payment as it stands, written in the transaction that appends (decision 10).
CREATE TABLE payments (
    payment_id         TEXT    NOT NULL PRIMARY KEY,
    order_id           TEXT    NOT NULL,
    merchant           TEXT    NOT NULL,
    order_number       TEXT    NOT NULL,
    reference          TEXT    NOT NULL,
    terminal           TEXT    NOT NULL,
    payment_request_id TEXT    NOT NULL,
    alipay_payment_id  TEXT,
    accepted_at_ms     INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    schema_version     INTEGER NOT NULL,
    body               TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX payments_by_reference ON payments (merchant, reference);
CREATE INDEX payments_by_order ON payments (merchant, order_number, accepted_at_ms);
CREATE INDEX payments_by_terminal ON payments (merchant, terminal, accepted_at_ms);
CREATE INDEX payments_by_request ON payments (merchant, payment_request_id);
CREATE INDEX payments_by_alipay ON payments (merchant, alipay_payment_id)
    WHERE alipay_payment_id IS NOT NULL;

-- Whose payment a paymentRequestId is: for notifications (decision 15).
CREATE TABLE request_ids (
    payment_request_id TEXT NOT NULL PRIMARY KEY,
    order_id           TEXT NOT NULL,
    payment_id         TEXT NOT NULL,
    merchant           TEXT NOT NULL
) STRICT, WITHOUT ROWID;
