-- What is known of a quota window besides its level and its file's word.
CREATE TABLE quota_belief (
    budget           TEXT COLLATE "C" NOT NULL,
    window_name      TEXT COLLATE "C" NOT NULL,
    limit_units      DOUBLE PRECISION,
    limit_source     TEXT,
    limit_at         BIGINT,
    ends_at          BIGINT,
    corrected_source TEXT,
    corrected_at     BIGINT,
    doubts           BIGINT NOT NULL,
    next_try_at      BIGINT,
    pace_units       DOUBLE PRECISION,
    pace_at          BIGINT,
    pace_since       BIGINT,
    pace_uses        BIGINT,
    PRIMARY KEY (budget, window_name)
);
