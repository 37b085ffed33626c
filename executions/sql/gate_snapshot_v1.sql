-- All that one decision needs, in one round trip: who asks, the execution, the rules in force, the
-- thing asked for, the windows it may use, a grant that fits, a stored answer, and the time.
-- It changes nothing; gate_append_v1 proves again what may have moved.

CREATE FUNCTION gate_snapshot_v1(
    p_project     uuid,    -- known without a key (worker, watchdog, console); else NULL
    p_key         text,    -- public id of the API key, or NULL
    p_execution   uuid,    -- the execution; for an admission the id it will have
    p_agent       text,    -- admission by a service: slug of the agent to act as
    p_workflow    text,    -- admission: slug of the workflow
    p_parent      uuid,    -- admission: the parent or the predecessor to look up
    p_kind        text,    -- kind of action, decides where p_resource is looked up
    p_resource    text,
    p_args_digest bytea,
    p_path        text,    -- with p_retry_key: the request whose stored answer to return
    p_retry_key   text,
    OUT now timestamptz,
    OUT key_id text, OUT key_digest bytea, OUT key_scopes text[], OUT key_agent uuid, OUT key_person uuid,
    OUT key_expires_at timestamptz, OUT key_revoked_at timestamptz, OUT key_rate int, OUT key_service text,
    OUT project_id uuid, OUT project_slug text, OUT time_zone text,
    OUT local_hour int, OUT local_minute int, OUT local_weekday int, OUT local_date text,
    OUT state_id bigint, OUT state_number bigint, OUT state_digest bytea,
    OUT agent_id uuid, OUT agent_slug text, OUT agent_discovered boolean, OUT teams text[],
    OUT workflow_id uuid, OUT workflow_slug text, OUT workflow_kind text, OUT workflow_discovered boolean,
    OUT x_found boolean, OUT x_project uuid, OUT x_state text, OUT seq bigint, OUT head bytea, OUT fence bigint,
    OUT lease_seconds int, OUT expires_at timestamptz, OUT deadline_at timestamptz, OUT vouched text,
    OUT governance_digest bytea, OUT states_seen jsonb, OUT environment text, OUT labels jsonb,
    OUT end_user uuid, OUT parent_id uuid, OUT root_id uuid, OUT depth int, OUT retry_of uuid, OUT attempt int,
    OUT actions bigint, OUT model_calls bigint, OUT tool_calls bigint, OUT unresolved bigint,
    OUT refusals bigint, OUT spent_micros bigint, OUT tokens bigint, OUT started_at timestamptz,
    OUT last_call bytea, OUT repeats bigint,
    OUT parent_agent uuid, OUT parent_state text, OUT parent_root uuid, OUT parent_depth int,
    OUT parent_project uuid,
    OUT resource_known boolean, OUT resource_discovered boolean, OUT resource_groups text[],
    OUT resource_cost bigint, OUT resource_schema jsonb,
    OUT kill_orders text[], OUT windows jsonb, OUT approvals jsonb,
    OUT answer_digest bytea, OUT answer_status int, OUT answer_body bytea)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, waxell, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
BEGIN
    now := clock_timestamp();
    project_id := p_project;
    IF p_key IS NOT NULL THEN
        SELECT k.id, k.secret_digest, k.scopes, k.agent_id, k.accountable_id, k.expires_at, k.revoked_at,
               k.requests_per_minute, k.service, k.project_id
          INTO key_id, key_digest, key_scopes, key_agent, key_person, key_expires_at, key_revoked_at,
               key_rate, key_service, project_id
          FROM governance_apikey k WHERE k.id = p_key;
        IF NOT FOUND THEN RETURN; END IF;
        IF p_retry_key IS NOT NULL THEN
            SELECT s.body_digest, s.status, s.body INTO answer_digest, answer_status, answer_body
              FROM governance_storedanswer s
             WHERE s.caller = p_key AND s.path = p_path AND s.key = p_retry_key;
        END IF;
    END IF;

    SELECT p.slug, p.time_zone, s.id, s.number, s.digest,
           extract(hour FROM now AT TIME ZONE p.time_zone)::int,
           extract(minute FROM now AT TIME ZONE p.time_zone)::int,
           extract(isodow FROM now AT TIME ZONE p.time_zone)::int,
           to_char(now AT TIME ZONE p.time_zone, 'YYYY-MM-DD')
      INTO project_slug, time_zone, state_id, state_number, state_digest,
           local_hour, local_minute, local_weekday, local_date
      FROM governance_project p
      JOIN governance_projecthead h ON h.project_id = p.id
      JOIN governance_governancestate s ON s.project_id = p.id AND s.number = h.number
     WHERE p.id = project_id;

    SELECT true, x.project_id, x.state, x.seq, x.head, x.fence, x.lease_seconds, x.expires_at, x.deadline_at,
           x.vouched, x.governance_digest, x.states_seen, x.environment, x.labels, x.end_user, x.parent_id,
           x.root_id, x.depth, x.retry_of, x.attempt, x.actions, x.model_calls, x.tool_calls, x.unresolved,
           x.refusals, x.spent_micros, x.tokens, x.started_at, x.last_call, x.repeats, x.agent_id, x.agent_slug, x.workflow_id,
           x.workflow_slug
      INTO x_found, x_project, x_state, seq, head, fence, lease_seconds, expires_at, deadline_at,
           vouched, governance_digest, states_seen, environment, labels, end_user, parent_id,
           root_id, depth, retry_of, attempt, actions, model_calls, tool_calls, unresolved,
           refusals, spent_micros, tokens, started_at, last_call, repeats, agent_id, agent_slug, workflow_id, workflow_slug
      FROM executions_execution x WHERE x.id = p_execution;
    IF x_found IS NULL THEN
        x_found := false;
        seq := 0;
        IF p_agent IS NULL THEN agent_id := key_agent;
        ELSE SELECT a.id INTO agent_id FROM governance_agent a
              WHERE a.project_id = project_id AND a.slug = p_agent;
        END IF;
        SELECT w.id, w.slug, w.kind, w.discovered
          INTO workflow_id, workflow_slug, workflow_kind, workflow_discovered
          FROM governance_workflow w WHERE w.project_id = project_id AND w.slug = p_workflow;
    ELSE
        SELECT w.kind, w.discovered INTO workflow_kind, workflow_discovered
          FROM governance_workflow w WHERE w.id = workflow_id;
    END IF;
    SELECT a.slug, a.discovered INTO agent_slug, agent_discovered
      FROM governance_agent a WHERE a.id = agent_id;
    teams := ARRAY(SELECT t.slug FROM governance_team t
                     JOIN governance_agent_teams m ON m.team_id = t.id
                    WHERE m.agent_id = agent_id ORDER BY t.slug);

    IF coalesce(p_parent, parent_id) IS NOT NULL THEN
        SELECT x.agent_id, x.state, x.root_id, x.depth, x.project_id
          INTO parent_agent, parent_state, parent_root, parent_depth, parent_project
          FROM executions_execution x WHERE x.id = coalesce(p_parent, parent_id);
    END IF;

    IF p_kind = 'tool.call' THEN
        SELECT true, t.discovered, t.groups, t.cost_micros, t.schema
          INTO resource_known, resource_discovered, resource_groups, resource_cost, resource_schema
          FROM governance_tool t WHERE t.project_id = project_id AND t.slug = p_resource;
    ELSIF p_kind = 'model.call' THEN
        SELECT true, m.discovered, CASE WHEN m.provider = '' THEN '{}' ELSE ARRAY[m.provider] END
          INTO resource_known, resource_discovered, resource_groups
          FROM governance_model m WHERE m.project_id = project_id AND m.slug = p_resource;
    ELSIF p_kind = 'agent.delegate' THEN
        SELECT true, a.discovered, ARRAY(SELECT t.slug FROM governance_team t
                                           JOIN governance_agent_teams m ON m.team_id = t.id
                                          WHERE m.agent_id = a.id ORDER BY t.slug)
          INTO resource_known, resource_discovered, resource_groups
          FROM governance_agent a WHERE a.project_id = project_id AND a.slug = p_resource;
    END IF;

    IF x_found THEN
        kill_orders := ARRAY(SELECT k.id::text FROM governance_killorder k
                              WHERE k.project_id = project_id AND k.lifted_at IS NULL
                                AND k.scope_type = 'execution' AND k.scope_value = p_execution::text
                              ORDER BY k.id);
    END IF;

    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'budget', b.budget_id, 'slug', b.slug, 'member', b.member,
               'start', b.start_at, 'end', b.end_at, 'limit', b."limit", 'extra', coalesce(w.extra, 0),
               'reserved', coalesce(w.reserved, 0), 'spent', coalesce(w.spent, 0),
               'overrun', coalesce(w.overrun, 0)) ORDER BY b.scope_rank, b.budget_id), '[]'::jsonb)
      INTO windows
      FROM (SELECT sb.budget_id, sb.slug, sb."limit", sb.scope_rank, period.start_at, period.end_at,
                   budget_member_v1(sb.scope_type, sb.scope_value, sb.period,
                                    agent_slug, coalesce(workflow_slug, p_workflow), p_execution) AS member
              FROM governance_statebudget sb
              CROSS JOIN LATERAL budget_period_v1(sb.period, sb.time_zone, now) AS period
             WHERE sb.state_id = state_id) AS b
      LEFT JOIN governance_window w ON w.budget_id = b.budget_id AND w.member = b.member
                                   AND w.start_at = b.start_at
     WHERE b.member IS NOT NULL;

    IF p_args_digest IS NOT NULL THEN
        SELECT jsonb_agg(jsonb_build_object('id', g.id, 'holds', g.holds) ORDER BY g.id) INTO approvals
          FROM governance_approval g
         WHERE g.agent_id = agent_id AND g.args_digest = p_args_digest AND g.state = 'granted'
           AND g.kind = p_kind AND g.resource = p_resource
           AND g.workflow_slug = coalesce(workflow_slug, p_workflow)
           AND g.execution_id IN (p_execution, retry_of);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION gate_snapshot_v1 FROM PUBLIC;
