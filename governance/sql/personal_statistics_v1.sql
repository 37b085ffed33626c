-- The planner's statistics are copies of values, and an erasure does not reach them: keep none of names
-- of end users, nor of answers and digests that an erasure overwrites. What an ANALYZE took before is
-- forgotten where PostgreSQL can (18 and newer).
ALTER TABLE governance_enduser ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE governance_storedanswer ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN body_digest SET STATISTICS 0;
ALTER TABLE governance_approval ALTER COLUMN args_digest SET STATISTICS 0;
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 180000 THEN
        PERFORM pg_clear_attribute_stats(current_schema(), kept.relation, kept.name, false)
           FROM (VALUES ('governance_enduser', 'name'), ('governance_storedanswer', 'body'),
                        ('governance_storedanswer', 'body_digest'), ('governance_approval', 'args_digest'))
             AS kept (relation, name);
    END IF;
END
$$;
