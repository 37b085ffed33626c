-- Leases: taking the row's lock, and renewing without an entry.

-- Takes the project's lock (shared) and the execution's row until the end of the transaction: on this
-- locked road of the gate neither a publication nor a twin can come between snapshot and append.
CREATE FUNCTION execution_lock_v1(p_project uuid, p_execution uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(project_lock_key_v1(p_project));
    PERFORM FROM executions_execution e WHERE e.id = p_execution AND e.project_id = p_project FOR NO KEY UPDATE;
END
$$;
REVOKE ALL ON FUNCTION execution_lock_v1 FROM PUBLIC;

-- Renews a lease by a heartbeat that was judged `allow` under p_state. Returns the new expiry, or
-- nothing when the fence, the state in force or the execution's end made the judgement void.
CREATE FUNCTION execution_renew_v1(p_project uuid, p_execution uuid, p_fence bigint, p_state bytea)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    renewed timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(project_lock_key_v1(p_project));
    PERFORM FROM governance_projecthead h WHERE h.project_id = p_project AND h.digest = p_state;
    IF NOT FOUND THEN RETURN NULL; END IF;
    UPDATE executions_execution e
       SET expires_at = greatest(e.expires_at, clock_timestamp() + make_interval(secs => e.lease_seconds))
     WHERE e.id = p_execution AND e.project_id = p_project AND e.fence = p_fence
       AND NOT execution_ended_v1(e.state)
    RETURNING e.expires_at INTO renewed;
    RETURN renewed;
END
$$;
REVOKE ALL ON FUNCTION execution_renew_v1 FROM PUBLIC;
