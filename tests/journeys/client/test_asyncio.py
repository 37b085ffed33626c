"""The same in asyncio: tools, holds, stops, cancellation and many at once."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.factories import make_policy, make_tool
from tests.journeys.client.conftest import MakeClient
from tests.journeys.client.test_holding import HOLD_START, Person, hold_mail
from tests.journeys.client.test_stopping import kill
from tests.stack.fixtures import Bench
from waxell_client import Client, Held, NotAdmitted, Refused, Stopped, current_async_execution, governed_tool

pytestmark = pytest.mark.process

NO_MAIL = """
@id("no-mail") @message("Nobody sends mail from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """In an event loop that complains of what was left open."""
    return asyncio.run(work, debug=True)


@governed_tool
async def search(query: str) -> str:
    await asyncio.sleep(0)
    return query.upper()


@governed_tool
def double(number: int) -> int:
    return number * 2


def test_coroutines_and_functions_are_governed(bench: Bench, client: Client) -> None:
    async def work() -> str | None:
        async with client.execution("errand") as ex:
            assert await search("a") == "A"
            assert await ex.tool("search", {"query": "b"})(lambda query: query) == "b"
            # A plain function asks while the loop waits; in a thread the loop goes on.
            assert double(2) == 4
            assert await asyncio.to_thread(double, 3) == 6
            async with ex.tool("report") as act:
                act.output = {"pages": 3}
            assert current_async_execution().id == ex.id
            ex.output = "done"
        return ex.id

    shown = bench.governor.get(f"executions/{run(work())}/")
    assert (shown["state"], shown["counts"]["tool_calls"], shown["counts"]["unresolved"]) == ("completed", 5, 0)


def test_a_coroutine_is_governed_inside_a_blocking_execution(client: Client) -> None:
    with client.execution("errand"):
        assert run(search("a")) == "A"


def test_refusals_and_failures_rise(bench: Bench, client: Client) -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project, NO_MAIL)

    async def fail() -> None:
        raise LookupError("gone")

    async def work() -> None:
        async with client.execution("errand") as ex:
            with pytest.raises(Refused):
                await ex.tool("mail")(fail)
            await ex.tool("search")(fail)

    with pytest.raises(LookupError, match="gone"):
        run(work())
    (row,) = bench.governor.items("executions/")
    assert (row["state"], row["counts"]["unresolved"]) == ("failed", 0)


def test_a_hold_stops_one_task_and_not_the_loop(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    async def work() -> tuple[str, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.05)
                ticks += 1

        async with client.execution("errand") as ex:
            ticking = asyncio.create_task(tick())
            sent = await ex.tool("mail", {"to": "dave"})(lambda to: f"sent to {to}")
            ticking.cancel()
        return sent, ticks

    with Person(bench, "grant"):
        sent, ticks = run(work())
    assert sent == "sent to dave"
    assert ticks > 10


def test_many_tasks_share_one_execution_and_many_executions_one_loop(bench: Bench, client: Client) -> None:
    async def one(number: int) -> list[int]:
        async with client.execution("errand", labels={"n": str(number)}) as ex:
            calls = [ex.tool("double", {"number": n})(lambda number: number * 2) for n in range(4)]
            return await asyncio.gather(*calls)

    async def work() -> list[list[int]]:
        return await asyncio.gather(*(one(number) for number in range(10)))

    assert run(work()) == [[0, 2, 4, 6]] * 10
    rows = bench.governor.items("executions/")
    assert {row["state"] for row in rows} == {"completed"}
    assert sum(row["counts"]["tool_calls"] for row in rows) == 40


def test_a_cancelled_task_closes_its_record(bench: Bench, client: Client) -> None:
    async def work() -> None:
        async with client.execution("errand") as ex:
            await ex.tool("search")(lambda: asyncio.sleep(60))

    async def both() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work(), 1)

    run(both())
    (row,) = bench.governor.items("executions/")
    assert (row["state"], row["counts"]["unresolved"]) == ("failed", 0)


def test_a_stop_is_told_in_the_event_loop(bench: Bench, make_client: MakeClient) -> None:
    threads: list[threading.Thread] = []

    async def work() -> None:
        heard = asyncio.Event()

        def note(stop: Stopped) -> None:
            threads.append(threading.current_thread())
            heard.set()

        client = make_client(heartbeat_seconds=0.2)
        async with client.execution("errand", on_stop=note) as ex:
            await asyncio.to_thread(kill, bench)
            await asyncio.wait_for(heard.wait(), 10)
            ex.check()

    with pytest.raises(Stopped) as stop:
        run(work())
    assert stop.value.code == "killed"
    assert threads == [threading.main_thread()]


def test_admissions_are_held_and_refused(bench: Bench, client: Client) -> None:
    make_policy(bench.project, HOLD_START)

    async def work(**options: Any) -> None:
        async with client.execution("errand", **options):
            pytest.fail("the block ran")

    with pytest.raises(Held):
        run(work(on_hold="raise"))
    with Person(bench, "refuse"), pytest.raises(NotAdmitted):
        run(work())
