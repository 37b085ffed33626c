-- Where sealed entries are. Written by the sealer's functions alone. Logs are named by their number: the
-- first is 1, and a database that was recovered goes on in the next.

-- When an entry began to wait: how far sealing lags behind.
ALTER TABLE ledger_seal_queue ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE ledger_log (
    number        integer PRIMARY KEY CONSTRAINT ledger_log_counts_from_one CHECK (number >= 1),
    id            uuid NOT NULL UNIQUE,   -- the stream in which the log speaks of itself
    origin        text NOT NULL UNIQUE,
    opened_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    previous_size bigint,                 -- the published head of log number - 1, where this one goes on
    previous_root bytea,
    CONSTRAINT ledger_log_names_the_one_before CHECK (
        (number = 1) = (previous_size IS NULL) AND (previous_size IS NULL) = (previous_root IS NULL))
);

CREATE TABLE ledger_leaf (
    log        integer NOT NULL,
    index      bigint NOT NULL CONSTRAINT ledger_leaf_counts_from_zero CHECK (index >= 0),
    digest     bytea NOT NULL CONSTRAINT ledger_leaf_digest_is_sha256 CHECK (octet_length(digest) = 32),
    project_id uuid NOT NULL,
    stream     uuid NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (log, index),
    CONSTRAINT ledger_leaf_seals_once UNIQUE (stream, seq)
);

-- Full tiles of 256 hashes. Partial ones are the newest leaves, and the roots of full tiles.
CREATE TABLE ledger_tile (
    log    integer NOT NULL,
    level  smallint NOT NULL,
    index  bigint NOT NULL,
    hashes bytea NOT NULL CONSTRAINT ledger_tile_is_full CHECK (octet_length(hashes) = 8192),
    root   bytea NOT NULL CONSTRAINT ledger_tile_root_is_sha256 CHECK (octet_length(root) = 32),
    PRIMARY KEY (log, level, index)
);

CREATE TABLE ledger_checkpoint (
    log          integer NOT NULL,
    size         bigint NOT NULL CONSTRAINT ledger_checkpoint_has_leaves CHECK (size >= 1),
    root         bytea NOT NULL CONSTRAINT ledger_checkpoint_root_is_sha256 CHECK (octet_length(root) = 32),
    note         text NOT NULL,
    key_id       bytea NOT NULL,
    signed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    PRIMARY KEY (log, size)   -- one root for one size, whatever dies
);
CREATE INDEX ledger_checkpoint_unpublished ON ledger_checkpoint (log, size) WHERE published_at IS NULL;

CREATE TABLE ledger_key (
    vkey         text PRIMARY KEY,
    log          integer NOT NULL,
    seq          bigint NOT NULL,         -- the entry of the log's own stream that announces it
    announced_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What the sealer last said of itself: one row.
CREATE TABLE ledger_sealer (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    state      text NOT NULL CHECK (state IN ('sealing', 'stopped')),
    reason     text NOT NULL,             -- '' while sealing
    detail     text NOT NULL,
    changed_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);
