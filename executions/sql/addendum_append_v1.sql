-- What arrives after the end of an execution: one entry in its addenda stream, and the settlement of
-- what had been presumed. The closed stream and its row stay as they are.

CREATE FUNCTION addendum_append_v1(
    p_project   uuid,
    p_execution uuid,
    p_stream    uuid,     -- the addenda stream; opened on first use
    p_body      bytea,
    p_names     text[], p_salts bytea[], p_contents bytea[],
    p_seq       bigint,   -- the action whose reservations are settled, or NULL
    p_settle    jsonb,
    p_at        timestamptz)
RETURNS TABLE (seq bigint, digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock_shared(project_lock_key_v1(p_project));
    PERFORM FROM executions_execution e WHERE e.id = p_execution AND e.project_id = p_project FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such execution' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_execution';
    END IF;
    PERFORM ledger_stream_open_v1(p_project, p_stream, 'addenda', p_execution);
    IF jsonb_array_length(coalesce(p_settle, '[]')) > 0 THEN
        PERFORM budget_settle_v1(p_execution, p_seq, p_settle, p_at);
    END IF;
    RETURN QUERY SELECT a.seq, a.digest
      FROM ledger_stream_append_v1(p_project, p_stream, p_body, p_names, p_salts, p_contents) AS a;
END
$$;
REVOKE ALL ON FUNCTION addendum_append_v1 FROM PUBLIC;
