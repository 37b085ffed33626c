-- Puts a governance state in force. The project's advisory lock is taken exclusively, and every append
-- takes it shared: whatever commits after this commits under the new state or is decided again.
-- One call may also place or lift a kill order, since that is part of the state.

CREATE FUNCTION project_lock_key_v1(p_project uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT hashtextextended('waxell.project:' || p_project::text, 0) $$;

CREATE FUNCTION governance_publish_v1(
    p_project  uuid,
    p_expected bigint,  -- number of the state the manifest was derived from, 0 for the first
    p_manifest bytea,   -- canonical JSON
    p_body     bytea,   -- the entry for the governance stream, naming this publication
    p_names    text[] DEFAULT '{}', p_salts bytea[] DEFAULT '{}', p_contents bytea[] DEFAULT '{}',
    p_order    jsonb DEFAULT NULL,   -- {id, scope_type, scope_value, reason, placed_by} places a kill order
    p_lift     jsonb DEFAULT NULL    -- {id, lifted_by} lifts one
) RETURNS TABLE (number bigint, digest bytea, entry_seq bigint, entry_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    manifest jsonb := convert_from(p_manifest, 'UTF8')::jsonb;
    own      bytea := sha256(p_manifest);
    at_head  governance_projecthead%ROWTYPE;
    entry    record;
    state_id bigint;
    known    bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(project_lock_key_v1(p_project));
    SELECT * INTO at_head FROM governance_projecthead h WHERE h.project_id = p_project FOR NO KEY UPDATE;
    IF NOT FOUND OR at_head.number <> p_expected THEN
        RAISE EXCEPTION 'the rules in force moved' USING ERRCODE = 'WX001', CONSTRAINT = 'state_follows_head';
    END IF;
    SELECT a.seq, a.digest INTO entry
      FROM ledger_stream_append_v1(p_project, p_project, p_body, p_names, p_salts, p_contents) AS a;
    INSERT INTO governance_governancestate (project_id, number, digest, manifest, entry_seq, created_at)
    VALUES (p_project, at_head.number + 1, own, p_manifest, entry.seq, clock_timestamp())
    RETURNING id INTO state_id;
    INSERT INTO governance_statebudget (state_id, budget_id, slug, version, unit, scope_rank, scope_type,
                                        scope_value, period, time_zone, "limit")
    SELECT state_id, b.id, b.slug, v.number, b.unit, budget_scope_rank_v1(b.scope_type), b.scope_type,
           b.scope_value, b.period, b.time_zone, v."limit"
      FROM jsonb_to_recordset(manifest -> 'budgets') AS named (slug text, version int)
      JOIN governance_budget b ON b.project_id = p_project AND b.slug = named.slug
      JOIN governance_budgetversion v ON v.budget_id = b.id AND v.number = named.version;
    GET DIAGNOSTICS known = ROW_COUNT;
    IF known <> jsonb_array_length(manifest -> 'budgets') THEN
        RAISE EXCEPTION 'manifest names a budget version that does not exist'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'state_budgets_exist';
    END IF;
    IF p_order IS NOT NULL THEN
        INSERT INTO governance_killorder (id, project_id, scope_type, scope_value, reason, placed_by_id, placed_at)
        VALUES ((p_order ->> 'id')::uuid, p_project, p_order ->> 'scope_type', p_order ->> 'scope_value',
                p_order ->> 'reason', (p_order ->> 'placed_by')::uuid, clock_timestamp());
    END IF;
    IF p_lift IS NOT NULL THEN
        UPDATE governance_killorder k SET lifted_at = clock_timestamp(), lifted_by_id = (p_lift ->> 'lifted_by')::uuid
         WHERE k.id = (p_lift ->> 'id')::uuid AND k.project_id = p_project AND k.lifted_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'kill order is not in force' USING ERRCODE = 'WX001', CONSTRAINT = 'killorder_in_force';
        END IF;
    END IF;
    UPDATE governance_projecthead h
       SET number = at_head.number + 1, digest = own, epoch = at_head.epoch + 1
     WHERE h.project_id = p_project;
    RETURN QUERY SELECT at_head.number + 1, own, entry.seq, entry.digest;
END
$$;
REVOKE ALL ON FUNCTION governance_publish_v1 FROM PUBLIC;

-- Opens a project's governance stream and its head. Harmless when they exist.
CREATE FUNCTION project_open_v1(p_project uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    PERFORM ledger_stream_open_v1(p_project, p_project, 'governance', NULL);
    INSERT INTO governance_projecthead (project_id, number, digest, epoch) VALUES (p_project, 0, NULL, 0)
    ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION project_open_v1 FROM PUBLIC;

-- Places or lifts a kill order on one execution, which is not part of the governance state.
CREATE FUNCTION kill_order_record_v1(p_project uuid, p_body bytea, p_order jsonb, p_lift jsonb,
    p_names text[] DEFAULT '{}', p_salts bytea[] DEFAULT '{}', p_contents bytea[] DEFAULT '{}')
RETURNS TABLE (entry_seq bigint, entry_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(project_lock_key_v1(p_project));
    IF p_order IS NOT NULL THEN
        INSERT INTO governance_killorder (id, project_id, scope_type, scope_value, reason, placed_by_id, placed_at)
        VALUES ((p_order ->> 'id')::uuid, p_project, 'execution', p_order ->> 'scope_value',
                p_order ->> 'reason', (p_order ->> 'placed_by')::uuid, clock_timestamp());
    END IF;
    IF p_lift IS NOT NULL THEN
        UPDATE governance_killorder k SET lifted_at = clock_timestamp(), lifted_by_id = (p_lift ->> 'lifted_by')::uuid
         WHERE k.id = (p_lift ->> 'id')::uuid AND k.project_id = p_project AND k.scope_type = 'execution'
           AND k.lifted_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'kill order is not in force' USING ERRCODE = 'WX001', CONSTRAINT = 'killorder_in_force';
        END IF;
    END IF;
    UPDATE governance_projecthead h SET epoch = h.epoch + 1 WHERE h.project_id = p_project;
    RETURN QUERY SELECT a.seq, a.digest
      FROM ledger_stream_append_v1(p_project, p_project, p_body, p_names, p_salts, p_contents) AS a;
END
$$;
REVOKE ALL ON FUNCTION kill_order_record_v1 FROM PUBLIC;

-- Revokes a key: an append that waits on the project's lock sees it.
CREATE FUNCTION key_revoke_v1(p_project uuid, p_key text, p_body bytea)
RETURNS TABLE (entry_seq bigint, entry_digest bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(project_lock_key_v1(p_project));
    UPDATE governance_apikey k SET revoked_at = clock_timestamp()
     WHERE k.id = p_key AND k.project_id = p_project AND k.revoked_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'key is not in force' USING ERRCODE = 'WX001', CONSTRAINT = 'apikey_in_force';
    END IF;
    UPDATE governance_projecthead h SET epoch = h.epoch + 1 WHERE h.project_id = p_project;
    RETURN QUERY SELECT a.seq, a.digest FROM ledger_stream_append_v1(p_project, p_project, p_body) AS a;
END
$$;
REVOKE ALL ON FUNCTION key_revoke_v1 FROM PUBLIC;
