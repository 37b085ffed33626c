"""C1: every way in which Django writes, tried on every model that holds evidence."""

import io
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.db import DatabaseError, models, transaction
from django.db.models import F, ProtectedError, RestrictedError

from governance.models import ApiKey, Budget, Policy, Project
from tests.architecture.models import CLASSIFIED, SEALERS, Kept
from tests.faults.evidence.conftest import World, fingerprint

GUARDED: Final = sorted(name for name, kept in CLASSIFIED.items() if kept is not Kept.MUTABLE and name not in SEALERS)

type Row = models.Model


def _objects(row: Row) -> Any:
    return type(row)._default_manager


def _same(row: Row) -> Any:
    return _objects(row).filter(pk=row.pk)


def _field(row: Row) -> str:
    """A field that is not the key."""
    return next(field.name for field in row._meta.concrete_fields if not field.primary_key)


def _values(row: Row) -> dict[str, Any]:
    """All columns but those that the database or the model makes itself."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _load(row: Row) -> None:
    fixture = io.StringIO(serializers.serialize("json", [row]))
    for item in serializers.deserialize("json", fixture.read()):
        item.save()


def _bulk_update(row: Row) -> None:
    _objects(row).bulk_update([row], [_field(row)])


CHANGES: Final[dict[str, Callable[[Row], object]]] = {
    "save": lambda row: row.save(),
    "save update_fields": lambda row: row.save(update_fields=[_field(row)]),
    "force_update": lambda row: row.save(force_update=True),
    "delete": lambda row: row.delete(),
    "QuerySet.update": lambda row: _same(row).update(**{_field(row): getattr(row, _field(row))}),
    "QuerySet.update with F": lambda row: _same(row).update(**{_field(row): F(_field(row))}),
    "QuerySet.delete": lambda row: _same(row).delete(),
    "QuerySet._raw_delete": lambda row: _same(row)._raw_delete("default"),
    "bulk_update": _bulk_update,
    "update_or_create": lambda row: _objects(row).update_or_create(pk=row.pk, defaults=_values(row)),
    "bulk_create update_conflicts": lambda row: _objects(row).bulk_create(
        [row], update_conflicts=True, unique_fields=[row._meta.pk.name], update_fields=[_field(row)]
    ),
    "select_for_update": lambda row: list(_same(row).select_for_update()),
    "deserialize": _load,
    "asave": lambda row: async_to_sync(row.asave)(),
    "adelete": lambda row: async_to_sync(row.adelete)(),
    "aupdate": lambda row: async_to_sync(_same(row).aupdate)(**{_field(row): F(_field(row))}),
    "raw": lambda row: list(
        _objects(row).raw(f'UPDATE "{row._meta.db_table}" SET {_column(row)} = {_column(row)} RETURNING *')  # noqa: S608
    ),
}
ADDITIONS: Final[dict[str, Callable[[Row], object]]] = {
    "create": lambda row: _objects(row).create(**_values(row)),
    "force_insert": lambda row: row.save(force_insert=True),
    "bulk_create": lambda row: _objects(row).bulk_create([row]),
    "bulk_create ignore_conflicts": lambda row: _objects(row).bulk_create([row], ignore_conflicts=True),
}


def _column(row: Row) -> str:
    return f'"{row._meta.get_field(_field(row)).column}"'


@pytest.mark.parametrize("name", GUARDED)
def test_no_way_of_writing_changes_evidence(world: World, name: str, tmp_path: Any) -> None:
    model = apps.get_model(name)
    row = model._default_manager.order_by("pk").first()
    assert row is not None, f"the world has no {name} to attack"
    fixture = tmp_path / "stolen.json"
    fixture.write_text(serializers.serialize("json", [row]))
    ways = CHANGES | {"loaddata": lambda row: call_command("loaddata", str(fixture), verbosity=0)}
    if CLASSIFIED[name] is Kept.FUNCTION_ONLY:
        ways |= ADDITIONS
    before = fingerprint(model._meta.db_table)

    accepted = [way for way, act in ways.items() if not _refused(act, model._default_manager.get(pk=row.pk))]

    assert accepted == []
    assert json.loads(fixture.read_text())
    assert fingerprint(model._meta.db_table) == before


@pytest.mark.parametrize("model", [Project, Policy, Budget, ApiKey])
def test_nothing_that_evidence_refers_to_is_deleted(world: World, model: type[models.Model]) -> None:
    row = model._default_manager.filter().first()
    assert row is not None

    assert _refused(lambda row: row.delete(), row)
    assert _refused(lambda row: _same(row).delete(), row)
    assert _refused(lambda row: _same(row)._raw_delete("default"), row)


@pytest.mark.parametrize("field", ["revoked_at", "expires_at", "scopes", "agent_id", "accountable_id", "secret_digest"])
def test_a_key_is_what_it_was_issued_as(world: World, field: str) -> None:
    key = ApiKey.objects.filter(agent__isnull=False).first()
    assert key is not None

    assert _refused(lambda row: _same(row).update(**{field: F(field)}), key)
    assert _refused(lambda row: row.save(update_fields=[field.removesuffix("_id")]), key)


def _refused(act: Callable[[Any], object], row: Row) -> bool:
    try:
        with transaction.atomic():
            act(row)
    except (DatabaseError, ProtectedError, RestrictedError):
        return True
    return False
