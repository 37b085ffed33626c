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
CREATE FUNCTION budget_member_v1(
    p_scope text, p_value text, p_period text, p_agent text, p_workflow text, p_execution uuid)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN matched IS NULL THEN NULL
                WHEN p_period = 'per_execution' OR p_scope = 'execution' THEN p_execution::text
                WHEN p_scope = 'project' OR p_value <> '' THEN ''
                ELSE matched
           END
      FROM (SELECT CASE p_scope
                       WHEN 'project'   THEN ''
                       WHEN 'agent'     THEN CASE WHEN p_value IN ('', p_agent) THEN p_agent END
                       WHEN 'workflow'  THEN CASE WHEN p_value IN ('', p_workflow) THEN p_workflow END
                       WHEN 'execution' THEN CASE WHEN p_value IN ('', p_execution::text) THEN p_execution::text END
                   END AS matched) AS scope
$$;

-- Windows are locked in this order, then by budget: the most contended last, so it is held shortest.
CREATE FUNCTION budget_scope_rank_v1(p_scope text) RETURNS smallint
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE p_scope WHEN 'execution' THEN 1 WHEN 'workflow' THEN 2 WHEN 'agent' THEN 3 ELSE 9 END::smallint
$$;
