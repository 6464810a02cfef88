-- What the projector derives from history. A rebuild writes a new generation beside the live one,
-- then changes which one is live.
CREATE TABLE projection_generations (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    live       INTEGER NOT NULL CHECK (live IN (0, 1)),
    cursor     INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX projection_live ON projection_generations (live) WHERE live = 1;

INSERT INTO projection_generations (live, cursor) VALUES (1, 0);

-- What the projector remembers of each payment.
CREATE TABLE projected_payments (
    generation   INTEGER NOT NULL,
    payment_id   TEXT    NOT NULL,
    merchant     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    released     INTEGER NOT NULL CHECK (released IN (0, 1)),
    PRIMARY KEY (generation, payment_id)
) STRICT, WITHOUT ROWID;

-- Which events a merchant is shown.
CREATE TABLE feed (
    generation INTEGER NOT NULL,
    merchant   TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (generation, merchant, position)
) STRICT, WITHOUT ROWID;

-- Per merchant, day (UTC) and currency.
CREATE TABLE daily_totals (
    generation     INTEGER NOT NULL,
    merchant       TEXT    NOT NULL,
    day            TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    paid_count     INTEGER NOT NULL,
    paid_minor     INTEGER NOT NULL,
    reversed_count INTEGER NOT NULL,
    reversed_minor INTEGER NOT NULL,
    PRIMARY KEY (generation, merchant, day, currency)
) STRICT, WITHOUT ROWID;

-- Merchants whose lists stand still before an event that this or another projector can't read, and the
-- position up to which everything of theirs was applied.
CREATE TABLE projection_held (
    generation INTEGER NOT NULL,
    merchant   TEXT    NOT NULL,
    through    INTEGER NOT NULL,
    PRIMARY KEY (generation, merchant)
) STRICT, WITHOUT ROWID;
