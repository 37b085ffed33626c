"""What the application's and the sealer's login roles may do, declared per app and granted after every migrate.

An AppConfig that keeps evidence declares `table_rights`, table name -> privileges beyond SELECT
("" for none), and `app_functions`, the SQL functions the application may call. Other apps'
tables are ordinary. `sealer_tables` may be read and `sealer_functions` called by the sealer, and
nothing else. With a single role there is nobody to grant to and nothing happens.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections

EVERYTHING = "INSERT, UPDATE, DELETE"


def grant_rights(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Receiver of `post_migrate`: make the application role's rights those that `sender` declares."""
    app, owner = settings.DATABASE_ROLES["app"], settings.DATABASE_ROLES["owner"]
    if app == owner:
        return
    rights: Mapping[str, str] | None = getattr(sender, "table_rights", None)
    functions: Sequence[str] = getattr(sender, "app_functions", ())
    tables = {model._meta.db_table for model in sender.get_models(include_auto_created=True)}
    undeclared = tables - set(rights) if rights is not None else set()
    if undeclared:
        raise ValueError(f"{sender.label} does not say who may write {sorted(undeclared)}.")
    with connections[using].cursor() as cursor:
        quoted = connections[using].ops.quote_name(app)
        existing = set(connections[using].introspection.table_names(cursor))
        for table in sorted(tables & existing):
            allowed = EVERYTHING if rights is None else rights[table]
            cursor.execute(f'REVOKE ALL ON "{table}" FROM {quoted}')
            cursor.execute(f'GRANT SELECT{", " if allowed else ""}{allowed} ON "{table}" TO {quoted}')
        for function in functions:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {quoted}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA waxell TO {quoted}")
    _grant_sealer(sender, using, existing)


def _grant_sealer(sender: AppConfig, using: str, existing: set[str]) -> None:
    roles = settings.DATABASE_ROLES
    if roles["sealer"] == roles["owner"]:
        return
    quoted = connections[using].ops.quote_name(roles["sealer"])
    with connections[using].cursor() as cursor:
        for table in sorted(set(getattr(sender, "sealer_tables", ())) & existing):
            cursor.execute(f'GRANT SELECT ON "{table}" TO {quoted}')
        for function in getattr(sender, "sealer_functions", ()):
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {quoted}")
