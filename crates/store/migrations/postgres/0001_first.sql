-- The same tables as in ../sqlite. Texts are compared by byte, as SQLite does, whatever the locale of the database.
-- Times are integer milliseconds since 1970-01-01 UTC. An applied file is never edited: write the next one.

CREATE TABLE organization (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT             NOT NULL,
    created_at   BIGINT           NOT NULL,
    -- When the first key was given out; it is given out once.
    first_key_at BIGINT
);

CREATE TABLE project (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organization (id),
    name            TEXT             NOT NULL,
    created_at      BIGINT           NOT NULL
);

CREATE TABLE key (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id   TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    name         TEXT             NOT NULL,
    secret_hash  BYTEA            NOT NULL,
    created_at   BIGINT           NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT,
    -- A key has one successor at most.
    rotated_from TEXT COLLATE "C" UNIQUE REFERENCES key (id)
);

-- One row. `data_key` is wrapped by the master key of version `key_version`; `pepper` is sealed by the data key.
CREATE TABLE vault (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    key_version BIGINT NOT NULL,
    data_key    BYTEA  NOT NULL,
    pepper      BYTEA  NOT NULL
);

CREATE TABLE credential (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider    TEXT COLLATE "C" NOT NULL,
    label       TEXT COLLATE "C" NOT NULL,
    key_version BIGINT           NOT NULL,
    data_key    BYTEA            NOT NULL,
    secret      BYTEA            NOT NULL,
    created_at  BIGINT           NOT NULL,
    UNIQUE (provider, label)
);

-- Counted up with every change of a topic, so that other processes know when to read it again.
CREATE TABLE revision (
    topic  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT           NOT NULL
);

INSERT INTO revision (topic, number) VALUES ('access', 0);

CREATE TABLE quota_window (
    budget      TEXT COLLATE "C" NOT NULL,
    window_name TEXT COLLATE "C" NOT NULL,
    opened_at   BIGINT           NOT NULL,
    -- SQLite has no NaN; here it would be greater than every number.
    used        DOUBLE PRECISION NOT NULL CHECK (used < 'Infinity'),
    PRIMARY KEY (budget, window_name)
);

CREATE TABLE suspension (
    candidate TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    class     TEXT             NOT NULL,
    until_at  BIGINT,
    failures  BIGINT           NOT NULL
);

CREATE TABLE kept_answer (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    answer     BYTEA            NOT NULL,
    expires_at BIGINT           NOT NULL
);

CREATE INDEX kept_answer_expires_at ON kept_answer (expires_at);
