-- The embedded command log. Records are sealed; nothing here can read them.
CREATE TABLE commands (
    log_offset INTEGER PRIMARY KEY AUTOINCREMENT,
    partition  INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    record     BLOB    NOT NULL
) STRICT;

CREATE INDEX commands_by_partition ON commands (partition, log_offset);

CREATE TABLE command_offsets (
    partition INTEGER NOT NULL PRIMARY KEY,
    committed INTEGER NOT NULL
) STRICT;
