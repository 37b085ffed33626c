-- The one door for an execution's state, sequence, fence, head, reservations and entries.
-- One call is one transaction: it proves that nothing moved since the snapshot and then writes all of
-- the decision, or raises and writes nothing.
--
--   WX001 stale     sequence, fence, state, approval or a budget's outcome moved: decide again
--   WX002 fenced    the caller's fence is not the current one
--   WX003 closed    the execution has ended
--   WX004 revoked   the key was revoked or has expired
--   WX005 reused    the Idempotency-Key came with another body
--
-- Lock order, here and everywhere: project advisory, execution, idempotency, reservation, windows.

CREATE FUNCTION gate_append_v1(
    p          jsonb,    -- what moved; described in executions/services/appending.py
    p_bodies   bytea[],  -- canonical entries, in sequence
    p_owners   int[] DEFAULT '{}',      -- payloads: index of the entry each belongs to, from 1
    p_names    text[] DEFAULT '{}',
    p_salts    bytea[] DEFAULT '{}',
    p_contents bytea[] DEFAULT '{}',
    p_answer   bytea DEFAULT NULL,      -- the answer to keep for a retry
    OUT replayed boolean, OUT status int, OUT answer bytea, OUT now_state text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    c_project   uuid := (p ->> 'project')::uuid;
    c_execution uuid := (p ->> 'execution')::uuid;
    c_state     bytea := decode(p ->> 'state', 'hex');
    c_at        timestamptz := (p ->> 'decided_at')::timestamptz;
    c_to        text := p ->> 'to';
    c_count     jsonb := coalesce(p -> 'count', '{}'::jsonb);
    c_new       jsonb := p -> 'create';
    x           executions_execution%ROWTYPE;
    in_force    bigint;
    stored      governance_storedanswer%ROWTYPE;
    last_digest bytea;
    last_seq    bigint := (p ->> 'seq')::bigint;
    c_seen      jsonb;
    grant_id    uuid;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(project_lock_key_v1(c_project));

    -- Nothing that the snapshot saw may have moved.
    SELECT s.id INTO in_force
      FROM governance_projecthead h
      JOIN governance_governancestate s ON s.project_id = h.project_id AND s.number = h.number
     WHERE h.project_id = c_project AND h.digest = c_state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the rules in force moved' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_state';
    END IF;
    -- Nor may it be of another time: windows and leases are counted by it.
    IF clock_timestamp() - c_at > interval '5 seconds' OR c_at > clock_timestamp() THEN
        RAISE EXCEPTION 'the snapshot is not of now' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_age';
    END IF;
    IF p ->> 'key' IS NOT NULL AND NOT EXISTS (
        SELECT FROM governance_apikey k WHERE k.id = p ->> 'key' AND k.project_id = c_project
           AND k.revoked_at IS NULL AND k.expires_at > c_at) THEN
        RAISE EXCEPTION 'the key is revoked' USING ERRCODE = 'WX004', CONSTRAINT = 'gate_key';
    END IF;
    IF c_new IS NULL THEN
        SELECT * INTO x FROM executions_execution e
         WHERE e.id = c_execution AND e.project_id = c_project FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no such execution' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_execution';
        END IF;
    END IF;

    -- A twin of this request waits here for the first one's commit, then gets its answer.
    IF p ->> 'retry' IS NOT NULL THEN
        INSERT INTO governance_storedanswer (caller, path, key, body_digest, status, body, execution_id)
        VALUES (p -> 'retry' ->> 'caller', p -> 'retry' ->> 'path', p -> 'retry' ->> 'key',
                decode(p -> 'retry' ->> 'body', 'hex'), (p -> 'retry' ->> 'status')::int, p_answer, c_execution)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO stored FROM governance_storedanswer a
             WHERE a.caller = p -> 'retry' ->> 'caller' AND a.path = p -> 'retry' ->> 'path'
               AND a.key = p -> 'retry' ->> 'key';
            IF stored.body_digest <> decode(p -> 'retry' ->> 'body', 'hex') THEN
                RAISE EXCEPTION 'the Idempotency-Key came with another body'
                    USING ERRCODE = 'WX005', CONSTRAINT = 'gate_retry';
            END IF;
            replayed := true;
            status := stored.status;
            answer := stored.body;
            now_state := (SELECT e.state FROM executions_execution e WHERE e.id = stored.execution_id);
            RETURN;
        END IF;
    END IF;

    IF c_new IS NULL THEN
        IF execution_ended_v1(x.state) THEN
            RAISE EXCEPTION 'the execution has ended' USING ERRCODE = 'WX003', CONSTRAINT = 'gate_open';
        END IF;
        IF p ->> 'fence' IS NOT NULL AND x.fence <> (p ->> 'fence')::bigint THEN
            RAISE EXCEPTION 'the fence moved' USING ERRCODE = 'WX002', CONSTRAINT = 'gate_fence';
        END IF;
        IF x.seq <> last_seq THEN
            RAISE EXCEPTION 'the sequence moved' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_sequence';
        END IF;
        last_digest := x.head;
        c_seen := x.states_seen;
    ELSE
        c_seen := '{}'::jsonb;
    END IF;

    -- Approvals: decided, used, asked for.
    IF p -> 'end_approval' ->> 'id' IS NOT NULL THEN
        UPDATE governance_approval g SET state = p -> 'end_approval' ->> 'state', decided_at = c_at
         WHERE g.id = (p -> 'end_approval' ->> 'id')::uuid AND g.execution_id = c_execution AND g.state = 'pending'
           AND CASE p -> 'end_approval' ->> 'state'
                   WHEN 'granted' THEN (SELECT count(*) FROM governance_approvalvote v
                                         WHERE v.approval_id = g.id AND v.decision = 'grant') >= g.quorum
                   WHEN 'refused' THEN EXISTS (SELECT FROM governance_approvalvote v
                                                WHERE v.approval_id = g.id AND v.decision = 'refuse')
                   WHEN 'expired' THEN g.expires_at <= c_at
                   ELSE false
               END;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the approval is not open' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_approval';
        END IF;
    END IF;
    FOR grant_id IN SELECT value::uuid FROM jsonb_array_elements_text(coalesce(p -> 'use_approvals', '[]')) LOOP
        UPDATE governance_approval g SET state = 'used', used_by_execution = c_execution, used_at = c_at
         WHERE g.id = grant_id AND g.project_id = c_project AND g.state = 'granted'
           AND (g.execution_id = c_execution OR g.execution_id = x.retry_of);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the grant is used up' USING ERRCODE = 'WX001', CONSTRAINT = 'gate_grant';
        END IF;
    END LOOP;
    IF p -> 'ask_approval' ->> 'id' IS NOT NULL THEN
        INSERT INTO governance_approval (id, project_id, execution_id, action_seq, agent_id, workflow_slug, kind,
                                         resource, args_digest, holds, approvers, quorum, halt_on_refusal, state,
                                         requested_at, expires_at)
        SELECT a.id, c_project, c_execution, a.action_seq, a.agent, a.workflow, a.kind, a.resource,
               decode(a.args_digest, 'hex'), a.holds, a.approvers, a.quorum, a.halt_on_refusal, 'pending',
               c_at, c_at + make_interval(secs => a.timeout_seconds)
          FROM jsonb_to_record(p -> 'ask_approval') AS a (id uuid, action_seq bigint, agent uuid, workflow text,
               kind text, resource text, args_digest text, holds jsonb, approvers text, quorum smallint,
               halt_on_refusal boolean, timeout_seconds int);
    END IF;

    -- Budgets: a grant takes all of its amounts, a refusal proves its shortage.
    IF jsonb_array_length(coalesce(p -> 'settle', '[]')) > 0 THEN
        PERFORM budget_settle_v1(c_execution, (p ->> 'settle_seq')::bigint, p -> 'settle', c_at);
    END IF;
    IF jsonb_array_length(coalesce(p -> 'reserve', '[]')) > 0 THEN
        PERFORM budget_reserve_v1(c_project, in_force, c_execution, coalesce(c_new ->> 'agent_slug', x.agent_slug),
            coalesce(c_new ->> 'workflow_slug', x.workflow_slug), (p ->> 'reserve_seq')::bigint, c_at, p -> 'reserve',
            ARRAY(SELECT hold ->> 'budget' FROM governance_approval g
                    CROSS JOIN LATERAL jsonb_array_elements(g.holds) AS hold
                   WHERE g.id = ANY (ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(p -> 'use_approvals')))
                     AND hold ? 'budget'));
    END IF;
    IF jsonb_array_length(coalesce(p -> 'short', '[]')) > 0 THEN
        PERFORM budget_prove_short_v1(c_project, in_force, c_execution, coalesce(c_new ->> 'agent_slug', x.agent_slug),
            coalesce(c_new ->> 'workflow_slug', x.workflow_slug), c_at, p -> 'short');
    END IF;

    -- Entries and payloads.
    FOR i IN 1 .. cardinality(p_bodies) LOOP
        last_digest := ledger_append_v1(c_project, c_execution, last_seq + 1, last_digest, p_bodies[i]);
        last_seq := last_seq + 1;
    END LOOP;
    FOR i IN 1 .. cardinality(p_owners) LOOP
        PERFORM ledger_payloads_v1(c_project, c_execution, (p ->> 'seq')::bigint + p_owners[i],
            p_names[i:i], p_salts[i:i], p_contents[i:i]);
    END LOOP;
    IF execution_ended_v1(coalesce(c_to, 'running')) <>
       (convert_from(p_bodies[cardinality(p_bodies)], 'UTF8')::jsonb ->> 'type' = 'execution.closed') THEN
        RAISE EXCEPTION 'an execution ends with its closing entry, and only then'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'gate_closing';
    END IF;
    IF NOT c_seen ? ('sha256:' || (p ->> 'state')) THEN
        c_seen := c_seen || jsonb_build_object('sha256:' || (p ->> 'state'), (p ->> 'seq')::bigint + 1);
    END IF;

    IF c_new IS NOT NULL THEN
        INSERT INTO executions_execution (id, project_id, agent_id, workflow_id, key_id, agent_slug, workflow_slug,
            state, vouched, seq, head, fence, lease_seconds, expires_at, deadline_at, governance_digest, states_seen,
            environment, labels, end_user, parent_id, root_id, depth, retry_of, attempt, actions, model_calls,
            tool_calls, unresolved, refusals, spent_micros, tokens, repeats, cause, started_at, ended_at)
        SELECT c_execution, c_project, n.agent, n.workflow, p ->> 'key', n.agent_slug, n.workflow_slug,
               c_to, n.vouched, last_seq, last_digest, n.fence, n.lease_seconds,
               CASE WHEN n.fence > 0 AND NOT execution_ended_v1(c_to)
                    THEN c_at + make_interval(secs => n.lease_seconds) END,
               c_at + make_interval(secs => n.deadline_seconds), c_state, c_seen, n.environment, n.labels,
               n.end_user, n.parent, n.root, n.depth, n.retry_of, n.attempt, 0, 0, 0, 0, 0, 0, 0, 0,
               p -> 'cause', c_at, CASE WHEN execution_ended_v1(c_to) THEN c_at END
          FROM jsonb_to_record(c_new) AS n (agent uuid, workflow uuid, agent_slug text, workflow_slug text,
               vouched text, fence bigint, lease_seconds int, deadline_seconds int, environment text, labels jsonb,
               end_user uuid, parent uuid, root uuid, depth int, retry_of uuid, attempt int);
    ELSE
        UPDATE executions_execution e
           SET seq = last_seq, head = last_digest, governance_digest = c_state, states_seen = c_seen,
               state = coalesce(c_to, e.state),
               fence = e.fence + CASE WHEN (p ->> 'take')::boolean THEN 1 ELSE 0 END,
               lease_seconds = coalesce((p ->> 'lease_seconds')::int, e.lease_seconds),
               expires_at = CASE WHEN p ->> 'renew_seconds' IS NULL THEN e.expires_at
                                 ELSE greatest(e.expires_at, c_at + make_interval(secs => (p ->> 'renew_seconds')::int)) END,
               actions      = e.actions      + coalesce((c_count ->> 'actions')::bigint, 0),
               model_calls  = e.model_calls  + coalesce((c_count ->> 'model_calls')::bigint, 0),
               tool_calls   = e.tool_calls   + coalesce((c_count ->> 'tool_calls')::bigint, 0),
               unresolved   = e.unresolved   + coalesce((c_count ->> 'unresolved')::bigint, 0),
               refusals     = e.refusals     + coalesce((c_count ->> 'refusals')::bigint, 0),
               spent_micros = e.spent_micros + coalesce((c_count ->> 'spent_micros')::bigint, 0),
               tokens       = e.tokens       + coalesce((c_count ->> 'tokens')::bigint, 0),
               last_call    = CASE WHEN execution_ended_v1(coalesce(c_to, e.state)) THEN NULL
                                   ELSE coalesce(decode(p ->> 'last_call', 'hex'), e.last_call) END,
               repeats      = coalesce((p ->> 'repeats')::bigint, e.repeats),
               cause        = coalesce(p -> 'cause', e.cause),
               ended_at     = CASE WHEN execution_ended_v1(coalesce(c_to, e.state)) THEN c_at END
         WHERE e.id = c_execution;
    END IF;
    IF execution_ended_v1(coalesce(c_to, 'running')) THEN
        PERFORM budget_end_all_v1(c_execution, c_at);
        UPDATE governance_approval g SET state = 'lapsed', decided_at = c_at
         WHERE g.execution_id = c_execution AND g.state = 'pending';
    END IF;
    replayed := false;
END
$$;
REVOKE ALL ON FUNCTION gate_append_v1 FROM PUBLIC;
