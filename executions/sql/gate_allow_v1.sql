-- The short road's append: one allowed action of a running execution, which changes no state, asks
-- nobody and needs no window that is not there yet. Everything else is gate_append_v1's.
--
-- It proves what gate_append_v1 proves, in the same order of locks, and knows one refusal only:
-- WX001, what the glance saw has moved; take the full road.

CREATE FUNCTION gate_allow_v1(
    p_project   uuid,
    p_execution uuid,
    p_seq       bigint,       -- the execution's newest entry
    p_fence     bigint,
    p_state     bytea,        -- digest of the governance state judged under
    p_epoch     bigint,       -- of the project: rules, keys, kill orders and registry are those seen
    p_at        timestamptz,  -- decided_at
    p_renew     integer,      -- seconds the lease is renewed for
    p_kind      text,
    p_call      bytea,        -- digest of kind, resource and arguments
    p_repeats   bigint,
    p_windows   bigint[],     -- what is reserved, and in which windows
    p_amounts   bigint[],
    p_body      bytea,        -- the canonical entry
    p_salt      bytea,        -- of the arguments; NULL where there are none
    p_args      bytea,
    p_caller    text,         -- the request to keep the answer for; p_key NULL where there is none
    p_path      text,
    p_key       text,
    p_request   bytea,
    p_answer    bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
SET plan_cache_mode = force_generic_plan
-- A handful of rows by their keys: on a young table the planner would rather read all of it, and keep that plan.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    line  jsonb := convert_from(p_body, 'UTF8')::jsonb;
    x     record;
    taken bigint;
    own   bytea;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(project_lock_key_v1(p_project));
    IF (p_at BETWEEN clock_timestamp() - interval '5 seconds' AND clock_timestamp()) IS NOT TRUE THEN
        RAISE EXCEPTION 'the glance is not of now' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_age';
    END IF;
    -- Publications, revocations and kill orders wait for the lock above: the head stays while the row is waited for.
    SELECT e.head, e.agent_slug, e.workflow_slug, s.id AS state_id INTO x
      FROM governance_projecthead h
      JOIN governance_governancestate s ON s.project_id = h.project_id AND s.number = h.number
      JOIN executions_execution e ON e.project_id = h.project_id
     WHERE h.project_id = p_project AND h.digest = p_state AND h.epoch = p_epoch
       AND e.id = p_execution AND e.seq = p_seq AND e.fence = p_fence AND e.state = 'running'
       AND e.states_seen ? ('sha256:' || encode(p_state, 'hex'))
       FOR NO KEY UPDATE OF e;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'what the glance saw has moved' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_glance';
    END IF;

    IF p_key IS NOT NULL THEN
        INSERT INTO governance_storedanswer (caller, path, key, body_digest, status, body, execution_id)
        VALUES (p_caller, p_path, p_key, p_request, 200, p_answer, p_execution)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a twin was first' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_retry';
        END IF;
    END IF;

    IF cardinality(p_windows) > 0 THEN
        -- Locked one after the other in the order of budget_reserve_v1, then moved together; only those that
        -- the action belongs to, as there: of its member and of the period it falls into.
        WITH locked AS MATERIALIZED (
            SELECT w.id, sb.version, sb.unit, sb."limit" AS most, want.amount
              FROM unnest(p_windows, p_amounts) AS want (id, amount)
              JOIN governance_window w ON w.id = want.id AND w.project_id = p_project
              JOIN governance_statebudget sb ON sb.state_id = x.state_id AND sb.budget_id = w.budget_id
             WHERE p_at >= w.start_at AND (p_at < w.end_at) IS NOT FALSE
               AND w.member = budget_member_v1(sb.scope_type, sb.scope_value, sb.period,
                                               x.agent_slug, x.workflow_slug, p_execution)
             ORDER BY sb.scope_rank, sb.budget_id
               FOR NO KEY UPDATE OF w
        ), moved AS (
            UPDATE governance_window w SET reserved = w.reserved + l.amount, limit_now = l.most
              FROM locked l
             WHERE w.id = l.id
               AND (l.amount = 0 OR w.reserved + w.spent - w.overrun + l.amount <= l.most + w.extra)
            RETURNING w.id, l.version, l.unit, l.amount, w.reserved, w.spent
        )
        INSERT INTO governance_reservation (project_id, execution_id, action_seq, window_id, budget_version,
                                            unit, amount, state, reserved_after, spent_after, opened_at)
        SELECT p_project, p_execution, p_seq + 1, m.id, m.version, m.unit, m.amount, 'open',
               m.reserved, m.spent, p_at
          FROM moved m;
        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken <> cardinality(p_windows) THEN
            RAISE EXCEPTION 'budget moved' USING ERRCODE = 'WX001', CONSTRAINT = 'budget_has_room';
        END IF;
    END IF;

    IF line ->> 'type' IS DISTINCT FROM 'action.decided' OR line #>> '{decision,verdict}' IS DISTINCT FROM 'allow' THEN
        RAISE EXCEPTION 'this road is for allowed actions'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'gate_allows_only';
    END IF;
    own := ledger_append_v2(p_project, p_execution, p_seq + 1, x.head, p_body, line);
    IF p_args IS NOT NULL THEN
        INSERT INTO ledger_payload (project_id, stream, seq, name, salt, content)
        VALUES (p_project, p_execution, p_seq + 1, 'args', p_salt, p_args);
    END IF;
    UPDATE executions_execution e
       SET seq = p_seq + 1, head = own, governance_digest = p_state,
           expires_at  = greatest(e.expires_at, p_at + make_interval(secs => p_renew)),
           actions     = e.actions + 1,
           unresolved  = e.unresolved + 1,
           model_calls = e.model_calls + (p_kind = 'model.call')::integer,
           tool_calls  = e.tool_calls + (p_kind = 'tool.call')::integer,
           last_call   = p_call,
           repeats     = p_repeats
     WHERE e.id = p_execution;
END
$$;
REVOKE ALL ON FUNCTION gate_allow_v1 FROM PUBLIC;
