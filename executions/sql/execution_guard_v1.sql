-- The same table of transitions as executions/domain/states.py; a test compares the two.

CREATE FUNCTION execution_transition_v1(p_from text, p_to text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
    SELECT (p_from, p_to) IN (
        ('pending', 'running'), ('pending', 'suspended'), ('pending', 'denied'),
        ('pending', 'halted'), ('pending', 'cancelled'), ('pending', 'interrupted'),
        ('running', 'suspended'), ('running', 'completed'), ('running', 'failed'),
        ('running', 'halted'), ('running', 'cancelled'), ('running', 'interrupted'),
        ('suspended', 'running'), ('suspended', 'pending'), ('suspended', 'completed'),
        ('suspended', 'failed'), ('suspended', 'denied'), ('suspended', 'halted'),
        ('suspended', 'cancelled'), ('suspended', 'interrupted'))
$$;

CREATE FUNCTION execution_ended_v1(p_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT p_state IN ('completed', 'failed', 'denied', 'halted', 'cancelled', 'interrupted') $$;

-- An ended execution never changes again; a live one moves forward by the table.
CREATE FUNCTION execution_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF execution_ended_v1(OLD.state) THEN
        RAISE EXCEPTION 'the execution has ended'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'execution_closed';
    END IF;
    IF NEW.state <> OLD.state AND NOT execution_transition_v1(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'an execution cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'execution_transition';
    END IF;
    IF NEW.seq < OLD.seq OR NEW.fence < OLD.fence OR NEW.id <> OLD.id OR NEW.project_id <> OLD.project_id
       OR (NEW.seq = OLD.seq AND (NEW.head <> OLD.head OR NEW.state <> OLD.state)) THEN
        RAISE EXCEPTION 'sequence and fence only grow, and state moves with an entry'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'execution_moves_forward';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION execution_guard_v1 FROM PUBLIC;

CREATE TRIGGER execution_moves_forward BEFORE UPDATE ON executions_execution
    FOR EACH ROW EXECUTE FUNCTION execution_guard_v1();
ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_moves_forward;

CREATE FUNCTION execution_stays_v1() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'executions are never deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'execution_stays';
END
$$;
REVOKE ALL ON FUNCTION execution_stays_v1 FROM PUBLIC;
CREATE TRIGGER execution_stays BEFORE DELETE ON executions_execution
    FOR EACH ROW EXECUTE FUNCTION execution_stays_v1();
ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_stays;
CREATE TRIGGER execution_table_stays BEFORE TRUNCATE ON executions_execution
    FOR EACH STATEMENT EXECUTE FUNCTION execution_stays_v1();
ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_table_stays;

ALTER TABLE executions_execution SET (fillfactor = 40);
