-- Commands that no worker could read yet, for being newer than it or sealed with a key that it was not
-- given. Sealed as they came. An order's stand in the order of `place`.
CREATE TABLE parked_commands (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    partition  INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    order_id   TEXT,
    payment_id TEXT,
    kind       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    since_ms   INTEGER NOT NULL,
    record     BLOB    NOT NULL
) STRICT;

CREATE INDEX parked_by_order ON parked_commands (order_id, place);

-- Commands that nobody can carry out, for a person. Sealed as they came.
CREATE TABLE dead_letters (
    id         TEXT    NOT NULL PRIMARY KEY,
    partition  INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    order_id   TEXT,
    payment_id TEXT,
    reason     TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    record     BLOB    NOT NULL
) STRICT;

CREATE INDEX dead_letters_by_time ON dead_letters (at_ms, id);

-- Who had which dead letter tried again, and why. Kept for ever.
CREATE TABLE dead_letter_replays (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    letter     TEXT    NOT NULL,
    operator   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL
) STRICT;

-- The account at Alipay under which open payments were begun.
CREATE TABLE accounts (
    one       INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    client_id TEXT    NOT NULL
) STRICT;
