import psycopg
import pytest
from django.db import connection

from tests.plugin.server import TestServer

pytestmark = pytest.mark.django_db


def scalar(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_tests_run_as_the_application_role() -> None:
    assert scalar("select current_user || '/' || session_user") == "waxell_app/waxell_app"


def test_the_application_role_is_a_member_of_nothing() -> None:
    assert (
        scalar(
            "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname like 'waxell_%'"
        )
        == 0
    )


@pytest.mark.parametrize(
    "statement",
    [
        "create table waxell.mine (id int)",
        "create table public.mine (id int)",
        "create temporary table mine (id int)",
        "create schema mine",
        "set role waxell_owner",
        "delete from django_migrations",
        "insert into django_migrations (app, name, applied) values ('x', '0001', now())",
    ],
)
def test_the_database_refuses_the_application_role(statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_application_role_may_not_enter_the_queue(database_server: TestServer) -> None:
    address = database_server.address("app", name="waxell_broker")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(address.conninfo())


def test_every_table_is_in_the_schema_of_waxell() -> None:
    assert scalar("select count(*) from pg_tables where schemaname = 'public'") == 0
    assert scalar("select count(*) > 0 from pg_tables where schemaname = 'waxell'")
