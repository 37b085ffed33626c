"""A held action waits for a person: granted, refused, expired, not waited for, and beside other threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.factories import make_policy, make_tool
from tests.journeys.client.conftest import MakeClient
from tests.servers.cable import Cable
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until
from waxell_client import Client, Execution, Held, NotAdmitted, Refused, Stopped

pytestmark = pytest.mark.process

HOLD_MAIL = """
@id("ask-first") @message("A person reads every mail.") @effect("hold") {more}
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
HOLD_START = """
@id("look") @message("A person looks first.") @effect("hold")
forbid (principal, action == Action::"execution.start", resource);
"""


def hold_mail(bench: Bench, more: str = "") -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD_MAIL.format(more=more))


class Person(threading.Thread):
    """Somebody who decides the one approval that will be there."""

    def __init__(self, bench: Bench, decision: str) -> None:
        super().__init__()
        self.bench, self.decision = bench, decision

    def run(self) -> None:
        governor = self.bench.governor
        (approval,) = wait_until(lambda: governor.items("approvals/", state="pending"), 20)
        governor.post(f"approvals/{approval['id']}/decide/", {"decision": self.decision, "comment": "Seen."})

    def __enter__(self) -> "Person":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.join()


def mail(ex: Execution) -> str:
    return ex.tool("mail", {"to": "dave"})(lambda to: f"sent to {to}")


def actions(bench: Bench, ex: Execution) -> list[dict[str, Any]]:
    return bench.governor.items(f"executions/{ex.id}/actions/")[1:]


def test_a_granted_action_is_done_once_it_is_granted(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    with client.execution("errand") as ex, Person(bench, "grant"):
        assert mail(ex) == "sent to dave"

    held, allowed = actions(bench, ex)
    # The held question was answered by a person; what was done is the one that used the grant.
    assert (held["approval"]["state"], allowed["verdict"]) == ("used", "allow")
    assert ("result" in allowed, "result" in held) == (True, False)
    assert held["approval"]["used_by"] == ex.id


def test_a_refused_hold_is_a_refusal(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    with client.execution("errand") as ex, Person(bench, "refuse"):
        with pytest.raises(Refused, match="A person refused this") as refusal:
            mail(ex)
        ex.tool("search")(lambda: None)

    assert refusal.value.approval == actions(bench, ex)[0]["approval"]["id"]


def test_a_refusal_that_stops_is_a_stop(bench: Bench, client: Client) -> None:
    hold_mail(bench, '@on_refusal("halt")')

    with (
        pytest.raises(Stopped, match="A person refused this"),
        client.execution("errand") as ex,
        Person(bench, "refuse"),
    ):
        mail(ex)

    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "halted"


def test_an_approval_that_nobody_decides_is_a_refusal(bench: Bench, client: Client) -> None:
    hold_mail(bench, '@timeout("1s")')

    with client.execution("errand") as ex, pytest.raises(Refused, match="Nobody decided in time"):
        mail(ex)


def test_who_does_not_want_to_wait_hears_at_once_and_may_come_again(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    with client.execution("errand", on_hold="raise") as ex:
        with pytest.raises(Held, match=r"mail waits for a person: A person reads every mail\.") as held:
            mail(ex)
        with pytest.raises(Held, match="another action of this execution waits"):
            ex.tool("search")(lambda: None)
        with Person(bench, "grant"):
            pass
        assert mail(ex) == "sent to dave"

    assert held.value.approval == actions(bench, ex)[0]["approval"]["id"]
    assert bench.governor.get(f"approvals/{held.value.approval}/")["state"] == "used"


def test_waiting_ends_at_its_time(bench: Bench, client: Client) -> None:
    hold_mail(bench)
    began_at = time.monotonic()

    with client.execution("errand", hold_timeout_seconds=1) as ex, pytest.raises(Held):
        mail(ex)

    assert time.monotonic() - began_at < 5
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_other_threads_wait_with_the_one_that_is_held(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    with client.execution("errand") as ex, ThreadPoolExecutor(4) as pool:
        held = pool.submit(mail, ex)
        wait_until(lambda: bench.governor.items("approvals/", state="pending"))
        others = [pool.submit(ex.tool("search", {"n": n}), lambda n: n) for n in range(3)]
        with Person(bench, "grant"):
            pass
        assert held.result() == "sent to dave"
        assert [other.result() for other in others] == [0, 1, 2]


def test_waiting_outlasts_an_outage(bench: Bench, make_client: MakeClient, cable: Cable) -> None:
    hold_mail(bench)
    client = make_client(url=cable.url, patience_seconds=0.2)

    with client.execution("errand") as ex, ThreadPoolExecutor(1) as pool:
        held = pool.submit(mail, ex)
        wait_until(lambda: b'"hold"' in cable.last_answer)
        cable.cut()
        with Person(bench, "grant"):
            pass
        time.sleep(3)
        assert not held.done()
        cable.mend()
        assert held.result() == "sent to dave"


def test_a_kill_order_ends_the_waiting(bench: Bench, client: Client) -> None:
    hold_mail(bench)

    def kill() -> None:
        wait_until(lambda: bench.governor.items("approvals/", state="pending"))
        bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "Enough."}, expect=201)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Stopped) as stop, client.execution("errand") as ex:
        mail(ex)
    killer.join()

    assert stop.value.state == "halted"
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "halted"


def test_a_held_admission_begins_when_it_is_granted(bench: Bench, client: Client) -> None:
    make_policy(bench.project, HOLD_START)

    with Person(bench, "grant"), client.execution("errand") as ex:
        assert ex.tool("search")(lambda: "found") == "found"

    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_a_held_admission_that_is_refused_runs_nothing(bench: Bench, client: Client) -> None:
    make_policy(bench.project, HOLD_START)

    with Person(bench, "refuse"), pytest.raises(NotAdmitted, match="A person refused this"), client.execution("errand"):
        pytest.fail("the block ran")


def test_a_held_admission_nobody_waits_for_is_cancelled(bench: Bench, make_client: MakeClient) -> None:
    make_policy(bench.project, HOLD_START)

    with pytest.raises(Held, match="was cancelled"), make_client(on_hold="raise").execution("errand"):
        pytest.fail("the block ran")

    (row,) = bench.governor.items("executions/")
    assert row["state"] == "cancelled"
