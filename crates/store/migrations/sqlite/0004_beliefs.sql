-- What is known of a quota window besides its level and its file's word.
CREATE TABLE quota_belief (
    budget           TEXT    NOT NULL,
    window_name      TEXT    NOT NULL,
    limit_units      REAL,
    limit_source     TEXT,
    limit_at         INTEGER,
    ends_at          INTEGER,
    corrected_source TEXT,
    corrected_at     INTEGER,
    doubts           INTEGER NOT NULL,
    next_try_at      INTEGER,
    pace_units       REAL,
    pace_at          INTEGER,
    pace_since       INTEGER,
    pace_uses        INTEGER,
    PRIMARY KEY (budget, window_name)
) STRICT;
