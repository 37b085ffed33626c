-- Who votes is asked, and while somebody still waits: where a group is asked, they are in it or in one that was
-- asked later. Screens and calls say so first; this is for whoever comes past them.

CREATE FUNCTION vote_asked_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    g governance_approval%ROWTYPE;
BEGIN
    SELECT * INTO g FROM governance_approval a WHERE a.id = NEW.approval_id;
    IF g.state <> 'pending' OR g.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'nobody waits for a vote any more'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'approvalvote_waited_for';
    END IF;
    IF g.approvers <> '' AND NOT EXISTS (
        SELECT FROM governance_approvergroup r
          JOIN governance_approvergroup_people m ON m.approvergroup_id = r.id AND m.person_id = NEW.person_id
         WHERE r.project_id = g.project_id
           AND (r.slug = g.approvers OR r.slug IN (
                SELECT s."group" FROM governance_approvalstep s
                 WHERE s.approval_id = g.id AND s.kind = 'escalated'))) THEN
        RAISE EXCEPTION 'this person is not asked'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'approvalvote_asked';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION vote_asked_v1 FROM PUBLIC;

CREATE TRIGGER approvalvote_asked BEFORE INSERT ON governance_approvalvote
    FOR EACH ROW EXECUTE FUNCTION vote_asked_v1();
ALTER TABLE governance_approvalvote ENABLE ALWAYS TRIGGER approvalvote_asked;
