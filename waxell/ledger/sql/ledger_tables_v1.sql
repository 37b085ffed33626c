-- Keys lead with (project_id, stream, seq) and streams are UUIDv7, so partitions by time
-- (RANGE (stream)) and shards by project need no rewrite. No foreign keys: these tables are hot.

CREATE TABLE ledger_entry (
    project_id uuid NOT NULL,
    stream     uuid NOT NULL,
    seq        bigint NOT NULL CONSTRAINT ledger_entry_counts_from_one CHECK (seq >= 1),
    digest     bytea NOT NULL CONSTRAINT ledger_entry_digest_is_sha256 CHECK (octet_length(digest) = 32),
    body       bytea NOT NULL,
    type       text NOT NULL,
    verdict    text,
    state      bytea,
    about      bigint,   -- sequence of the action this entry speaks of
    cites      text[],   -- policy:<slug>, rule:<slug>/<id>, budget:<slug> of the decision's reasons
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, stream, seq)
);
CREATE UNIQUE INDEX ledger_entry_resulted_once ON ledger_entry (project_id, stream, about)
    WHERE type = 'action.resulted';
CREATE INDEX ledger_entry_cites ON ledger_entry USING gin (cites) WHERE cites IS NOT NULL;

CREATE TABLE ledger_payload (
    project_id uuid NOT NULL,
    stream     uuid NOT NULL,
    seq        bigint NOT NULL,
    name       text NOT NULL,
    salt       bytea NOT NULL CONSTRAINT ledger_payload_salt_is_16_bytes CHECK (octet_length(salt) = 16),
    content    bytea NOT NULL,
    PRIMARY KEY (project_id, stream, seq, name)
);

CREATE TABLE ledger_seal_queue (
    project_id uuid NOT NULL,
    stream     uuid NOT NULL,
    seq        bigint NOT NULL,
    digest     bytea NOT NULL,
    PRIMARY KEY (stream, seq)
);
