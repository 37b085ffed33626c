-- The same refusal as before; PostgreSQL now looks itself whether there is anything to refuse, and
-- calls the function only then.
DROP TRIGGER window_within_limit ON governance_window;
CREATE TRIGGER window_within_limit BEFORE UPDATE ON governance_window
    FOR EACH ROW WHEN (NEW.reserved > OLD.reserved
                       AND NEW.reserved + NEW.spent - NEW.overrun > NEW.limit_now + NEW.extra)
    EXECUTE FUNCTION window_guard_v1();
ALTER TABLE governance_window ENABLE ALWAYS TRIGGER window_within_limit;
