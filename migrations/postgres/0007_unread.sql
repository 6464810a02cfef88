-- Commands that no worker could read yet, for being newer than it or sealed with a key that it was not
-- given. Sealed as they came. An order's stand in the order of `place`.
CREATE TABLE parked_commands (
    place      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         UUID    NOT NULL UNIQUE,
    partition  BIGINT  NOT NULL,
    log_offset BIGINT  NOT NULL,
    order_id   UUID,
    payment_id UUID,
    kind       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    since_ms   BIGINT  NOT NULL,
    record     BYTEA   NOT NULL
);

CREATE INDEX parked_by_order ON parked_commands (order_id, place);

-- Commands that nobody can carry out, for a person. Sealed as they came.
CREATE TABLE dead_letters (
    id         UUID    NOT NULL PRIMARY KEY,
    partition  BIGINT  NOT NULL,
    log_offset BIGINT  NOT NULL,
    order_id   UUID,
    payment_id UUID,
    reason     TEXT    NOT NULL,
    at_ms      BIGINT  NOT NULL,
    record     BYTEA   NOT NULL
);

CREATE INDEX dead_letters_by_time ON dead_letters (at_ms, id);

-- Who had which dead letter tried again, and why. Kept for ever.
CREATE TABLE dead_letter_replays (
    place      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter     UUID    NOT NULL,
    operator   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    at_ms      BIGINT  NOT NULL
);

-- The processes that were alive lately, and the newest history that each can read.
CREATE TABLE processes (
    id         TEXT    NOT NULL PRIMARY KEY,
    generation BIGINT  NOT NULL,
    seen_at_ms BIGINT  NOT NULL
);

-- The account at Alipay under which open payments were begun.
CREATE TABLE accounts (
    one       BIGINT  NOT NULL PRIMARY KEY CHECK (one = 1),
    client_id TEXT    NOT NULL
);
