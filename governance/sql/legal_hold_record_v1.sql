-- Places or lifts a legal hold, with the entry that says so. The head of the project's governance stream
-- puts holds and erasures in one order.

CREATE FUNCTION legal_hold_record_v1(p_project uuid, p_body bytea,
    p_names text[], p_salts bytea[], p_contents bytea[],
    p_hold jsonb,   -- {id, scope_type, scope_value, placed_by} places a hold
    p_lift jsonb)   -- {id, lifted_by} lifts one
RETURNS TABLE (entry_seq bigint, entry_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    own record;
BEGIN
    SELECT a.seq, a.digest INTO STRICT own
      FROM ledger_stream_append_v1(p_project, p_project, p_body, p_names, p_salts, p_contents) AS a;
    IF p_hold IS NOT NULL THEN
        INSERT INTO governance_legalhold (id, project_id, scope_type, scope_value, entry_seq, placed_by_id, placed_at)
        VALUES ((p_hold ->> 'id')::uuid, p_project, p_hold ->> 'scope_type', (p_hold ->> 'scope_value')::uuid,
                own.seq, (p_hold ->> 'placed_by')::uuid, clock_timestamp());
    END IF;
    IF p_lift IS NOT NULL THEN
        UPDATE governance_legalhold h SET lifted_at = clock_timestamp(), lifted_by_id = (p_lift ->> 'lifted_by')::uuid
         WHERE h.id = (p_lift ->> 'id')::uuid AND h.project_id = p_project AND h.lifted_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the hold is not in force' USING ERRCODE = 'WX001', CONSTRAINT = 'legalhold_in_force';
        END IF;
    END IF;
    RETURN QUERY SELECT own.seq, own.digest;
END
$$;
REVOKE ALL ON FUNCTION legal_hold_record_v1 FROM PUBLIC;
