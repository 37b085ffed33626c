-- Whatever updates a window: `reserved` never grows past the limit of the version it cites.

CREATE FUNCTION window_guard_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, waxell, pg_temp
AS $$
BEGIN
    IF NEW.reserved + NEW.spent - NEW.overrun > NEW.limit_now + NEW.extra THEN
        RAISE EXCEPTION 'reservation exceeds the limit of its window'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'window_within_limit';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION window_guard_v1 FROM PUBLIC;

CREATE TRIGGER window_within_limit BEFORE UPDATE ON governance_window
    FOR EACH ROW WHEN (NEW.reserved > OLD.reserved) EXECUTE FUNCTION window_guard_v1();
ALTER TABLE governance_window ENABLE ALWAYS TRIGGER window_within_limit;
CREATE TRIGGER window_starts_within_limit BEFORE INSERT ON governance_window
    FOR EACH ROW WHEN (NEW.reserved > 0) EXECUTE FUNCTION window_guard_v1();
ALTER TABLE governance_window ENABLE ALWAYS TRIGGER window_starts_within_limit;

ALTER TABLE governance_window SET (fillfactor = 40);
ALTER TABLE governance_reservation SET (fillfactor = 80);
