-- What the projector derives from history. A rebuild writes a new generation beside the live one,
-- then changes which one is live.
CREATE TABLE projection_generations (
    generation BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    live       BOOLEAN NOT NULL,
    cursor     BIGINT  NOT NULL
);

CREATE UNIQUE INDEX projection_live ON projection_generations (live) WHERE live;

INSERT INTO projection_generations (live, cursor) VALUES (true, 0);

-- What the projector remembers of each payment.
CREATE TABLE projected_payments (
    generation   BIGINT  NOT NULL,
    payment_id   UUID    NOT NULL,
    merchant     TEXT    COLLATE "C" NOT NULL,
    amount_minor BIGINT  NOT NULL,
    currency     TEXT    COLLATE "C" NOT NULL,
    released     BOOLEAN NOT NULL,
    PRIMARY KEY (generation, payment_id)
);

-- Which events a merchant is shown.
CREATE TABLE feed (
    generation BIGINT NOT NULL,
    merchant   TEXT   COLLATE "C" NOT NULL,
    position   BIGINT NOT NULL,
    PRIMARY KEY (generation, merchant, position)
);

-- Per merchant, day (UTC) and currency.
CREATE TABLE daily_totals (
    generation     BIGINT NOT NULL,
    merchant       TEXT   COLLATE "C" NOT NULL,
    day            TEXT   COLLATE "C" NOT NULL,
    currency       TEXT   COLLATE "C" NOT NULL,
    paid_count     BIGINT NOT NULL,
    paid_minor     BIGINT NOT NULL,
    reversed_count BIGINT NOT NULL,
    reversed_minor BIGINT NOT NULL,
    PRIMARY KEY (generation, merchant, day, currency)
);

-- Merchants whose lists stand still before an event that this or another projector can't read, and the
-- position up to which everything of theirs was applied.
CREATE TABLE projection_held (
    generation BIGINT NOT NULL,
    merchant   TEXT   COLLATE "C" NOT NULL,
    through    BIGINT NOT NULL,
    PRIMARY KEY (generation, merchant)
);
