-- Web processes keep what the registry says of agents, workflows, tools and models for as long as the
-- project's epoch stays the same. Whatever changes one of them moves the epoch, at the very end of its
-- transaction: the head is the last row that anything locks.

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
CREATE CONSTRAINT TRIGGER team_moves_epoch AFTER UPDATE OF slug ON governance_team
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
CREATE CONSTRAINT TRIGGER agent_moves_epoch AFTER INSERT OR UPDATE OF slug, discovered ON governance_agent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
CREATE CONSTRAINT TRIGGER membership_moves_epoch AFTER INSERT OR UPDATE OR DELETE ON governance_agent_teams
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
CREATE CONSTRAINT TRIGGER workflow_moves_epoch AFTER UPDATE OF slug, kind, discovered ON governance_workflow
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
CREATE CONSTRAINT TRIGGER tool_moves_epoch AFTER INSERT OR UPDATE ON governance_tool
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
CREATE CONSTRAINT TRIGGER model_moves_epoch AFTER INSERT OR UPDATE ON governance_model
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_moved_v1();
