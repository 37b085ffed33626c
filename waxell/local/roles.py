"""Who may log in: four roles that share nothing, each with as little as its process needs.

`waxell_owner` owns the tables and is used by migrations only; `waxell_app` serves and works; `waxell_sealer` seals;
`waxell_broker` owns the queue's own database. None is a member of another: `SET ROLE` leads nowhere.
What they may do to tables is granted by migrations and by `waxell.lib.db.grants`.
"""

import psycopg
from psycopg import sql

from waxell.lib.database_url import DatabaseAddress

ROLES = {"owner": "waxell_owner", "app": "waxell_app", "sealer": "waxell_sealer", "broker": "waxell_broker"}
DATABASE = "waxell"
BROKER_DATABASE = "waxell_broker"


def ensure(superuser: DatabaseAddress, *, passwords: dict[str, str], creates_databases: bool = False) -> None:
    """Make or repair the roles and their two databases; running it again changes nothing.

    `creates_databases` lets the owner make test databases.
    """
    with psycopg.connect(superuser.conninfo(), autocommit=True) as connection:
        for role, name in ROLES.items():
            _ensure_role(connection, name, passwords[role], creates_databases and role == "owner")
        _ensure_database(connection, DATABASE, ROLES["owner"], guests=(ROLES["app"], ROLES["sealer"]))
        _ensure_database(connection, BROKER_DATABASE, ROLES["broker"], guests=())


def _ensure_role(connection: psycopg.Connection, name: str, password: str, creates_databases: bool) -> None:
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
    verb = sql.SQL("alter" if exists else "create")
    connection.execute(
        sql.SQL(
            "{} role {} with login noinherit nosuperuser nocreaterole noreplication nobypassrls {} password {}"
        ).format(
            verb,
            sql.Identifier(name),
            sql.SQL("createdb" if creates_databases else "nocreatedb"),
            sql.Literal(password),
        )
    )
    connection.execute(sql.SQL("alter role {} set search_path = waxell, public").format(sql.Identifier(name)))


def _ensure_database(connection: psycopg.Connection, name: str, owner: str, guests: tuple[str, ...]) -> None:
    if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner)))
    connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
    for guest in guests:
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(name), sql.Identifier(guest))
        )
