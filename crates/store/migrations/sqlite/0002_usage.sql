-- One row for each call to a model. A record of the past: it refers to nothing that may go.
CREATE TABLE usage (
    ended_at         INTEGER NOT NULL,
    request_id       TEXT    NOT NULL,
    organization_id  TEXT    NOT NULL,
    project_id       TEXT    NOT NULL,
    key_id           TEXT    NOT NULL,
    task             TEXT    NOT NULL,
    -- Who answered; none where nobody did.
    provider         TEXT,
    model            TEXT,
    outcome          TEXT    NOT NULL,
    served           TEXT,
    input_tokens     INTEGER NOT NULL,
    output_tokens    INTEGER NOT NULL,
    -- Of the input.
    cached_tokens    INTEGER NOT NULL,
    -- Of the output.
    reasoning_tokens INTEGER NOT NULL,
    -- 1 where the tokens are the provider's own count, 0 where they are an estimate.
    counted          INTEGER NOT NULL,
    -- Millionths of a US dollar; none where the price is not known.
    cost_micros      INTEGER,
    first_token_ms   INTEGER,
    took_ms          INTEGER NOT NULL,
    stream           INTEGER NOT NULL,
    attempts         INTEGER NOT NULL
) STRICT;

CREATE INDEX usage_ended_at ON usage (ended_at);
CREATE INDEX usage_project_id ON usage (project_id, ended_at);
