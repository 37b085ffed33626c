-- Which window a budget uses: pure functions of the budget's shape and what is being done.

-- The period that contains p_at, by the budget's own zone. `once` and `per_execution` never end.
CREATE FUNCTION budget_period_v1(p_period text, p_zone text, p_at timestamptz)
RETURNS TABLE (start_at timestamptz, end_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT CASE p_period
               WHEN 'minute' THEN date_trunc('minute', p_at)
               WHEN 'day'    THEN date_trunc('day', p_at, p_zone)
               WHEN 'month'  THEN date_trunc('month', p_at, p_zone)
               ELSE to_timestamp(0)
           END,
           CASE p_period
               WHEN 'minute' THEN date_trunc('minute', p_at) + interval '1 minute'
               WHEN 'day'    THEN (date_trunc('day', p_at AT TIME ZONE p_zone) + interval '1 day') AT TIME ZONE p_zone
               WHEN 'month'  THEN (date_trunc('month', p_at AT TIME ZONE p_zone) + interval '1 month') AT TIME ZONE p_zone
           END
$$;

-- The member whose window counts, '' where the scope names one value, NULL where it does not match.
-- One expression without FROM, so that the planner puts it into the query that calls it.
CREATE FUNCTION budget_member_v1(
    p_scope text, p_value text, p_period text, p_agent text, p_workflow text, p_execution uuid)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN CASE p_scope
                         WHEN 'project'   THEN true
                         WHEN 'agent'     THEN p_agent IS NOT NULL AND p_value IN ('', p_agent)
                         WHEN 'workflow'  THEN p_workflow IS NOT NULL AND p_value IN ('', p_workflow)
                         WHEN 'execution' THEN p_value IN ('', p_execution::text)
                     END IS NOT TRUE THEN NULL
                WHEN p_period = 'per_execution' OR p_scope = 'execution' THEN p_execution::text
                WHEN p_scope = 'project' OR p_value <> '' THEN ''
                WHEN p_scope = 'agent' THEN p_agent
                ELSE p_workflow
           END
$$;

-- Windows are locked in this order, then by budget: the most contended last, so it is held shortest.
CREATE FUNCTION budget_scope_rank_v1(p_scope text) RETURNS smallint
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE p_scope WHEN 'execution' THEN 1 WHEN 'workflow' THEN 2 WHEN 'agent' THEN 3 ELSE 9 END::smallint
$$;
