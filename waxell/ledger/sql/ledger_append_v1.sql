-- The one door into ledger_entry. Callers are the functions that own a stream's head: they hold its
-- row lock and pass the sequence and digest before. EXECUTE is granted to nobody.

CREATE FUNCTION ledger_append_v1(
    p_project uuid,
    p_stream  uuid,
    p_seq     bigint,   -- the sequence this entry must have
    p_prev    bytea,    -- digest of entry p_seq - 1, NULL at 1
    p_body    bytea     -- canonical JSON
) RETURNS bytea         -- the entry's digest
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    line jsonb := convert_from(p_body, 'UTF8')::jsonb;
    own  bytea := sha256(p_body);
BEGIN
    IF (line ->> 'stream')::uuid IS DISTINCT FROM p_stream
       OR (line ->> 'project')::uuid IS DISTINCT FROM p_project
       OR (line ->> 'seq')::bigint IS DISTINCT FROM p_seq
       OR line ->> 'prev' IS DISTINCT FROM 'sha256:' || encode(p_prev, 'hex')
    THEN
        RAISE EXCEPTION 'entry does not follow the head of its stream'
            USING ERRCODE = 'WX001', CONSTRAINT = 'ledger_entry_follows_head';
    END IF;
    INSERT INTO ledger_entry (project_id, stream, seq, digest, body, type, verdict, state,
                              about, cites, decided_at)
    VALUES (p_project, p_stream, p_seq, own, p_body, line ->> 'type',
            line -> 'decision' ->> 'verdict',
            decode(substr(line ->> 'state', 8), 'hex'),
            (line ->> 'about')::bigint,
            (SELECT array_agg(DISTINCT cite)
               FROM jsonb_array_elements(line -> 'decision' -> 'reasons') AS reason
               CROSS JOIN LATERAL (VALUES ('policy:' || (reason ->> 'policy')),
                                          ('rule:' || (reason ->> 'policy') || '/' || (reason ->> 'rule')),
                                          ('budget:' || (reason ->> 'budget'))) AS named (cite)
              WHERE cite IS NOT NULL),
            (line ->> 'at')::timestamptz);
    INSERT INTO ledger_seal_queue (project_id, stream, seq, digest)
    VALUES (p_project, p_stream, p_seq, own);
    RETURN own;
END
$$;
REVOKE ALL ON FUNCTION ledger_append_v1 FROM PUBLIC;
