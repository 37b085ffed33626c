-- Taking from windows. Limits come from the budget version that the state names, never from the
-- caller. Windows are visited in one order everywhere: scope rank, then budget.

-- Sets amounts aside, all or nothing. p_wanted: [{budget: uuid, amount: bigint, extra?: bigint}]; `extra`
-- raises the window first and needs an approval that p_granted (slugs of budgets) covers.
-- WX001 when a window cannot take its amount: the decision was made on counters that moved.
CREATE FUNCTION budget_reserve_v1(
    p_project uuid, p_state bigint, p_execution uuid, p_agent text, p_workflow text,
    p_seq bigint, p_at timestamptz, p_wanted jsonb, p_granted text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    want  record;
    taken record;
BEGIN
    FOR want IN
        SELECT sb.budget_id, sb.slug, sb.version, sb.unit, sb."limit", w.amount, coalesce(w.extra, 0) AS extra,
               period.start_at, period.end_at,
               budget_member_v1(sb.scope_type, sb.scope_value, sb.period, p_agent, p_workflow, p_execution) AS member
          FROM jsonb_to_recordset(p_wanted) AS w (budget uuid, amount bigint, extra bigint)
          JOIN governance_statebudget sb ON sb.state_id = p_state AND sb.budget_id = w.budget
          CROSS JOIN LATERAL budget_period_v1(sb.period, sb.time_zone, p_at) AS period
         ORDER BY sb.scope_rank, sb.budget_id
    LOOP
        IF want.extra < 0 OR (want.extra > 0 AND want.slug <> ALL (p_granted)) THEN
            RAISE EXCEPTION 'nobody granted this excess'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'budget_extra_granted';
        END IF;
        FOR attempt IN 1..2 LOOP
            UPDATE governance_window w
               SET reserved = w.reserved + want.amount, limit_now = want."limit", extra = w.extra + want.extra
             WHERE w.budget_id = want.budget_id AND w.member = want.member AND w.start_at = want.start_at
               -- Asking for nothing is never short, even where a limit was lowered below its use.
               AND (want.amount = 0
                    OR w.reserved + w.spent - w.overrun + want.amount <= want."limit" + w.extra + want.extra)
            RETURNING w.id, w.reserved, w.spent INTO taken;
            EXIT WHEN FOUND OR attempt = 2;
            INSERT INTO governance_window (project_id, budget_id, member, start_at, end_at, limit_now,
                                           extra, reserved, spent, overrun, presumed)
            VALUES (p_project, want.budget_id, want.member, want.start_at, want.end_at, want."limit", 0, 0, 0, 0, 0)
            ON CONFLICT DO NOTHING;
        END LOOP;
        IF taken.id IS NULL THEN
            RAISE EXCEPTION 'budget moved' USING ERRCODE = 'WX001', CONSTRAINT = 'budget_has_room';
        END IF;
        INSERT INTO governance_reservation (project_id, execution_id, action_seq, window_id, budget_version,
                                            unit, amount, state, reserved_after, spent_after, opened_at)
        VALUES (p_project, p_execution, p_seq, taken.id, want.version, want.unit, want.amount, 'open',
                taken.reserved, taken.spent, p_at);
        taken := NULL;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION budget_reserve_v1 FROM PUBLIC;

-- Proves under the row locks that every shortage a refusal cites still holds. WX001 when it does not.
CREATE FUNCTION budget_prove_short_v1(
    p_project uuid, p_state bigint, p_execution uuid, p_agent text, p_workflow text,
    p_at timestamptz, p_short jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    want  record;
    used  bigint;
    spare bigint;
BEGIN
    FOR want IN
        SELECT sb.budget_id, sb."limit", w.amount, period.start_at,
               budget_member_v1(sb.scope_type, sb.scope_value, sb.period, p_agent, p_workflow, p_execution) AS member
          FROM jsonb_to_recordset(p_short) AS w (budget uuid, amount bigint)
          JOIN governance_statebudget sb ON sb.state_id = p_state AND sb.budget_id = w.budget
          CROSS JOIN LATERAL budget_period_v1(sb.period, sb.time_zone, p_at) AS period
         ORDER BY sb.scope_rank, sb.budget_id
    LOOP
        SELECT w.reserved + w.spent - w.overrun, w.extra INTO used, spare FROM governance_window w
         WHERE w.budget_id = want.budget_id AND w.member = want.member AND w.start_at = want.start_at
           FOR NO KEY UPDATE;
        IF coalesce(used, 0) + want.amount <= want."limit" + coalesce(spare, 0) THEN
            RAISE EXCEPTION 'budget has room again' USING ERRCODE = 'WX001', CONSTRAINT = 'budget_is_short';
        END IF;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION budget_prove_short_v1 FROM PUBLIC;
