-- What was answered to a request to pay (decision 11). Kept for ever: a reference is never free again.
CREATE TABLE receipts (
    payment_id         UUID   NOT NULL PRIMARY KEY,
    merchant           TEXT   COLLATE "C" NOT NULL,
    reference          TEXT   COLLATE "C" NOT NULL,
    payment_request_id TEXT   COLLATE "C" NOT NULL UNIQUE,
    digest             TEXT   NOT NULL,
    state              TEXT   NOT NULL CHECK (state IN ('pending', 'accepted', 'refused', 'declined')),
    refusal            TEXT,
    accepted_at_ms     BIGINT NOT NULL,
    schema_version     BIGINT NOT NULL,
    terms              TEXT   NOT NULL,
    UNIQUE (merchant, reference),
    CHECK ((state = 'declined') = (refusal IS NOT NULL))
);

CREATE INDEX receipts_pending ON receipts (accepted_at_ms, payment_id) WHERE state = 'pending';

-- The last number each terminal was given (D2).
CREATE TABLE terminal_sequences (
    merchant TEXT   COLLATE "C" NOT NULL,
    terminal TEXT   COLLATE "C" NOT NULL,
    last     BIGINT NOT NULL,
    PRIMARY KEY (merchant, terminal)
);
