-- Erasing: the content and salt of a payload go, the entry that commits to it stays. What licenses it is
-- an entry of the project's governance stream that lists it, and the guards below ask for that entry
-- whoever deletes: the database's owner too cannot let a payload go without a line that says so.

-- A row of ledger_erasure must be what its entry says.
CREATE FUNCTION ledger_erasure_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT project_id, entry_seq, stream, seq, name FROM made
        EXCEPT
        SELECT e.project_id, e.seq, listed.stream, listed.seq, listed.name
          FROM (SELECT DISTINCT project_id, entry_seq FROM made) AS m
          JOIN ledger_entry e ON e.project_id = m.project_id AND e.stream = m.project_id AND e.seq = m.entry_seq
                             AND e.type = 'payloads.erased'
         CROSS JOIN LATERAL jsonb_to_recordset(convert_from(e.body, 'UTF8')::jsonb -> 'erased')
                         AS listed (stream uuid, seq bigint, name text)
    ) THEN
        RAISE EXCEPTION 'no entry says that this is erased'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_erasure_is_an_entry';
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION ledger_erasure_guard_v1 FROM PUBLIC;

CREATE TRIGGER ledger_erasure_is_an_entry AFTER INSERT ON ledger_erasure
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION ledger_erasure_guard_v1();
ALTER TABLE ledger_erasure ENABLE ALWAYS TRIGGER ledger_erasure_is_an_entry;

-- Takes the place of the guard that refused every change: a payload that is listed may go.
CREATE FUNCTION ledger_payload_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM ledger_erasure e
         WHERE e.project_id = OLD.project_id AND e.stream = OLD.stream AND e.seq = OLD.seq AND e.name = OLD.name)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format('%s on %I is refused: its rows are evidence.', TG_OP, TG_TABLE_NAME),
        SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = 'ledger_payload_append_only';
END
$$;
REVOKE ALL ON FUNCTION ledger_payload_guard_v1 FROM PUBLIC;

DROP TRIGGER ledger_payload_append_only ON ledger_payload;
CREATE TRIGGER ledger_payload_append_only BEFORE UPDATE OR DELETE ON ledger_payload
    FOR EACH ROW EXECUTE FUNCTION ledger_payload_guard_v1();
ALTER TABLE ledger_payload ENABLE ALWAYS TRIGGER ledger_payload_append_only;

-- Appends the entry p_body to the project's governance stream and deletes exactly the payloads that it
-- lists: WX001 where one of them is not there. Called by functions that know who may erase what; EXECUTE
-- is granted to nobody.
CREATE FUNCTION ledger_erase_v1(p_project uuid, p_body bytea, p_names text[], p_salts bytea[], p_contents bytea[])
RETURNS TABLE (seq bigint, digest bytea)
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    line   jsonb := convert_from(p_body, 'UTF8')::jsonb;
    own    record;
    listed bigint;
    gone   bigint;
BEGIN
    SELECT a.seq, a.digest INTO STRICT own
      FROM ledger_stream_append_v1(p_project, p_project, p_body, p_names, p_salts, p_contents) AS a;
    INSERT INTO ledger_erasure (project_id, stream, seq, name, entry_seq)
    SELECT p_project, i.stream, i.seq, i.name, own.seq
      FROM jsonb_to_recordset(line -> 'erased') AS i (stream uuid, seq bigint, name text)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS listed = ROW_COUNT;
    DELETE FROM ledger_payload p USING ledger_erasure e
     WHERE e.project_id = p_project AND e.entry_seq = own.seq
       AND p.project_id = p_project AND p.stream = e.stream AND p.seq = e.seq AND p.name = e.name;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone <> listed OR gone <> jsonb_array_length(line -> 'erased') THEN
        RAISE EXCEPTION 'not all that is listed is there'
            USING ERRCODE = 'WX001', CONSTRAINT = 'ledger_erase_takes_what_is_there';
    END IF;
    RETURN QUERY SELECT own.seq, own.digest;
END
$$;
REVOKE ALL ON FUNCTION ledger_erase_v1 FROM PUBLIC;
