-- Nobody approves what their own agent asks for: who answers for the key that drives an execution has
-- no vote on it. Only where a project has nobody else to ask does the vote count, and the record shows
-- that the same person stands on both sides.

CREATE FUNCTION vote_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF EXISTS (
        -- A retry was started by the system: whoever asked stands at the head of its predecessors.
        WITH RECURSIVE asking AS (
            SELECT x.key_id, x.retry_of, g.project_id
              FROM governance_approval g JOIN executions_execution x ON x.id = g.execution_id
             WHERE g.id = NEW.approval_id
            UNION ALL
            SELECT x.key_id, x.retry_of, asking.project_id
              FROM asking JOIN executions_execution x ON x.id = asking.retry_of
        )
        SELECT FROM asking g
          JOIN governance_apikey k ON k.id = g.key_id
         WHERE k.accountable_id = NEW.person_id
           AND EXISTS (SELECT FROM governance_membership m
                         JOIN governance_person p ON p.id = m.person_id AND p.is_active
                        WHERE m.project_id = g.project_id AND m.role IN ('approver', 'owner')
                          AND m.person_id <> NEW.person_id)
    ) THEN
        RAISE EXCEPTION 'the requester''s own person has no vote'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'approvalvote_not_own';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION vote_guard_v1 FROM PUBLIC;

CREATE TRIGGER approvalvote_not_own BEFORE INSERT ON governance_approvalvote
    FOR EACH ROW EXECUTE FUNCTION vote_guard_v1();
ALTER TABLE governance_approvalvote ENABLE ALWAYS TRIGGER approvalvote_not_own;
