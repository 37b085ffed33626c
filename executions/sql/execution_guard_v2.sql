-- The same refusals as before; PostgreSQL now looks itself whether there is anything to refuse, and
-- calls the function, which says what, only then.
DROP TRIGGER execution_moves_forward ON executions_execution;
CREATE TRIGGER execution_moves_forward BEFORE UPDATE ON executions_execution
    FOR EACH ROW WHEN (execution_ended_v1(OLD.state)
                       OR (NEW.state <> OLD.state AND NOT execution_transition_v1(OLD.state, NEW.state))
                       OR NEW.seq < OLD.seq OR NEW.fence < OLD.fence
                       OR NEW.id <> OLD.id OR NEW.project_id <> OLD.project_id
                       OR (NEW.seq = OLD.seq AND (NEW.head <> OLD.head OR NEW.state <> OLD.state)))
    EXECUTE FUNCTION execution_guard_v1();
ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_moves_forward;
