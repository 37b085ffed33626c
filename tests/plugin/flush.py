"""Emptying the database after a `transaction=True` test, which the application role itself may not do.

One transaction as the owner switches off the TRUNCATE guards of the tables concerned, and only those.
What migrations put into tables stays: those tables are noted before the first test.
"""

import psycopg
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql

from tests.plugin.server import TestServer

TABLES = """
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'waxell' and c.relkind in ('r', 'p') and not c.relispartition
"""
# TRUNCATE ... CASCADE also empties what refers to these tables, and fires the guards there.
GUARDS = """
    with recursive reached(oid) as (
        select unnest(%s::text[]::regclass[]::oid[])
        union
        select f.conrelid from pg_constraint f join reached r on f.confrelid = r.oid where f.contype = 'f'
    ), whole(oid) as (
        select oid from reached union select i.inhrelid from pg_inherits i join reached r on i.inhparent = r.oid
    )
    select t.tgrelid::regclass::text, t.tgname, t.tgenabled
    from pg_trigger t join whole w on w.oid = t.tgrelid
    where not t.tgisinternal and t.tgtype & 32 <> 0
"""

_seeded: set[str] = set()


def note_seeded(server: TestServer) -> None:
    """Remember which tables migrations filled."""
    with _owner(server) as connection:
        _seeded.update(_filled(connection))


def empty(server: TestServer) -> None:
    """Remove every row that tests wrote."""
    connections.close_all()
    with _owner(server) as connection:
        tables = [table for table in _filled(connection) if table not in _seeded]
        if not tables:
            return
        connection.execute("set local lock_timeout = '10s'")
        guards = connection.execute(GUARDS, [tables]).fetchall()
        for table, guard, _ in guards:
            connection.execute(
                sql.SQL("alter table {} disable trigger {}").format(sql.SQL(table), sql.Identifier(guard))
            )
        connection.execute(sql.SQL("truncate {} cascade").format(sql.SQL(", ").join(map(sql.SQL, tables))))
        for table, guard, enabled in guards:
            how = sql.SQL("enable always trigger" if enabled == "A" else "enable trigger")
            connection.execute(sql.SQL("alter table {} {} {}").format(sql.SQL(table), how, sql.Identifier(guard)))


def replace(server: TestServer) -> None:
    """Take the place of Django's flush, which is a TRUNCATE as the role under test."""

    def fixture_teardown(case: TransactionTestCase) -> None:
        empty(server)

    TransactionTestCase._fixture_teardown = fixture_teardown


def _owner(server: TestServer) -> psycopg.Connection:
    name = connections["default"].settings_dict["NAME"]
    return psycopg.connect(server.address("owner", name=name).conninfo())


def _filled(connection: psycopg.Connection) -> list[str]:
    tables = [row[0] for row in connection.execute(TABLES)]
    if not tables:
        return []
    question = sql.SQL(" union all ").join(
        sql.SQL("select {} where exists (select from {})").format(sql.Literal(table), sql.SQL(table))
        for table in tables
    )
    return [row[0] for row in connection.execute(question)]
