-- What was answered to a request to pay (decision 11). Kept for ever: a reference is never free again.
CREATE TABLE receipts (
    payment_id         TEXT    NOT NULL PRIMARY KEY,
    merchant           TEXT    NOT NULL,
    reference          TEXT    NOT NULL,
    payment_request_id TEXT    NOT NULL UNIQUE,
    digest             TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'accepted', 'refused', 'declined')),
    refusal            TEXT,
    accepted_at_ms     INTEGER NOT NULL,
    schema_version     INTEGER NOT NULL,
    terms              TEXT    NOT NULL,
    UNIQUE (merchant, reference),
    CHECK ((state = 'declined') = (refusal IS NOT NULL))
) STRICT;

CREATE INDEX receipts_pending ON receipts (accepted_at_ms, payment_id) WHERE state = 'pending';

-- The last number each terminal was given (D2).
CREATE TABLE terminal_sequences (
    merchant TEXT    NOT NULL,
    terminal TEXT    NOT NULL,
    last     INTEGER NOT NULL,
    PRIMARY KEY (merchant, terminal)
) STRICT, WITHOUT ROWID;
