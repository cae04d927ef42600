-- Times are integer milliseconds since 1970-01-01 UTC. An applied file is never edited: write the next one.

-- "guic": says that this file is ours (shown by `file`, read before anything is written).
PRAGMA application_id = 1735747939;

CREATE TABLE organization (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    -- When the first key was given out; it is given out once.
    first_key_at INTEGER
) STRICT;

CREATE TABLE project (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organization (id),
    name            TEXT    NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE key (
    id           TEXT    NOT NULL PRIMARY KEY,
    project_id   TEXT    NOT NULL REFERENCES project (id),
    name         TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    -- A key has one successor at most.
    rotated_from TEXT    UNIQUE REFERENCES key (id)
) STRICT;

-- One row. `data_key` is wrapped by the master key of version `key_version`; `pepper` is sealed by the data key.
CREATE TABLE vault (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key_version INTEGER NOT NULL,
    data_key    BLOB    NOT NULL,
    pepper      BLOB    NOT NULL
) STRICT;

CREATE TABLE credential (
    id          TEXT    NOT NULL PRIMARY KEY,
    provider    TEXT    NOT NULL,
    label       TEXT    NOT NULL,
    key_version INTEGER NOT NULL,
    data_key    BLOB    NOT NULL,
    secret      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (provider, label)
) STRICT;

-- Counted up with every change of a topic, so that other processes know when to read it again.
CREATE TABLE revision (
    topic  TEXT    NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revision (topic, number) VALUES ('access', 0);

CREATE TABLE quota_window (
    budget      TEXT    NOT NULL,
    window_name TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    used        REAL    NOT NULL,
    PRIMARY KEY (budget, window_name)
) STRICT;

CREATE TABLE suspension (
    candidate TEXT    NOT NULL PRIMARY KEY,
    class     TEXT    NOT NULL,
    until_at  INTEGER,
    failures  INTEGER NOT NULL
) STRICT;

CREATE TABLE kept_answer (
    id         TEXT    NOT NULL PRIMARY KEY,
    answer     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX kept_answer_expires_at ON kept_answer (expires_at);
