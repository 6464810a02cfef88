-- The history of orders. Position is the order of commits: there is one writer at a time.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id       TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    payment_id     TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL,
    body           TEXT    NOT NULL,
    UNIQUE (order_id, version)
) STRICT;

-- What an operator resolved is listed without a wake-up.
CREATE INDEX events_resolved ON events (payment_id) WHERE kind = 'resolved';

-- When an order next owes something. One row per order that waits.
CREATE TABLE wake_ups (
    order_id   TEXT    NOT NULL PRIMARY KEY,
    wake_at_ms INTEGER NOT NULL,
    partition  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX wake_ups_by_time ON wake_ups (wake_at_ms);

-- What is written to see whether there is room to write: the last trial alone.
CREATE TABLE write_trials (
    trial INTEGER PRIMARY KEY,
    room  BLOB NOT NULL
) STRICT;
