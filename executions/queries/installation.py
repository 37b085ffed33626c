"""The installation around the data: roles, migrations, and the processes that must be alive."""

from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from executions.models import Heartbeat
from waxell.lib.db.calls import call, call_one
from waxell.lib.observing import Finding

SWEEPER_SECONDS: Final = 30
WRITES: Final = "INSERT, UPDATE, DELETE, TRUNCATE"


def findings() -> list[Finding]:
    """Look at everything around the data. Changes nothing."""
    return [look_at_roles(), look_at_migrations(), look_at_sweeper()]


def look_at_roles() -> Finding:
    """Whether the application's login role is unable to write evidence by itself."""
    app, owner = settings.DATABASE_ROLES["app"], settings.DATABASE_ROLES["owner"]
    if app == owner:
        return Finding(
            subject="roles",
            holds=False,
            message="ONE ROLE DOES EVERYTHING: whoever has the application's credential can switch the guards off "
            "and rewrite evidence. Give owner and application login roles of their own.",
        )
    open_tables = [
        row.name
        for row in call(
            "SELECT t.name FROM unnest(%s::text[]) AS t (name) WHERE has_table_privilege(%s, t.name, %s) ORDER BY 1",
            (evidence_tables(), app, WRITES),
        )
    ]
    if open_tables:
        return Finding(
            subject="roles",
            holds=False,
            fails=True,
            message=f"The role {app} may write evidence by itself: {', '.join(open_tables)}. Run migrate again.",
        )
    return Finding(subject="roles", holds=True, message=f"{app} cannot write evidence, {owner} owns it")


def look_at_migrations() -> Finding:
    """Whether the database is as this release expects it."""
    executor = MigrationExecutor(connection)
    missing = [
        f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]
    if missing:
        return Finding(
            subject="migrations", holds=False, fails=True, needed=True, message=f"not applied: {', '.join(missing)}"
        )
    return Finding(subject="migrations", holds=True, needed=True, message="all applied")


def look_at_sweeper() -> Finding:
    """Whether the sweeper has shown life; without it nothing ends by time."""
    row = call_one(
        "SELECT extract(epoch FROM clock_timestamp() - h.seen_at)::float8 AS age"
        "  FROM executions_heartbeat h WHERE h.name = %s",
        (Heartbeat.SWEEPER,),
    )
    if row is None:
        return Finding(
            subject="sweeper",
            holds=False,
            needed=True,
            message="never seen: leases, deadlines and approvals do not end",
        )
    if row.age > SWEEPER_SECONDS:
        return Finding(subject="sweeper", holds=False, needed=True, message=f"last seen {row.age:.0f} seconds ago")
    return Finding(
        subject="sweeper",
        holds=True,
        needed=True,
        message=f"seen {row.age:.0f} seconds ago",
        figures={"age_seconds": round(row.age, 1)},
    )


def evidence_tables() -> list[str]:
    """The tables that SQL functions alone may write, as the apps declare them."""
    declared = (getattr(app, "table_rights", {}) for app in apps.get_app_configs())
    return sorted(table for rights in declared for table, allowed in rights.items() if not allowed)
