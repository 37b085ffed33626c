"""Rights that hold for a whole database, set around every `migrate`, so that test databases have them too."""

from typing import Any

from django.conf import settings
from django.db import connections
from psycopg import sql

SCHEMA = "waxell"


def prepare_schema(*, using: str, **signal: Any) -> None:
    """Before migrating: the schema, what nobody may do, and what new tables grant to the app role."""
    roles = settings.DATABASE_ROLES
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(SCHEMA)))
        # One role for everything: there is nobody to take rights from or to give them to.
        if roles["owner"] == roles["app"]:
            return
        names = {
            "database": sql.Identifier(connection.settings_dict["NAME"]),
            "schema": sql.Identifier(SCHEMA),
            "app": sql.Identifier(roles["app"]),
        }
        for statement in (
            "revoke create, temporary on database {database} from public",
            "revoke all on schema {schema} from public",
            "revoke all on schema public from public",
            "grant usage on schema {schema} to {app}",
            "alter default privileges revoke execute on functions from public",
            "alter default privileges in schema {schema} grant select, insert, update, delete on tables to {app}",
            "alter default privileges in schema {schema} grant usage, select on sequences to {app}",
        ):
            cursor.execute(sql.SQL(statement).format(**names))
        for guest in {roles["app"], roles["sealer"]} - {roles["owner"]}:
            cursor.execute(
                sql.SQL("grant connect on database {} to {}").format(names["database"], sql.Identifier(guest))
            )
            cursor.execute(sql.SQL("grant usage on schema {} to {}").format(names["schema"], sql.Identifier(guest)))


def protect_history(*, using: str, **signal: Any) -> None:
    """After migrating: the app role may read which migrations ran, and not rewrite it."""
    roles = settings.DATABASE_ROLES
    if roles["owner"] == roles["app"]:
        return
    with connections[using].cursor() as cursor:
        cursor.execute("select to_regclass('waxell.django_migrations')")
        if cursor.fetchone()[0] is not None:
            cursor.execute(
                sql.SQL("revoke insert, update, delete on waxell.django_migrations from {}").format(
                    sql.Identifier(roles["app"])
                )
            )
