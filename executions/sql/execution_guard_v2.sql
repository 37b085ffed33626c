-- The same refusals as before. PostgreSQL now looks itself whether there may be something to refuse, and
-- calls the function only then. An ended execution is known by `ended_at`, which a CHECK ties to its state.
DROP TRIGGER execution_moves_forward ON executions_execution;
CREATE TRIGGER execution_moves_forward BEFORE UPDATE ON executions_execution
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL OR NEW.state <> OLD.state
                       OR NEW.seq < OLD.seq OR NEW.fence < OLD.fence
                       OR NEW.id <> OLD.id OR NEW.project_id <> OLD.project_id
                       OR (NEW.seq = OLD.seq AND NEW.head <> OLD.head))
    EXECUTE FUNCTION execution_guard_v1();
ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_moves_forward;
