-- Each order's head: its version, and how many events the last append brought it. An append takes
-- it forward from the version it was decided on, or not at all.
CREATE TABLE orders (
    order_id UUID   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    appended BIGINT NOT NULL
);

-- How far positions run ahead of this server's transaction ids, in the one row: more than nothing
-- where the history came from another server, whose ids were ahead (`tidegate adopt`).
CREATE TABLE position_bases (
    is_this BOOLEAN NOT NULL PRIMARY KEY CHECK (is_this),
    base    BIGINT  NOT NULL CHECK (base >= 0)
);

INSERT INTO position_bases (is_this, base) VALUES (true, 0);

-- The history of orders. A position is the id of the transaction that wrote the event plus the base,
-- times 4096, plus the event's place in it. So a transaction that commits late stands behind none that a reader
-- below pg_snapshot_xmin has seen, and nobody's cursor passes it over.
CREATE TABLE events (
    position       BIGINT NOT NULL PRIMARY KEY,
    order_id       UUID   NOT NULL,
    version        BIGINT NOT NULL,
    payment_id     UUID   NOT NULL,
    kind           TEXT   NOT NULL,
    schema_version BIGINT NOT NULL,
    at_ms          BIGINT NOT NULL,
    body           TEXT   NOT NULL,
    UNIQUE (order_id, version)
);

-- What an operator resolved is listed without a wake-up.
CREATE INDEX events_resolved ON events (payment_id) WHERE kind = 'resolved';

-- When an order next owes something. One row per order that waits.
CREATE TABLE wake_ups (
    order_id   UUID   NOT NULL PRIMARY KEY,
    wake_at_ms BIGINT NOT NULL,
    partition  BIGINT NOT NULL
);

CREATE INDEX wake_ups_by_time ON wake_ups (wake_at_ms);
