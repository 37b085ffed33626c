-- The planner's statistics are copies of values, and an erasure does not reach them: keep none of
-- contents and salts. What an ANALYZE took before is forgotten where PostgreSQL can (18 and newer).
ALTER TABLE ledger_payload ALTER COLUMN content SET STATISTICS 0, ALTER COLUMN salt SET STATISTICS 0;
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 180000 THEN
        PERFORM pg_clear_attribute_stats(current_schema(), 'ledger_payload', name, false)
           FROM unnest(ARRAY['content', 'salt']) AS name;
    END IF;
END
$$;
