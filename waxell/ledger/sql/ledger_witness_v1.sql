-- What witnesses say of our checkpoints. Written by the sealer's functions alone.

CREATE TABLE ledger_cosignature (
    log          integer NOT NULL,
    size         bigint NOT NULL,
    vkey         text NOT NULL,           -- the witness's key, as auditors are given it
    name         text NOT NULL,           -- its name, which is the key's first part
    line         text NOT NULL,           -- the signature line, with its newline, as it stands under the note
    cosigned_at  timestamptz NOT NULL,    -- by the witness's clock
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    PRIMARY KEY (log, size, vkey),
    CONSTRAINT ledger_cosignature_is_of_a_checkpoint FOREIGN KEY (log, size) REFERENCES ledger_checkpoint,
    CONSTRAINT ledger_cosignature_is_one_line CHECK (line LIKE E'\u2014 %\n')
);
CREATE INDEX ledger_cosignature_unpublished ON ledger_cosignature (log, size) WHERE published_at IS NULL;

-- How each witness last answered about each log: one row for both.
CREATE TABLE ledger_witness (
    log        integer NOT NULL,
    vkey       text NOT NULL,
    name       text NOT NULL,
    state      text NOT NULL CONSTRAINT ledger_witness_state_is_known CHECK (
        state IN ('cosigning', 'unreachable', 'refusing', 'alarm', 'retired')),
    detail     text NOT NULL,             -- '' while cosigning
    changed_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    PRIMARY KEY (log, vkey)
);

-- With which key a log was opened. Logs opened before this was kept announce it in their first entry alone.
ALTER TABLE ledger_log ADD COLUMN vkey text NOT NULL DEFAULT '';

-- Keeps a cosignature that the caller has verified. Again changes nothing.
CREATE FUNCTION ledger_cosign_v1(
    p_log integer, p_size bigint, p_vkey text, p_name text, p_line text, p_cosigned_at timestamptz
) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    INSERT INTO ledger_cosignature (log, size, vkey, name, line, cosigned_at)
    VALUES (p_log, p_size, p_vkey, p_name, p_line, p_cosigned_at)
    ON CONFLICT (log, size, vkey) DO NOTHING
$$;
REVOKE ALL ON FUNCTION ledger_cosign_v1 FROM PUBLIC;

-- Notes that the cosignatures of a checkpoint have left the database. Again changes nothing.
CREATE FUNCTION ledger_cosignatures_published_v1(p_log integer, p_size bigint, p_vkeys text[])
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    UPDATE ledger_cosignature SET published_at = clock_timestamp()
     WHERE log = p_log AND size = p_size AND vkey = ANY (p_vkeys) AND published_at IS NULL
$$;
REVOKE ALL ON FUNCTION ledger_cosignatures_published_v1 FROM PUBLIC;

-- Says how a witness answered.
CREATE FUNCTION ledger_witness_report_v1(p_log integer, p_vkey text, p_name text, p_state text, p_detail text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    INSERT INTO ledger_witness AS w (log, vkey, name, state, detail, changed_at, seen_at)
    VALUES (p_log, p_vkey, p_name, p_state, p_detail, clock_timestamp(), clock_timestamp())
    ON CONFLICT (log, vkey) DO UPDATE SET
        state = excluded.state, detail = excluded.detail, seen_at = excluded.seen_at,
        changed_at = CASE WHEN w.state = excluded.state THEN w.changed_at ELSE excluded.changed_at END
$$;
REVOKE ALL ON FUNCTION ledger_witness_report_v1 FROM PUBLIC;

-- As v1, and the log remembers its key; its number may pass over logs that were published and are lost here.
CREATE FUNCTION ledger_log_open_v2(
    p_number        integer,
    p_id            uuid,
    p_origin        text,
    p_previous_size bigint,
    p_previous_root bytea,
    p_vkey          text,
    p_body          bytea
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    newest integer;
BEGIN
    -- Two who open a log at once: the second finds the first one's.
    LOCK TABLE ledger_log IN SHARE ROW EXCLUSIVE MODE;
    newest := coalesce((SELECT max(number) FROM ledger_log), 0);
    IF p_number <= newest OR (p_number > newest + 1 AND p_previous_size IS NULL) THEN
        RAISE EXCEPTION 'the newest log is another'
            USING ERRCODE = 'WX002', CONSTRAINT = 'ledger_log_follows_the_one_before';
    END IF;
    INSERT INTO ledger_log (number, id, origin, previous_size, previous_root, vkey)
    VALUES (p_number, p_id, p_origin, p_previous_size, p_previous_root, p_vkey);
    PERFORM ledger_stream_open_v1(nobody, p_id, 'log', NULL);
    PERFORM ledger_stream_append_v1(nobody, p_id, p_body);
    INSERT INTO ledger_key (vkey, log, seq) VALUES (p_vkey, p_number, 1) ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION ledger_log_open_v2 FROM PUBLIC;
