"""C7: contents go through one door, leave nothing behind but the entries, and everything still verifies."""

import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections

from executions.queries.bundles.replaying import replay_bundle
from executions.queries.erasable import Choice
from executions.services import erasing
from governance.domain.actors import Actor
from governance.models import Project
from governance.services.recording import record
from tests.factories import make_project, make_tool
from tests.factories.executions import Run, start
from tests.factories.sealing import Seal, bundle_of, check, seal
from tests.plugin.server import TestServer

__all__ = ["seal"]

SECRET = "Zoe's diagnosis is flu"
LISTED = "INSERT INTO ledger_erasure (project_id, stream, seq, name, entry_seq) VALUES (%s, %s, 2, 'args', %s)"
GONE = "DELETE FROM ledger_payload WHERE stream = %s AND seq = 2 AND name = 'args'"


@pytest.fixture
def run(transactional_db: None) -> Run:
    project = make_project()
    make_tool(project, "search", schema={"type": "object", "properties": {"q": {"type": "string"}}})
    run = start(project, input={"text": SECRET}, end_user=SECRET)
    seq = run.ask("search", args={"q": SECRET}).body["seq"]
    run.report(seq, output={"found": SECRET})
    run.close()
    return run


@pytest.fixture
def owner(database_server: TestServer, run: Run) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, who wrote the guards and may do everything but pass them."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(database_server.address("owner", name=name).conninfo(), autocommit=True) as session:
        yield session


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_payload",
        "UPDATE ledger_payload SET content = ''",
        "INSERT INTO ledger_erasure (project_id, stream, seq, name, entry_seq) SELECT project_id, stream, seq, name, 1"
        " FROM ledger_payload",
        "SELECT ledger_erase_v1(gen_random_uuid(), '{}', '{}', '{}', '{}')",
        "UPDATE governance_legalhold SET lifted_at = now()",
        "DELETE FROM governance_legalhold",
    ],
)
def test_the_application_finds_no_other_door(run: Run, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_not_even_the_owner_deletes_what_no_entry_lists(run: Run, owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(GONE, [run.id])
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(LISTED, [run.row.project_id, run.id, 1])


def test_an_entry_that_lists_something_else_frees_nothing(run: Run, owner: psycopg.Connection[Any]) -> None:
    project = run.row.project_id
    entry = record(
        project_id=project,
        actor=Actor(system="test"),
        type="payloads.erased",
        members={"erased": [{"stream": str(run.id), "seq": 1, "name": "input"}]},
    )
    with pytest.raises(psycopg.errors.RestrictViolation) as refused:
        owner.execute(LISTED, [project, run.id, entry.seq])
    assert refused.value.diag.constraint_name == "ledger_erasure_is_an_entry"
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(GONE, [run.id])


def test_what_was_erased_cannot_be_unsaid(run: Run, owner: psycopg.Connection[Any]) -> None:
    erasing.erase(Choice(project_id=run.row.project_id, execution=run.id), actor=Actor(system="test"), reason="asked")

    for statement in ("DELETE FROM ledger_erasure", "UPDATE ledger_erasure SET seq = 9", "TRUNCATE ledger_erasure"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(statement)


def test_the_record_verifies_before_and_after(run: Run, seal: Seal) -> None:
    seal()
    assert check(bundle_of(run.row)).holds
    project: Project = run.row.project

    done = erasing.erase(Choice(project_id=project.pk, execution=run.id), actor=Actor(system="test"), reason="asked")
    seal()
    after = bundle_of(run.row)
    report = check(after)

    assert report.holds
    replayed = list(replay_bundle(io.BytesIO(after)))
    assert [(again.seq, again.replay.outcome, again.replay.detail) for again in replayed if again.seq == 2] == [
        (2, "erased", f"the arguments were erased, by entry {done.entries[0].seq} of the project's governance")
    ]
    by = f"was erased, by entry {done.entries[0].seq} of stream {project.pk}"
    assert [note.message for note in report.notes] == [
        f"the payload {name} {by}" for name in ("input", "args", "result")
    ]
