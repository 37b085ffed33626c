-- As ledger_append_v1, for callers that have read the entry already, and with one statement for both
-- tables. EXECUTE is granted to nobody.

CREATE FUNCTION ledger_append_v2(
    p_project uuid,
    p_stream  uuid,
    p_seq     bigint,   -- the sequence this entry must have
    p_prev    bytea,    -- digest of entry p_seq - 1, NULL at 1
    p_body    bytea,    -- canonical JSON
    p_line    jsonb     -- the same, read
) RETURNS bytea         -- the entry's digest
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    own bytea := sha256(p_body);
BEGIN
    IF (p_line ->> 'stream')::uuid IS DISTINCT FROM p_stream
       OR (p_line ->> 'project')::uuid IS DISTINCT FROM p_project
       OR (p_line ->> 'seq')::bigint IS DISTINCT FROM p_seq
       OR p_line ->> 'prev' IS DISTINCT FROM 'sha256:' || encode(p_prev, 'hex')
    THEN
        RAISE EXCEPTION 'entry does not follow the head of its stream'
            USING ERRCODE = 'WX001', CONSTRAINT = 'ledger_entry_follows_head';
    END IF;
    WITH entry AS (
        INSERT INTO ledger_entry (project_id, stream, seq, digest, body, type, verdict, state,
                                  about, cites, decided_at)
        VALUES (p_project, p_stream, p_seq, own, p_body, p_line ->> 'type',
                p_line #>> '{decision,verdict}',
                decode(substr(p_line ->> 'state', 8), 'hex'),
                (p_line ->> 'about')::bigint,
                CASE WHEN p_line #> '{decision,reasons}' <> '[]' THEN
                    (SELECT array_agg(DISTINCT cite)
                       FROM jsonb_array_elements(p_line #> '{decision,reasons}') AS reason
                       CROSS JOIN LATERAL (VALUES ('policy:' || (reason ->> 'policy')),
                                                  ('rule:' || (reason ->> 'policy') || '/' || (reason ->> 'rule')),
                                                  ('budget:' || (reason ->> 'budget'))) AS named (cite)
                      WHERE cite IS NOT NULL)
                END,
                (p_line ->> 'at')::timestamptz)
    )
    INSERT INTO ledger_seal_queue (project_id, stream, seq, digest)
    VALUES (p_project, p_stream, p_seq, own);
    RETURN own;
END
$$;
REVOKE ALL ON FUNCTION ledger_append_v2 FROM PUBLIC;
