-- Web processes keep what the registry says of keys, agents, workflows, tools and models for as long as
-- the project's epoch stays the same. Whatever changes one of them moves the epoch, whoever does it and
-- by whatever statement, at the very end of its transaction: the head is the last row that anything locks.

CREATE FUNCTION registry_moved_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    moved record;
    owner uuid;
BEGIN
    moved := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    IF TG_TABLE_NAME = 'governance_agent_teams' THEN
        owner := (SELECT a.project_id FROM governance_agent a WHERE a.id = moved.agent_id);
    ELSIF TG_TABLE_NAME = 'governance_project' THEN
        owner := moved.id;
    ELSE
        owner := moved.project_id;
    END IF;
    UPDATE governance_projecthead h SET epoch = h.epoch + 1 WHERE h.project_id = owner;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION registry_moved_v1 FROM PUBLIC;

CREATE CONSTRAINT TRIGGER project_moves_epoch AFTER UPDATE OF slug, time_zone ON governance_project
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_project ENABLE ALWAYS TRIGGER project_moves_epoch;
CREATE CONSTRAINT TRIGGER key_moves_epoch AFTER UPDATE OF project_id, agent_id, secret_digest, scopes, expires_at, revoked_at ON governance_apikey
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_apikey ENABLE ALWAYS TRIGGER key_moves_epoch;
CREATE CONSTRAINT TRIGGER team_moves_epoch AFTER UPDATE OF slug ON governance_team
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_team ENABLE ALWAYS TRIGGER team_moves_epoch;
CREATE CONSTRAINT TRIGGER agent_moves_epoch AFTER INSERT OR UPDATE OF slug, discovered OR DELETE ON governance_agent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_agent ENABLE ALWAYS TRIGGER agent_moves_epoch;
CREATE CONSTRAINT TRIGGER membership_moves_epoch AFTER INSERT OR UPDATE OR DELETE ON governance_agent_teams
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_agent_teams ENABLE ALWAYS TRIGGER membership_moves_epoch;
CREATE CONSTRAINT TRIGGER workflow_moves_epoch AFTER UPDATE OF slug, kind, discovered ON governance_workflow
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_workflow ENABLE ALWAYS TRIGGER workflow_moves_epoch;
CREATE CONSTRAINT TRIGGER tool_moves_epoch AFTER INSERT OR UPDATE OR DELETE ON governance_tool
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_tool ENABLE ALWAYS TRIGGER tool_moves_epoch;
CREATE CONSTRAINT TRIGGER model_moves_epoch AFTER INSERT OR UPDATE OR DELETE ON governance_model
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
ALTER TABLE governance_model ENABLE ALWAYS TRIGGER model_moves_epoch;
