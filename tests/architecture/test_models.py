"""What each model's rows may suffer is written down once, and the database agrees."""

from typing import Final

import pytest
from django.apps import apps
from django.db import connection, models

from tests.architecture.models import CLASSIFIED, CLOSES, ROWS_STAY, Kept

OURS: Final = ("governance", "executions", "ledger", "outbox")
NAMED: Final = {
    model._meta.label: model
    for label in OURS
    for model in apps.get_app_config(label).get_models(include_auto_created=True)
}
PRIVILEGES: Final = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

pytestmark = pytest.mark.django_db


def _table(name: str) -> str:
    return NAMED[name]._meta.db_table


def _held(table: str) -> set[str]:
    """What the application role may do to a table beyond reading, on the whole or on some column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p FROM unnest(%s::text[]) AS p WHERE has_table_privilege(%s, p)"
            " UNION SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE']) AS p WHERE has_any_column_privilege(%s, p)",
            [list(PRIVILEGES), table, table],
        )
        return {name for (name,) in cursor.fetchall()}


def _guards(table: str) -> list[tuple[str, str, bool, bool]]:
    """A table's triggers: name, when enabled, whether for UPDATE and DELETE of rows, whether for TRUNCATE."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled::text, tgtype & 1 = 1 AND tgtype & 24 <> 0, tgtype & 32 <> 0 FROM pg_trigger"
            " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [table],
        )
        return list(cursor.fetchall())


def test_every_model_is_classified() -> None:
    assert {name for name in NAMED if name not in CLASSIFIED} == set(), "say in models.py who may write it"
    assert {name for name in CLASSIFIED if name not in NAMED} == set()


@pytest.mark.parametrize("name", sorted(set(CLASSIFIED) & set(NAMED)))
def test_privileges_are_those_of_the_class(name: str) -> None:
    held = _held(_table(name))

    match CLASSIFIED[name]:
        case Kept.FUNCTION_ONLY:
            assert held == set()
        case Kept.APPEND_ONLY:
            assert held == {"INSERT"}
        case Kept.MUTABLE:
            assert held
            assert not held & {"TRUNCATE", "TRIGGER", "REFERENCES"}


@pytest.mark.parametrize("name", sorted(ROWS_STAY))
def test_rows_that_stay_are_guarded_against_everybody(name: str) -> None:
    guards = _guards(_table(name))

    assert any(rows and enabled == "A" for _, enabled, rows, _ in guards), "no guard for UPDATE and DELETE"
    assert any(whole and enabled == "A" for _, enabled, _, whole in guards), "no guard for TRUNCATE"


@pytest.mark.parametrize("name", sorted(CLOSES))
def test_rows_that_close_are_guarded_against_everybody(name: str) -> None:
    guards = _guards(_table(name))

    assert len([1 for _, enabled, rows, _ in guards if rows and enabled == "A"]) >= 2, "UPDATE and DELETE"
    assert any(whole and enabled == "A" for _, enabled, _, whole in guards)


def test_everything_append_only_is_guarded_by_triggers_too() -> None:
    assert {name for name, kept in CLASSIFIED.items() if kept is Kept.APPEND_ONLY} <= ROWS_STAY


def test_every_guard_is_always_on() -> None:
    """`session_replication_role` must not switch any of them off."""
    tables = [model._meta.db_table for model in NAMED.values()]
    assert [(table, name) for table in tables for name, enabled, _, _ in _guards(table) if enabled != "A"] == []


def test_evidence_is_referred_to_without_loss() -> None:
    """Deleting something must not silently empty or delete what refers to it."""
    allowed = {"Person", "Group", "Permission", "ContentType"}
    silent = [
        f"{model._meta.label}.{field.name}"
        for name, model in NAMED.items()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.on_delete is not models.PROTECT
        and CLASSIFIED.get(name) is not Kept.MUTABLE
        and field.related_model.__name__ not in allowed
    ]
    assert silent == []


def test_doors_run_as_their_owner_on_a_fixed_search_path() -> None:
    """Else a caller's own objects could stand in for ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'waxell'::regnamespace AND prosecdef"
            " AND NOT coalesce(proconfig, '{}') && ARRAY["
            "'search_path=pg_catalog, waxell, pg_temp', 'search_path=pg_catalog, pg_temp']"
        )
        assert cursor.fetchall() == []
