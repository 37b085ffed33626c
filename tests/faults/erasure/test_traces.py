"""C7: after an erasure neither content nor salt, nor a digest to try guesses on, is anywhere in the database."""

import hashlib
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from executions.domain.wanted import CloseWanted
from executions.queries.invariants import check_invariants
from executions.services import approvals, erasing, lifecycle
from executions.services.appending import ExecutionClosed
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.requests import retry_of
from governance.models import Approval, EndUser, Membership, Project, StoredAnswer
from governance.services import rights
from tests.factories import make_person, make_policy, make_project, make_tool
from tests.factories.addresses import HOLD
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of
from tests.outbox import make_destination
from tests.plugin.server import TestServer
from tests.sealing.fixtures import ground
from tests.sealing.ground import Ground
from waxell.ledger.models import Payload
from waxell.local.cluster import programs
from waxell.outbox.models import Message
from waxell.outbox.services import dispatching

__all__ = ["ground"]

SECRET = "Zoe's diagnosis is flu"
SAID: dict[str, Any] = {"text": SECRET}


@pytest.fixture
def project(ground: Ground) -> Project:
    """Zoe was spoken of everywhere where anything can be said, and everybody was told what they asked for."""
    made = make_project()
    make_destination(made, "https://hooks.invalid/waxell")
    make_tool(made, "search")
    make_tool(made, "mail")
    make_policy(made, HOLD)
    _work(made).close()
    _fail(_work(made))
    _cancel(_ask_first(_work(made)))
    ground.seal()
    while dispatching.dispatch_sealed():
        pass
    assert Message.objects.exists()
    return made


@pytest.fixture
def superuser(database_server: TestServer, project: Project) -> Iterator[psycopg.Connection[Any]]:
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(database_server.cluster.superuser(name).conninfo(), autocommit=True) as session:
        yield session


def test_no_content_no_salt_and_no_digest_is_left(
    database_server: TestServer, project: Project, superuser: psycopg.Connection[Any]
) -> None:
    superuser.execute("ANALYZE")
    traces = _traces(project)
    assert _left(database_server, superuser, traces) == traces
    plain = _plain_digests(project)
    zoe = EndUser.objects.get(project=project)

    done = erasing.erase_end_user(project_id=project.pk, end_user=zoe.pk, actor=Actor(system="test"), reason="asked")

    assert done.waiting == ()
    assert _left(database_server, superuser, traces | plain) == set()
    assert check_invariants() == []


def test_the_planner_keeps_no_copies(project: Project, superuser: psycopg.Connection[Any]) -> None:
    """Statistics hold values of the columns they describe: of these there must be none."""
    superuser.execute("ANALYZE")

    columns = {
        (table, column)
        for table, column in superuser.execute(
            "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'waxell'"
        ).fetchall()
    }
    assert ("ledger_payload", "stream") in columns
    assert columns.isdisjoint(
        {
            ("ledger_payload", "content"),
            ("ledger_payload", "salt"),
            ("governance_enduser", "name"),
            ("governance_storedanswer", "body"),
            ("governance_storedanswer", "body_digest"),
            ("governance_approval", "args_digest"),
        }
    )


def _work(project: Project) -> Run:
    """An execution for Zoe with input, arguments and a result, asked for with keys for retries."""
    run = start(project, input=SAID, end_user=SECRET, retry=_retry("/start/"))
    asked = run.ask("search", args=SAID, retry=_retry(f"/{run.id}/"))
    run.report(asked.body["seq"], output=SAID)
    run.ask("search", args=SAID)
    return run


def _retry(path: str) -> Any:
    return retry_of(caller=make_person().pk.hex, path=path, key="once", body=SAID)


def _fail(run: Run) -> None:
    """Fails, with an error that tells; then the result of an open action comes."""
    wanted = CloseWanted(fence=run.fence, outcome="failed", output=SAID, error=SAID)
    lifecycle.close_execution(caller=run.caller, execution_id=run.id, wanted=wanted)
    with pytest.raises(ExecutionClosed):
        run.report(4, output=SAID)


def _ask_first(run: Run) -> Run:
    """A held call that a person grants, with a comment."""
    run.ask("mail", args=SAID)
    voter = make_person()
    project = run.row.project
    rights.grant_role(
        project=project, person=voter, role=Membership.Role.APPROVER, actor=Actor(person=owner_of(project).pk)
    )
    approvals.decide_approval(
        approval_id=Approval.objects.get(execution_id=run.id).pk,
        caller=Caller(project_id=project.pk, person_id=voter.pk),
        person_id=voter.pk,
        decision="grant",
        comment=SECRET,
    )
    return run


def _cancel(run: Run) -> None:
    caller = Caller(project_id=run.row.project_id, person_id=owner_of(run.row.project).pk)
    lifecycle.cancel_execution(caller=caller, execution_id=run.id, reason=SECRET)


def _traces(project: Project) -> set[str]:
    """What must not be found: contents as text and as bytes, salts, and digests that a guess could be tried on."""
    payloads = list(Payload.objects.filter(project_id=project.pk).exclude(stream=project.pk))
    assert {row.name for row in payloads} == {"input", "args", "result", "output", "error", "comment", "reason"}
    contents = {bytes(row.content) for row in payloads}
    calls = {bytes(row.args_digest).hex() for row in Approval.objects.filter(project=project)}
    answers = StoredAnswer.objects.exclude(execution_id=None)
    requests = {bytes(row.body_digest).hex() for row in answers}
    assert calls
    assert requests
    salts = {bytes(row.salt).hex() for row in payloads}
    assert len(salts) == len(payloads)
    return {SECRET, SECRET.encode().hex(), *(content.hex() for content in contents), *salts, *calls, *requests}


def _plain_digests(project: Project) -> set[str]:
    rows = Payload.objects.filter(project_id=project.pk).exclude(stream=project.pk)
    return {hashlib.sha256(bytes(row.content)).hexdigest() for row in rows}


def _left(server: TestServer, superuser: psycopg.Connection[Any], traces: set[str]) -> set[str]:
    """Which traces a whole dump of the database or the planner's statistics hold."""
    address = server.cluster.superuser(superuser.info.dbname)
    command = [str(programs() / "pg_dump"), "--dbname", address.conninfo()]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = superuser.execute("SELECT s::text FROM pg_stats s WHERE schemaname = 'waxell'").fetchall()
    everything = dump + "\n".join(row for (row,) in rows)
    return {trace for trace in traces if trace in everything}
