-- Where a project asks for two people, no text of a policy comes into force, and none goes out of it, by
-- one person alone. People are counted, never keys: two keys of one person are one person.

-- Who last changed what a draft would decide; its name and description are nobody's text.
CREATE FUNCTION policy_draft_author_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.draft_text IS DISTINCT FROM OLD.draft_text OR NEW.mode IS DISTINCT FROM OLD.mode THEN
        NEW.draft_author_id := NEW.draft_saved_by_id;
    ELSE
        NEW.draft_author_id := OLD.draft_author_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER policy_draft_author BEFORE INSERT OR UPDATE ON governance_policy
    FOR EACH ROW EXECUTE FUNCTION policy_draft_author_v1();
ALTER TABLE governance_policy ENABLE ALWAYS TRIGGER policy_draft_author;

-- A version remembers who wrote it, where it is the draft.
CREATE FUNCTION policy_written_by_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    NEW.written_by_id := (SELECT p.draft_author_id FROM governance_policy p
                           WHERE p.id = NEW.policy_id AND p.draft_text = NEW.text AND p.mode = NEW.mode);
    RETURN NEW;
END
$$;
CREATE TRIGGER policy_written_by BEFORE INSERT ON governance_policyversion
    FOR EACH ROW EXECUTE FUNCTION policy_written_by_v1();
ALTER TABLE governance_policyversion ENABLE ALWAYS TRIGGER policy_written_by;

-- What a new state changes about policies is told by the two manifests, whatever the caller says of it.
CREATE FUNCTION policy_second_person_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, waxell, pg_temp
AS $$
DECLARE
    now_in   jsonb := convert_from(NEW.manifest, 'UTF8')::jsonb -> 'policies';
    was_in   jsonb;
    actor    uuid;
    changed  record;
    behind   bigint;
BEGIN
    IF NOT (SELECT p.four_eyes FROM governance_project p WHERE p.id = NEW.project_id) THEN
        RETURN NULL;
    END IF;
    was_in := coalesce((SELECT convert_from(s.manifest, 'UTF8')::jsonb -> 'policies' FROM governance_governancestate s
                         WHERE s.project_id = NEW.project_id AND s.number = NEW.number - 1), '[]'::jsonb);
    actor := (SELECT (convert_from(e.body, 'UTF8')::jsonb -> 'actor' ->> 'person')::uuid FROM ledger_entry e
               WHERE e.project_id = NEW.project_id AND e.stream = NEW.project_id AND e.seq = NEW.entry_seq);
    FOR changed IN
        SELECT n.slug, n.version, n.digest, n.mode
          FROM jsonb_to_recordset(now_in) AS n(slug text, version int, digest text, mode text)
        EXCEPT
        SELECT w.slug, w.version, w.digest, w.mode
          FROM jsonb_to_recordset(was_in) AS w(slug text, version int, digest text, mode text)
        UNION ALL
        SELECT w.slug, w.version, w.digest, 'retired'
          FROM jsonb_to_recordset(was_in) AS w(slug text, version int, digest text, mode text)
         WHERE NOT EXISTS (SELECT FROM jsonb_to_recordset(now_in) AS n(slug text) WHERE n.slug = w.slug)
    LOOP
        behind := (
            WITH meant AS (
                SELECT p.id FROM governance_policy p WHERE p.project_id = NEW.project_id AND p.slug = changed.slug
            )
            SELECT count(DISTINCT person) FROM (
                SELECT actor
                UNION ALL
                SELECT unnest(ARRAY[v.author_id, v.written_by_id]) FROM governance_policyversion v JOIN meant ON v.policy_id = meant.id
                 WHERE v.number = changed.version AND changed.mode <> 'retired'
                UNION ALL
                SELECT a.person_id FROM governance_policyapproval a JOIN meant ON a.policy_id = meant.id
                 WHERE a.mode = changed.mode AND a.digest = decode(substr(changed.digest, 8), 'hex')
            ) AS people(person)
        );
        IF behind < 2 THEN
            RAISE EXCEPTION 'policy % needs a second person', changed.slug
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'policy_second_person';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION policy_second_person_v1 FROM PUBLIC;
CREATE TRIGGER policy_second_person AFTER INSERT ON governance_governancestate
    FOR EACH ROW EXECUTE FUNCTION policy_second_person_v1();
ALTER TABLE governance_governancestate ENABLE ALWAYS TRIGGER policy_second_person;
