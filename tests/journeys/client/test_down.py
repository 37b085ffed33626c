"""Waxell away, its answers lost, its web process killed: nothing is done twice, and nothing without a decision."""

import asyncio
import json
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes.test_web_and_database import web_workers
from tests.journeys.client.conftest import MakeClient, RunProgram
from tests.servers.cable import Cable
from tests.stack.fixtures import Bench
from waxell_client import Execution, Unreachable, Usage, deliver_owed, journal

pytestmark = pytest.mark.process


def decided(bench: Bench, ex: Execution) -> int:
    return len(bench.governor.items(f"executions/{ex.id}/actions/")) - 1


def never() -> None:
    pytest.fail("it was done without a decision")


def test_nothing_begins_and_nothing_is_done_while_it_is_away(make_client: MakeClient, cable: Cable) -> None:
    client = make_client(url=cable.url, patience_seconds=0.5)
    with client.execution("errand") as ex:
        cable.cut()
        with pytest.raises(Unreachable, match=r"Waxell gave no answer to POST /executions/.*/actions/, tried"):
            ex.tool("search")(never)
        with pytest.raises(Unreachable), client.execution("other"):
            never()
        cable.mend()
        assert ex.tool("search")(lambda: "found") == "found"


def test_answers_lost_on_the_way_are_asked_for_again_and_happen_once(
    bench: Bench, make_client: MakeClient, cable: Cable
) -> None:
    client = make_client(url=cable.url)
    done: list[int] = []

    def keep(turn: int) -> None:
        done.append(turn)

    cable.lose_answers(2)
    with client.execution("errand") as ex:
        for turn in range(3):
            cable.lose_answers(1)
            # The question's answer is lost; the act is done once.
            ex.tool("search", {"turn": turn})(keep)
            cable.lose_answers(1)
    assert cable.lost == 6
    assert done == [0, 1, 2]
    assert decided(bench, ex) == 3
    assert len(bench.governor.items("executions/")) == 1
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_asyncio_survives_lost_answers_too(bench: Bench, make_client: MakeClient, cable: Cable) -> None:
    client = make_client(url=cable.url)

    async def work() -> str | None:
        async with client.execution("errand") as ex:
            cable.lose_answers(3)
            await asyncio.gather(*(ex.tool("search", {"n": n})(lambda n: n) for n in range(6)))
        return ex.id

    row = bench.governor.get(f"executions/{asyncio.run(work())}/")
    assert (row["state"], row["counts"]["tool_calls"], row["counts"]["unresolved"]) == ("completed", 6, 0)


def test_a_result_that_cannot_be_told_is_owed_and_told_before_the_next_question(
    bench: Bench, make_client: MakeClient, cable: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(url=cable.url, patience_seconds=0.3)
    with client.execution("errand") as ex:

        def act() -> str:
            cable.cut()
            return "precious"

        assert ex.tool("search", usage=Usage(tokens_in=7))(act) == "precious"
        assert "is owed" in caplog.text
        with pytest.raises(Unreachable):
            ex.tool("search")(never)
        cable.mend()
        ex.tool("search")(lambda: None)

    row = bench.governor.get(f"executions/{ex.id}/")
    assert (row["counts"]["unresolved"], row["counts"]["tokens"]) == (0, 7)
    types = [entry["type"] for entry in bench.governor.items(f"executions/{ex.id}/entries/")]
    assert types[1:4] == ["action.decided", "action.resulted", "action.decided"]


def test_a_block_that_cannot_be_closed_says_so(bench: Bench, make_client: MakeClient, cable: Cable) -> None:
    client = make_client(url=cable.url, patience_seconds=0.3)
    with pytest.raises(Unreachable, match="/close/"), client.execution("errand") as ex:
        cable.cut()

    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "running"
    bench.governor.post(f"executions/{ex.id}/cancel/", {"reason": "The test is over."})


def test_a_program_that_prefers_to_go_on_does_so_loudly_and_its_record_says_so(
    bench: Bench, make_client: MakeClient, cable: Cable, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    file = tmp_path / "journal"
    client = make_client(url=cable.url, patience_seconds=1.5, on_unreachable="allow", journal=file)
    done: list[str] = []

    def keep(what: str) -> None:
        done.append(what)

    with client.execution("errand") as ex:
        cable.cut()
        ex.tool("search", {"what": "one"})(keep)
        began_at = time.monotonic()
        ex.tool("search", {"what": "two"})(keep)
        # It is known to be away: the second question does not wait.
        assert time.monotonic() - began_at < 1
        cable.mend()
        ex.tool("search", {"what": "three"})(keep)

    assert done == ["one", "two", "three"]
    warned = [record for record in caplog.records if "UNGOVERNED" in record.message]
    assert [record.levelno for record in warned] == [logging.WARNING] * 2
    assert decided(bench, ex) == 1
    (closing,) = bench.governor.items(f"executions/{ex.id}/entries/")[-1:]
    told = payload(bench, ex.id, closing["seq"], "error")
    assert [(one["kind"], one["resource"]) for one in told["ungoverned"]] == [("tool.call", "search")] * 2
    assert file.read_text().count('"ungoverned":"tool.call"') == 2


def test_a_run_that_began_ungoverned_is_governed_once_waxell_is_back(
    bench: Bench, make_client: MakeClient, cable: Cable
) -> None:
    client = make_client(url=cable.url, patience_seconds=0.3, on_unreachable="allow")
    cable.cut()
    with client.execution("errand") as ex:
        assert ex.id is None
        ex.tool("search")(lambda: None)
        cable.mend()
        ex.tool("search")(lambda: None)
        assert ex.id is not None

    assert decided(bench, ex) == 1
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_web_processes_killed_under_load_cost_retries_and_nothing_else(
    bench: Bench, make_client: MakeClient, tmp_path: Path
) -> None:
    """A7 and I9: every intent in the journal has exactly one effect."""
    file = tmp_path / "journal"
    client = make_client(journal=file, patience_seconds=60)
    until = time.monotonic() + 4

    def agent() -> None:
        while time.monotonic() < until:
            with client.execution("errand") as ex:
                for turn in range(3):
                    ex.tool("search", {"turn": turn})(lambda turn: turn)

    threads = [threading.Thread(target=agent) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.9)
        os.kill(web_workers(bench.stack)[0], signal.SIGKILL)
    for thread in threads:
        thread.join(90)

    assert effects(bench) == receipts(file)


def test_results_owed_by_a_killed_program_are_delivered_by_the_next(
    bench: Bench, run_program: RunProgram, cable: Cable, tmp_path: Path
) -> None:
    file = tmp_path / "journal"
    program = run_program("owing_agent.py", str(file), WAXELL_URL=cable.url)
    execution_id = program.line()
    cable.cut()
    assert program.line() == "owing"
    program.send(signal.SIGKILL)
    program.end()
    (owed,) = [intent for intent in journal.read(file) if intent.status is None]

    sent = deliver_owed(file, bench.stack.ready["url"], bench.scout.key)

    assert [intent.key for intent in sent] == [owed.key]
    assert deliver_owed(file, bench.stack.ready["url"], bench.scout.key) == []
    row = bench.governor.get(f"executions/{execution_id}/")
    assert (row["counts"]["unresolved"], row["counts"]["tokens"]) == (0, 11)
    assert file.stat().st_mode & 0o777 == 0o600
    bench.governor.post(f"executions/{execution_id}/cancel/", {"reason": "The test is over."})
    assert {receipt for receipt in receipts(file) if receipt} <= effects(bench)


def effects(bench: Bench) -> set[tuple[str, int, str]]:
    """Every entry of the project's executions: what the calls of its agent have brought about."""
    from waxell.ledger.models import Entry

    rows = Entry.objects.filter(project_id=bench.project.pk).exclude(stream=bench.project.pk)
    return {(str(entry.stream), entry.seq, f"sha256:{bytes(entry.digest).hex()}") for entry in rows}


def receipts(file: Path) -> set[tuple[str, int, str]]:
    """What the journal's intents were answered: each with an effect, and none with another's."""
    intents = list(journal.read(file))
    found = [(one["stream"], one["seq"], one["digest"]) for intent in intents if (one := intent.receipt)]
    assert len(found) == len(intents) == len(set(found))
    return set(found)


def payload(bench: Bench, execution_id: str | None, seq: int, name: str) -> dict[str, Any]:
    from waxell.ledger.models import Payload

    row = Payload.objects.get(project_id=bench.project.pk, stream=execution_id, seq=seq, name=name)
    found: dict[str, Any] = json.loads(bytes(row.content))
    return found
