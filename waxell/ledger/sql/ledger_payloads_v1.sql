-- Stores the contents that an entry commits to. Called only by functions that append.

CREATE FUNCTION ledger_payloads_v1(
    p_project  uuid,
    p_stream   uuid,
    p_seq      bigint,
    p_names    text[],
    p_salts    bytea[],
    p_contents bytea[]
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
    INSERT INTO ledger_payload (project_id, stream, seq, name, salt, content)
    SELECT p_project, p_stream, p_seq, name, salt, content
      FROM unnest(p_names, p_salts, p_contents) AS given (name, salt, content)
$$;
REVOKE ALL ON FUNCTION ledger_payloads_v1 FROM PUBLIC;
