-- One row for each call to a model. A record of the past: it refers to nothing that may go.
CREATE TABLE usage (
    ended_at         BIGINT           NOT NULL,
    request_id       TEXT             NOT NULL,
    organization_id  TEXT COLLATE "C" NOT NULL,
    project_id       TEXT COLLATE "C" NOT NULL,
    key_id           TEXT COLLATE "C" NOT NULL,
    task             TEXT             NOT NULL,
    -- Who answered; none where nobody did.
    provider         TEXT COLLATE "C",
    model            TEXT COLLATE "C",
    outcome          TEXT             NOT NULL,
    served           TEXT,
    input_tokens     BIGINT           NOT NULL,
    output_tokens    BIGINT           NOT NULL,
    -- Of the input.
    cached_tokens    BIGINT           NOT NULL,
    -- Of the output.
    reasoning_tokens BIGINT           NOT NULL,
    -- 1 where the tokens are the provider's own count, 0 where they are an estimate.
    counted          BIGINT           NOT NULL,
    -- Millionths of a US dollar; none where the price is not known.
    cost_micros      BIGINT,
    first_token_ms   BIGINT,
    took_ms          BIGINT           NOT NULL,
    stream           BIGINT           NOT NULL,
    attempts         BIGINT           NOT NULL
);

CREATE INDEX usage_ended_at ON usage (ended_at);
CREATE INDEX usage_project_id ON usage (project_id, ended_at);
