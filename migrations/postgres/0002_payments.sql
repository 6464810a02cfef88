-- Each payment as it stands, written in the transaction that appends (decision 10). What is looked
-- for by is compared byte by byte: an index must not depend on the machine's locale.
CREATE TABLE payments (
    payment_id         UUID   NOT NULL PRIMARY KEY,
    order_id           UUID   NOT NULL,
    merchant           TEXT   COLLATE "C" NOT NULL,
    order_number       TEXT   COLLATE "C" NOT NULL,
    reference          TEXT   COLLATE "C" NOT NULL,
    terminal           TEXT   COLLATE "C" NOT NULL,
    payment_request_id TEXT   COLLATE "C" NOT NULL,
    alipay_payment_id  TEXT   COLLATE "C",
    accepted_at_ms     BIGINT NOT NULL,
    version            BIGINT NOT NULL,
    schema_version     BIGINT NOT NULL,
    body               TEXT   NOT NULL
);

CREATE UNIQUE INDEX payments_by_reference ON payments (merchant, reference);
CREATE INDEX payments_by_order ON payments (merchant, order_number, accepted_at_ms);
CREATE INDEX payments_by_terminal ON payments (merchant, terminal, accepted_at_ms);
CREATE INDEX payments_by_request ON payments (merchant, payment_request_id);
CREATE INDEX payments_by_alipay ON payments (merchant, alipay_payment_id)
    WHERE alipay_payment_id IS NOT NULL;

-- Whose payment a paymentRequestId is: for notifications (decision 15).
CREATE TABLE request_ids (
    payment_request_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    order_id           UUID NOT NULL,
    payment_id         UUID NOT NULL,
    merchant           TEXT COLLATE "C" NOT NULL
);
