-- The one door through which contents go. p_body is the entry: it lists the payloads, and the end users
-- whose names go. Refuses where a legal hold is in force or an execution still lives; makes useless what
-- was derived from the contents elsewhere; deletes exactly what the entry lists.
--
--   WX001 moved   a payload that is listed is not there any more: choose again
--   WX003 live    an execution has not ended; DETAIL is its id
--   WX006 held    DETAIL is the id of the hold

CREATE FUNCTION execution_erase_v1(p_project uuid, p_body bytea, p_names text[], p_salts bytea[], p_contents bytea[])
RETURNS TABLE (seq bigint, digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    line    jsonb := convert_from(p_body, 'UTF8')::jsonb;
    runs    uuid[];
    users   uuid[];
    culprit uuid;
BEGIN
    IF line ->> 'type' <> 'payloads.erased' THEN
        RAISE EXCEPTION 'this entry erases nothing'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'erase_by_its_entry';
    END IF;
    -- Holds are placed behind the same lock: none can come between this look and the erasure.
    PERFORM FROM ledger_stream s WHERE s.id = p_project FOR NO KEY UPDATE;
    runs := ARRAY(SELECT DISTINCT coalesce(s.subject, i.stream)
                    FROM jsonb_to_recordset(line -> 'erased') AS i (stream uuid)
                    LEFT JOIN ledger_stream s ON s.id = i.stream AND s.kind = 'addenda');
    users := ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(coalesce(line -> 'end_users', '[]')));

    SELECT r INTO culprit
      FROM unnest(runs) AS r
      LEFT JOIN executions_execution x ON x.id = r AND x.project_id = p_project
     WHERE x.id IS NULL OR NOT execution_ended_v1(x.state)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an execution has not ended'
            USING ERRCODE = 'WX003', CONSTRAINT = 'erase_after_the_end', DETAIL = culprit;
    END IF;

    SELECT h.id INTO culprit
      FROM governance_legalhold h
      LEFT JOIN executions_execution x ON h.scope_type = 'execution' AND x.id = h.scope_value
     WHERE h.project_id = p_project AND h.lifted_at IS NULL
       AND CASE h.scope_type
               WHEN 'execution' THEN h.scope_value = ANY (runs) OR x.end_user = ANY (users)
               WHEN 'end_user' THEN h.scope_value = ANY (users)
                   OR h.scope_value IN (SELECT e.end_user FROM executions_execution e WHERE e.id = ANY (runs))
               ELSE true
           END
     ORDER BY h.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a legal hold is in force'
            USING ERRCODE = 'WX006', CONSTRAINT = 'erase_not_held', DETAIL = culprit;
    END IF;

    -- Digests without salt would let a guess be proved. A retry of such a request is now refused as a
    -- reused key, so it still happens once; a grant that nobody used fits no call any more.
    UPDATE governance_storedanswer a
       SET body = '{}', body_digest = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
     WHERE a.execution_id = ANY (runs);
    UPDATE governance_approval g
       SET args_digest = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
     WHERE g.project_id = p_project AND g.execution_id = ANY (runs);
    DELETE FROM governance_enduser u WHERE u.project_id = p_project AND u.id = ANY (users);

    RETURN QUERY SELECT e.seq, e.digest FROM ledger_erase_v1(p_project, p_body, p_names, p_salts, p_contents) AS e;
END
$$;
REVOKE ALL ON FUNCTION execution_erase_v1 FROM PUBLIC;
