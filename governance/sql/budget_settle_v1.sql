-- Giving back to windows: a reservation ends exactly once, as settled, presumed or released.

-- Settles the open or presumed reservations of one action. p_actual: [{id: bigint, actual: bigint}].
-- WX001 when one of them has ended meanwhile.
CREATE FUNCTION budget_settle_v1(p_execution uuid, p_seq bigint, p_actual jsonb, p_at timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    held record;
    was  text;
BEGIN
    FOR held IN
        SELECT r.id, r.window_id, r.amount, a.actual
          FROM jsonb_to_recordset(p_actual) AS a (id bigint, actual bigint)
          JOIN governance_reservation r ON r.id = a.id AND r.execution_id = p_execution AND r.action_seq = p_seq
          JOIN governance_window w ON w.id = r.window_id
          JOIN governance_budget b ON b.id = w.budget_id
         ORDER BY budget_scope_rank_v1(b.scope_type), b.id, w.id
    LOOP
        SELECT r.state INTO was FROM governance_reservation r WHERE r.id = held.id FOR NO KEY UPDATE;
        IF was NOT IN ('open', 'presumed') THEN
            RAISE EXCEPTION 'reservation has ended' USING ERRCODE = 'WX001', CONSTRAINT = 'reservation_ends_once';
        END IF;
        IF held.actual < 0 THEN
            RAISE EXCEPTION 'nobody uses less than nothing'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_actual_not_negative';
        END IF;
        UPDATE governance_reservation r SET state = 'settled', actual = held.actual, ended_at = p_at
         WHERE r.id = held.id;
        UPDATE governance_window w
           SET reserved = w.reserved - CASE was WHEN 'open' THEN held.amount ELSE 0 END,
               presumed = w.presumed - CASE was WHEN 'presumed' THEN held.amount ELSE 0 END,
               spent    = w.spent + held.actual - CASE was WHEN 'presumed' THEN held.amount ELSE 0 END,
               overrun  = w.overrun + greatest(held.actual - held.amount, 0)
         WHERE w.id = held.window_id;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION budget_settle_v1 FROM PUBLIC;

-- Ends every open reservation of an execution: nobody will report on these any more, so the reserved
-- amount is presumed spent; a gauge (concurrent executions) is released.
CREATE FUNCTION budget_end_all_v1(p_execution uuid, p_at timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT r.id, r.window_id, r.amount, r.unit = 'concurrent_executions' AS gauge, r.unit = 'executions' AS counted
          FROM governance_reservation r
          JOIN governance_window w ON w.id = r.window_id
          JOIN governance_budget b ON b.id = w.budget_id
         WHERE r.execution_id = p_execution AND r.state = 'open'
         ORDER BY budget_scope_rank_v1(b.scope_type), b.id, w.id, r.id
    LOOP
        UPDATE governance_reservation r
           SET state    = CASE WHEN held.gauge THEN 'released' WHEN held.counted THEN 'settled' ELSE 'presumed' END,
               actual   = CASE WHEN held.gauge THEN 0 ELSE held.amount END,
               ended_at = p_at
         WHERE r.id = held.id;
        UPDATE governance_window w
           SET reserved = w.reserved - held.amount,
               spent    = w.spent + CASE WHEN held.gauge THEN 0 ELSE held.amount END,
               presumed = w.presumed + CASE WHEN held.gauge OR held.counted THEN 0 ELSE held.amount END
         WHERE w.id = held.window_id;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION budget_end_all_v1 FROM PUBLIC;
