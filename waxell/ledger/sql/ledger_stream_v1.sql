-- Streams that are not executions: opening, locking and appending to them.

-- Creates a stream if it is not there.
CREATE FUNCTION ledger_stream_open_v1(p_project uuid, p_stream uuid, p_kind text, p_subject uuid)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    INSERT INTO ledger_stream (id, project_id, kind, subject, seq)
    VALUES (p_stream, p_project, p_kind, p_subject, 0)
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION ledger_stream_open_v1 FROM PUBLIC;

-- Locks a stream's head until the end of the transaction and returns it.
CREATE FUNCTION ledger_stream_lock_v1(p_stream uuid)
RETURNS TABLE (seq bigint, head bytea, now timestamptz)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    SELECT s.seq, s.head, clock_timestamp() FROM ledger_stream s WHERE s.id = p_stream FOR NO KEY UPDATE
$$;
REVOKE ALL ON FUNCTION ledger_stream_lock_v1 FROM PUBLIC;

-- Appends one entry to a governance or addenda stream. WX001 when the head has moved.
CREATE FUNCTION ledger_stream_append_v1(p_project uuid, p_stream uuid, p_body bytea,
    p_names text[] DEFAULT '{}', p_salts bytea[] DEFAULT '{}', p_contents bytea[] DEFAULT '{}')
RETURNS TABLE (seq bigint, digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    at_head ledger_stream%ROWTYPE;
    own     bytea;
BEGIN
    SELECT * INTO at_head FROM ledger_stream s
     WHERE s.id = p_stream AND s.project_id = p_project FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such stream' USING ERRCODE = 'WX001', CONSTRAINT = 'ledger_stream_exists';
    END IF;
    own := ledger_append_v1(p_project, p_stream, at_head.seq + 1, at_head.head, p_body);
    PERFORM ledger_payloads_v1(p_project, p_stream, at_head.seq + 1, p_names, p_salts, p_contents);
    UPDATE ledger_stream s SET seq = at_head.seq + 1, head = own WHERE s.id = p_stream;
    RETURN QUERY SELECT at_head.seq + 1, own;
END
$$;
REVOKE ALL ON FUNCTION ledger_stream_append_v1 FROM PUBLIC;
