-- Time moves only what still waits: people are reminded of it, or another group is asked as well.

CREATE FUNCTION step_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM governance_approval g
         WHERE g.id = NEW.approval_id AND g.state = 'pending'
           AND (NEW.kind = 'reminded' AND NEW."group" = ''
                OR NEW.kind = 'escalated' AND EXISTS (SELECT FROM governance_approvergroup r
                                                       WHERE r.project_id = g.project_id AND r.slug = NEW."group"))
    ) THEN
        RAISE EXCEPTION 'no approval waits that this step is of'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'approvalstep_waits';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION step_guard_v1 FROM PUBLIC;

CREATE TRIGGER approvalstep_waits BEFORE INSERT ON governance_approvalstep
    FOR EACH ROW EXECUTE FUNCTION step_guard_v1();
ALTER TABLE governance_approvalstep ENABLE ALWAYS TRIGGER approvalstep_waits;
