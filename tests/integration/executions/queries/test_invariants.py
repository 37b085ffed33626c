"""Each invariant notices what breaks it. The guards that forbid the breaking are lifted by the owner first."""

from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from executions.queries.erasable import Choice
from executions.queries.invariants import INVARIANTS, Part, check_invariants
from executions.services import erasing
from governance.domain.actors import Actor
from governance.models import Project
from tests.factories import make_budget, make_project, make_tool
from tests.factories.executions import Run, start
from tests.plugin.server import TestServer
from waxell.lib.times import parse_time

LEAF = (
    "insert into ledger_leaf (log, index, digest, project_id, stream, seq)"
    " select 1, 7, digest, {} from ledger_entry limit 1"
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def run(project: Project) -> Run:
    """An execution that has ended: one result, one presumption, arguments beside an entry."""
    make_tool(project, "pay", schema={"type": "object", "properties": {"amount": {"type": "integer"}}})
    make_budget(project, unit="usd", limit=1000, default_reservation=100)
    run = start(project)
    run.report(run.ask("pay", args={"amount": 3}).body["seq"], usd_micros=40)
    run.ask("pay", args={"amount": 4})
    run.close()
    return run


@pytest.fixture
def vandal(database_server: TestServer, run: Run) -> Iterator[psycopg.Connection]:
    """The owner with every guard lifted, in a test's own database."""
    name = connections["default"].settings_dict["NAME"]
    tables = ("ledger_entry", "ledger_payload", "executions_execution", "governance_window")
    with psycopg.connect(database_server.address("owner", name=name).conninfo(), autocommit=True) as connection:
        guards = connection.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger"
            " where not tgisinternal and tgrelid = any(%s::regclass[])",
            [list(tables)],
        ).fetchall()
        for table, guard in guards:
            connection.execute(f'alter table {table} disable trigger "{guard}"'.encode())
        yield connection
        for table, guard in guards:
            connection.execute(f'alter table {table} enable always trigger "{guard}"'.encode())


def test_an_honest_database_has_no_violations(run: Run) -> None:
    assert check_invariants() == []


@pytest.mark.parametrize(
    ("invariant", "statement"),
    [
        ("I1", "update governance_window set spent = spent + 1"),
        ("I1", "update governance_reservation set actual = 41 where state = 'settled'"),
        ("I1", "update governance_reservation set amount = 101, actual = 101 where state = 'presumed'"),
        ("I1", "update governance_reservation set budget_version = 2 where state = 'presumed'"),
        ("I1", "delete from governance_reservation where state = 'presumed'"),
        ("I2", "update governance_reservation set reserved_after = 2000 where state = 'presumed'"),
        ("I2", "update governance_reservation set budget_version = 7 where state = 'presumed'"),
        ("I3", "update governance_reservation set state = 'open', ended_at = null, actual = null"),
        ("I3", "update governance_reservation set execution_id = gen_random_uuid() where state = 'presumed'"),
        ("I4", "update ledger_entry set body = body || ' ' where type = 'action.resulted'"),
        ("I4", "update ledger_entry set body = 'spoilt' where type = 'action.resulted'"),
        ("I4", "update ledger_entry set digest = sha256('x') where type = 'action.resulted'"),
        ("I4", "update ledger_entry set verdict = 'deny' where type = 'action.decided'"),
        ("I4", "update ledger_entry set cites = '{policy:x}' where type = 'action.decided'"),
        ("I4", "update ledger_entry set decided_at = decided_at - interval '1 day' where type = 'action.decided'"),
        ("I4", "update ledger_entry set state = null where type = 'action.decided'"),
        ("I4", "update ledger_entry set about = 9 where type = 'action.resulted'"),
        ("I4", "delete from ledger_entry where type = 'action.resulted'"),
        ("I4", "update ledger_payload set content = '{}' where name = 'args'"),
        ("I5", "delete from ledger_entry where type = 'execution.closed'"),
        ("I5", "update executions_execution set state = 'failed'"),
        ("I5", "update executions_execution set state = 'running', ended_at = null"),
        ("I5", "update executions_execution set seq = seq - 1"),
        ("I5", "update executions_execution set head = sha256('x')"),
        ("I5", "delete from executions_execution"),
        ("I6", "delete from ledger_seal_queue where seq = 2"),
        ("I6", "update ledger_seal_queue set digest = sha256('x') where seq = 2"),
        (
            "I6",
            "insert into ledger_seal_queue (project_id, stream, seq, digest)"
            " select project_id, stream, 99, digest from ledger_entry limit 1",
        ),
        ("I6", LEAF.format("project_id, stream, seq")),
        ("I6", LEAF.format("project_id, stream, 99")),
    ],
)
def test_what_breaks_an_invariant_is_named(
    vandal: psycopg.Connection, run: Run, invariant: str, statement: str
) -> None:
    vandal.execute(statement.encode())

    violations = check_invariants()

    assert invariant in {violation.invariant for violation in violations}
    assert all(violation.subject and violation.message for violation in violations)


def test_a_decision_that_does_not_follow_from_its_facts_is_named(vandal: psycopg.Connection, run: Run) -> None:
    vandal.execute(
        "update ledger_entry set body = convert_to(replace(convert_from(body, 'UTF8'),"
        """ '"verdict":"allow"', '"verdict":"deny"'), 'UTF8') where seq = 2 and type = 'action.decided'"""
    )

    (found,) = [violation for violation in check_invariants() if violation.invariant == "I7"]
    assert found.subject == f"execution {run.id} entry 2"
    assert "another decision" in found.message


def test_erased_arguments_are_named_and_are_no_violation(run: Run, project: Project) -> None:
    choice = Choice(project_id=project.pk, execution=run.id, payload="args")
    done = erasing.erase(choice, actor=Actor(system="test"), reason="asked for")

    (replayed,) = [one for one in INVARIANTS if one.code == "I7"]
    examination = replayed.examine(Part())

    assert check_invariants() == []
    assert (examination.checked, examination.violations) == (3, ())
    by = f"the arguments were erased, by entry {done.entries[0].seq} of the project's governance"
    assert examination.notes == tuple(f"execution {run.id} entry {seq} cannot be derived again: {by}" for seq in (2, 4))


def test_arguments_that_went_without_an_entry_are_missing(vandal: psycopg.Connection, run: Run) -> None:
    vandal.execute("delete from ledger_payload where name = 'args' and seq = 2")

    assert {(found.invariant, found.message) for found in check_invariants()} == {
        ("I4", "the payload args is missing, and no entry says that it was erased"),
        ("I7", "the arguments are missing, and no entry says that they were erased"),
    }


def test_only_the_part_asked_for_is_examined(vandal: psycopg.Connection, run: Run, project: Project) -> None:
    vandal.execute("update executions_execution set state = 'failed'")
    other = make_project()

    assert check_invariants(Part(project_id=other.pk)) == []
    assert check_invariants(Part(since=parse_time("2099-01-01T00:00:00Z"))) == []
    assert len(check_invariants(Part(project_id=project.pk, since=parse_time("2020-01-01T00:00:00Z")))) == 1


def test_doctor_says_that_all_is_well(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor", no_color=True)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        *(["ok", invariant.code] for invariant in INVARIANTS),
        ["ok", "roles"],
        ["ok", "migrations"],
        ["WARN", "sweeper"],
    ]
    assert "1 executions, 0 violations" in lines[4]


def test_doctor_ends_with_one_and_names_what_is_wrong(
    vandal: psycopg.Connection, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    vandal.execute("update governance_window set spent = spent + 1")

    with pytest.raises(CommandError) as failed:
        call_command("doctor", no_color=True)

    assert failed.value.returncode == 1
    out = capsys.readouterr().out
    assert "FAIL  I1" in out
    assert "spent is 141 and its reservations add up to 140" in out


def test_doctor_fails_where_the_application_may_write_evidence(
    vandal: psycopg.Connection, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    vandal.execute("grant delete on ledger_entry to waxell_app")
    try:
        with pytest.raises(CommandError):
            call_command("doctor", no_color=True)
    finally:
        vandal.execute("revoke delete on ledger_entry from waxell_app")

    assert "may write evidence by itself: ledger_entry" in capsys.readouterr().out


def test_doctor_warns_of_a_single_role(run: Run, settings: object, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DATABASE_ROLES = dict.fromkeys(("app", "owner", "sealer"), "waxell_app")  # type: ignore[attr-defined]

    call_command("doctor", no_color=True)

    assert "WARN  roles ONE ROLE DOES EVERYTHING" in capsys.readouterr().out
