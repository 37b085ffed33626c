"""Stops arrive in mid-run: by the next question, by a heartbeat, at the end of the block."""

import threading
import time

import pytest

from tests.factories import make_policy
from tests.journeys.client.conftest import MakeClient
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until
from waxell_client import Client, Refused, Stopped

pytestmark = pytest.mark.process

NO_SEARCH = """
@id("no-search") @message("Searching is over.") @effect("{effect}")
forbid (principal, action in Action::"tool.call", resource);
"""


def kill(bench: Bench) -> None:
    bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "It loops."}, expect=201)


def test_a_policy_published_meanwhile_refuses_the_next_action(bench: Bench, client: Client) -> None:
    with client.execution("errand") as ex:
        ex.tool("search")(lambda: None)
        make_policy(bench.project, NO_SEARCH.format(effect="deny"))
        with pytest.raises(Refused, match=r"Searching is over\."):
            ex.tool("search")(lambda: None)


def test_a_policy_that_halts_ends_the_execution_and_says_why(bench: Bench, client: Client) -> None:
    with (
        pytest.raises(Stopped, match=r"is over \(halted\): Searching is over\.") as stop,
        client.execution("errand") as ex,
    ):
        make_policy(bench.project, NO_SEARCH.format(effect="halt"))
        ex.tool("search")(lambda: pytest.fail("it was done"))

    assert (stop.value.code, stop.value.state) == ("policy_rule", "halted")
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "halted"


def test_a_silent_run_hears_of_a_kill_order_by_its_heartbeat(bench: Bench, make_client: MakeClient) -> None:
    heard = threading.Event()
    told: list[Stopped] = []

    def note(stop: Stopped) -> None:
        told.append(stop)
        heard.set()

    with pytest.raises(Stopped) as stop, make_client(heartbeat_seconds=0.2).execution("errand", on_stop=note) as ex:
        ex.check()
        assert not ex.stopped
        kill(bench)
        assert heard.wait(10)
        assert ex.stopped
        ex.check()

    assert [one.code for one in told] == ["killed"] == [stop.value.code]
    assert (stop.value.state, stop.value.record is not None) == ("halted", True)
    assert [reason.code for reason in stop.value.reasons] == ["killed"]


def test_a_run_that_thinks_it_is_done_hears_that_it_was_stopped(bench: Bench, client: Client) -> None:
    with pytest.raises(Stopped) as stop, client.execution("errand"):
        kill(bench)

    assert (stop.value.state, stop.value.code) == ("halted", "killed")


def test_what_was_done_before_the_stop_is_told_late_and_kept(bench: Bench, client: Client) -> None:
    def act() -> str:
        kill(bench)
        return "done already"

    with pytest.raises(Stopped) as stop, client.execution("errand") as ex:
        ex.tool("search")(act)

    assert stop.value.output == "done already"
    late = bench.governor.items(f"executions/{ex.id}/entries/", stream="addenda")
    assert [entry["type"] for entry in late] == ["result.late"]


def test_cancelling_is_a_stop_too(bench: Bench, client: Client) -> None:
    with pytest.raises(Stopped, match="A person cancelled this execution") as stop, client.execution("errand") as ex:
        bench.governor.post(f"executions/{ex.id}/cancel/", {"reason": "Not needed."})
        ex.tool("search")(lambda: pytest.fail("it was done"))

    assert stop.value.state == "cancelled"


def test_heartbeats_keep_a_short_lease_alive(bench: Bench, make_client: MakeClient) -> None:
    with make_client(lease_seconds=10).execution("errand") as ex:
        first = bench.governor.get(f"executions/{ex.id}/")["lease"]["expires_at"]
        # A third of ten seconds after the last word, and nothing else is said.
        renewed = wait_until(
            lambda: (now := bench.governor.get(f"executions/{ex.id}/")["lease"]["expires_at"]) > first and now, 8
        )
        assert renewed

    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_an_explicit_heartbeat_hears_at_once(bench: Bench, client: Client) -> None:
    began_at = time.monotonic()
    with pytest.raises(Stopped, match="halted"), client.execution("errand") as ex:
        ex.heartbeat()
        kill(bench)
        ex.heartbeat()

    assert time.monotonic() - began_at < 10
