-- What holds for a key, a project, an organization or each key: a limit, or how its calls are served.
CREATE TABLE setting (
    -- 'each-key', 'key', 'project' or 'organization'.
    holder_kind TEXT COLLATE "C" NOT NULL,
    -- Empty for 'each-key'.
    holder_id   TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    value       TEXT             NOT NULL,
    PRIMARY KEY (holder_kind, holder_id, name)
);
