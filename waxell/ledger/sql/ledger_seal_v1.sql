-- Sealing: entries leave the queue and become leaves under a signed checkpoint, all or nothing.

-- Seals a batch: the queue's rows p_streams/p_seqs become the leaves p_size and on. The caller has computed
-- the root from what the log holds at p_size, so nothing may have come between: WX002 where anything has.
CREATE FUNCTION ledger_seal_v1(
    p_log     integer,
    p_size    bigint,      -- leaves before
    p_streams uuid[],
    p_seqs    bigint[],
    p_digests bytea[],
    p_root    bytea,
    p_note    text,
    p_key_id  bytea,
    p_levels  smallint[],  -- the tiles that these leaves complete
    p_indexes bigint[],
    p_hashes  bytea[],
    p_roots   bytea[]
) RETURNS bigint           -- leaves after
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    after  bigint := p_size + cardinality(p_digests);
    sealed bigint;
BEGIN
    -- Two who both think they lead wait for each other here, and the second finds the log grown.
    PERFORM FROM ledger_log WHERE number = p_log FOR UPDATE;
    IF NOT FOUND OR p_log <> (SELECT max(number) FROM ledger_log)
       OR p_size <> coalesce((SELECT max(size) FROM ledger_checkpoint WHERE log = p_log), 0)
       OR p_size <> coalesce((SELECT max(index) + 1 FROM ledger_leaf WHERE log = p_log), 0)
    THEN
        RAISE EXCEPTION 'the log is not as it was when the batch was signed'
            USING ERRCODE = 'WX002', CONSTRAINT = 'ledger_seal_follows_head';
    END IF;
    WITH wanted AS (
        SELECT * FROM unnest(p_streams, p_seqs, p_digests) WITH ORDINALITY AS w (stream, seq, digest, place)
    ), taken AS (
        DELETE FROM ledger_seal_queue q USING wanted w
         WHERE q.stream = w.stream AND q.seq = w.seq AND q.digest = w.digest
        RETURNING w.place, q.digest, q.project_id, q.stream, q.seq
    )
    INSERT INTO ledger_leaf (log, index, digest, project_id, stream, seq)
    SELECT p_log, p_size + place - 1, digest, project_id, stream, seq FROM taken;
    GET DIAGNOSTICS sealed = ROW_COUNT;
    IF sealed = 0 OR sealed <> cardinality(p_digests) THEN
        RAISE EXCEPTION 'the batch is not in the queue'
            USING ERRCODE = 'WX002', CONSTRAINT = 'ledger_seal_takes_what_waits';
    END IF;
    INSERT INTO ledger_tile (log, level, index, hashes, root)
    SELECT p_log, t.* FROM unnest(p_levels, p_indexes, p_hashes, p_roots) AS t;
    INSERT INTO ledger_checkpoint (log, size, root, note, key_id) VALUES (p_log, after, p_root, p_note, p_key_id);
    RETURN after;
END
$$;
REVOKE ALL ON FUNCTION ledger_seal_v1 FROM PUBLIC;

-- Opens log number p_number with a stream of its own, whose first entry is p_body and announces p_vkey.
CREATE FUNCTION ledger_log_open_v1(
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
BEGIN
    IF p_number <> coalesce((SELECT max(number) FROM ledger_log), 0) + 1 THEN
        RAISE EXCEPTION 'the newest log is another'
            USING ERRCODE = 'WX002', CONSTRAINT = 'ledger_log_follows_the_one_before';
    END IF;
    INSERT INTO ledger_log (number, id, origin, previous_size, previous_root)
    VALUES (p_number, p_id, p_origin, p_previous_size, p_previous_root);
    PERFORM ledger_stream_open_v1(nobody, p_id, 'log', NULL);
    PERFORM ledger_stream_append_v1(nobody, p_id, p_body);
    INSERT INTO ledger_key (vkey, log, seq) VALUES (p_vkey, p_number, 1) ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION ledger_log_open_v1 FROM PUBLIC;

-- Appends the entry p_body, which announces p_vkey, to a log's own stream.
CREATE FUNCTION ledger_key_announce_v1(p_log integer, p_vkey text, p_body bytea)
RETURNS bigint             -- the entry's sequence
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    own record;
BEGIN
    SELECT a.seq INTO STRICT own
      FROM ledger_log l CROSS JOIN LATERAL ledger_stream_append_v1(
               '00000000-0000-0000-0000-000000000000', l.id, p_body) AS a
     WHERE l.number = p_log;
    INSERT INTO ledger_key (vkey, log, seq) VALUES (p_vkey, p_log, own.seq);
    RETURN own.seq;
END
$$;
REVOKE ALL ON FUNCTION ledger_key_announce_v1 FROM PUBLIC;

-- Notes that a checkpoint has left the database. Again changes nothing.
CREATE FUNCTION ledger_published_v1(p_log integer, p_size bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    UPDATE ledger_checkpoint SET published_at = clock_timestamp()
     WHERE log = p_log AND size = p_size AND published_at IS NULL
$$;
REVOKE ALL ON FUNCTION ledger_published_v1 FROM PUBLIC;

-- Says how the sealer does: 'sealing', or 'stopped' with a reason.
CREATE FUNCTION ledger_sealer_report_v1(p_state text, p_reason text, p_detail text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    INSERT INTO ledger_sealer AS s (state, reason, detail, changed_at, seen_at)
    VALUES (p_state, p_reason, p_detail, clock_timestamp(), clock_timestamp())
    ON CONFLICT (singleton) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, detail = excluded.detail, seen_at = excluded.seen_at,
        changed_at = CASE WHEN (s.state, s.reason) = (excluded.state, excluded.reason)
                          THEN s.changed_at ELSE excluded.changed_at END
$$;
REVOKE ALL ON FUNCTION ledger_sealer_report_v1 FROM PUBLIC;
