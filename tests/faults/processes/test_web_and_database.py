"""A7, A8: a web process killed, PostgreSQL stopped at once, under load: acknowledged is kept, retried is done once."""

import os
import signal
import time

import pytest

from tests.faults.processes.load import Journal, Load
from tests.process.local_run import command_of, parent_of
from tests.stack.fixtures import Bench
from tests.stack.running import Stack, wait_until

pytestmark = pytest.mark.process


def web_workers(stack: Stack) -> list[int]:
    """The processes that answer requests: at least one, for a killed one is replaced only after a moment."""

    def look() -> list[int]:
        master, *others = stack.processes("web")
        return [
            process.pid
            for process in others
            if parent_of(process) == master.pid and "resource_tracker" not in command_of(process)
        ]

    return wait_until(look, 20)


def check_kept_once(bench: Bench, journal: Journal) -> None:
    """I9: every acknowledged entry is there with its digest, and there is none that nobody asked for."""
    from executions.models import Execution
    from waxell.ledger.models import Entry

    assert journal.unexpected == []
    rows = Entry.objects.filter(project_id=bench.project.pk).exclude(stream=bench.project.pk)
    kept = {(str(entry.stream), entry.seq): f"sha256:{bytes(entry.digest).hex()}" for entry in rows}
    acknowledged = {(receipt["stream"], receipt["seq"]): receipt["digest"] for receipt in journal.receipts}
    assert len(acknowledged) == len(journal.receipts)
    assert acknowledged == kept
    executions = Execution.objects.filter(project_id=bench.project.pk)
    assert sorted(journal.executions) == sorted(str(row.id) for row in executions)
    assert {row.state for row in executions} == {"completed"}


def test_a_killed_web_process_costs_retries_and_nothing_else(bench: Bench) -> None:
    with Load(bench.scout) as load:
        for _ in range(3):
            time.sleep(0.8)
            os.kill(web_workers(bench.stack)[0], signal.SIGKILL)
        time.sleep(1)
    bench.stack.wait_until_answering()

    journal = load.gather()
    assert load.failures == []
    assert journal.cut >= 1
    check_kept_once(bench, journal)


@pytest.mark.breaks_database
def test_postgresql_stopped_at_once_loses_nothing_acknowledged(bench: Bench) -> None:
    with Load(bench.scout) as load:
        for _ in range(6):
            time.sleep(1)
            bench.stack.stop_database()
        time.sleep(1.5)
    bench.stack.wait_until_answering()

    journal = load.gather()
    assert load.failures == []
    assert journal.unavailable
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in journal.unavailable)
    assert {answer.json()["code"] for answer in journal.unavailable} == {"unavailable"}
    # This process' own connections died with the server.
    from django.db import connections

    connections.close_all()
    check_kept_once(bench, journal)
