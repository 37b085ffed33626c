"""An execution's life over REST, with the names and statuses that the contract fixes."""

import hashlib
from uuid import UUID

import pytest

from tests.stack.api import Run
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

DIGEST = "sha256:"


def is_receipt(receipt: dict, *, stream: str) -> bool:
    return (
        set(receipt) == {"stream", "seq", "digest"}
        and receipt["stream"] == stream
        and receipt["digest"].startswith(DIGEST)
    )


def test_the_first_call_of_an_empty_project_is_allowed_and_recorded(bench: Bench) -> None:
    run = bench.start(
        input={"city": "Genève"},
        labels={"team": "sales"},
        end_user="carol@example.org",
        environment="staging",
        deadline_seconds=600,
        lease_seconds=60,
    )

    assert set(run.answer) == {"id", "state", "verdict", "reasons", "governance_state", "lease", "receipt"}
    assert UUID(run.id).version == 7
    assert (run.answer["state"], run.answer["verdict"], run.answer["reasons"]) == ("running", "allow", [])
    assert set(run.answer["lease"]) == {"fence", "expires_at"}
    assert run.answer["governance_state"].startswith(DIGEST)
    assert is_receipt(run.answer["receipt"], stream=run.id)

    shown = run.show()
    assert shown["state"] == "running"
    assert (shown["workflow"], shown["agent"], shown["environment"]) == ("errand", "scout", "staging")
    assert shown["labels"] == {"team": "sales"}
    # A pseudonym: the name itself is nowhere in the record.
    assert shown["end_user"] not in (None, "carol@example.org")
    assert "carol" not in str(run.entries())
    assert shown["deadline_at"] > shown["started_at"]
    assert shown["lease"]["fence"] == run.fence


def test_an_action_is_asked_done_settled_and_the_record_closed(bench: Bench) -> None:
    run = bench.start()

    asked = run.ask("search", args={"q": "governance"}, estimate={"usd": "0.25", "tokens": 100, "seconds": 2})
    assert set(asked) == {
        "seq", "verdict", "reasons", "state", "reservations", "estimate_source", "governance_state", "receipt",
    }  # fmt: skip
    assert (asked["seq"], asked["verdict"], asked["state"]) == (2, "allow", "running")

    told = run.report(2, output={"hits": 3}, usage={"usd": "0.10", "tokens_in": 10, "tokens_out": 5, "seconds": 1})
    assert set(told) == {"verdict", "reasons", "state", "settled", "receipt"}
    assert (told["verdict"], told["state"]) == ("allow", "running")

    beat = run.heartbeat()
    assert {"directive", "state", "lease"} <= set(beat)
    assert (beat["directive"], beat["state"]) == ("continue", "running")

    closed = run.close(output={"done": True})
    assert set(closed) == {"state", "record", "receipt"}
    assert closed["state"] == "completed"
    assert closed["record"] == {"entries": 4, "head": closed["receipt"]["digest"]}

    shown = run.show()
    assert shown["record"] == closed["record"]
    assert shown["lease"] is None
    assert shown["counts"]["usd"].startswith("0.1")
    assert shown["counts"]["tool_calls"] == 1
    assert shown["counts"]["unresolved"] == 0


def test_entries_are_the_bytes_that_their_digests_name(bench: Bench) -> None:
    run = bench.start()
    run.ask()
    run.close("failed", error="no route")

    entries = run.entries(limit=1)

    assert [entry["seq"] for entry in entries] == [1, 2, 3]
    assert [entry["type"] for entry in entries] == ["action.decided", "action.decided", "execution.closed"]
    for before, entry in zip([None, *entries], entries, strict=False):
        assert entry["digest"] == DIGEST + hashlib.sha256(entry["canonical"].encode()).hexdigest()
        assert entry["entry"].get("prev") == (before and before["digest"])
    assert entries[2]["entry"]["outcome"] == "failed"
    # The error's text is a payload beside the entry.
    assert "no route" not in entries[2]["canonical"]


def test_results_are_told_once(bench: Bench) -> None:
    run = bench.start()
    seq = run.ask()["seq"]
    first = run.report(seq, output=1)

    again = run.report(seq, output=1)
    assert again["receipt"] == first["receipt"]
    assert run.report(seq, output=2, expect=409)["code"] == "already_settled"
    assert run.report(99, expect=404)["code"] == "not_found"
    assert run.report(1, expect=409)["code"] == "not_dispatched"


def test_nothing_joins_a_closed_record_and_a_late_result_is_an_addendum(bench: Bench) -> None:
    run = bench.start()
    seq = run.ask()["seq"]
    record = run.close()["record"]

    for answer in (run.ask(expect=409), run.heartbeat(expect=409), run.close(expect=409)):
        assert answer["code"] == "execution_closed"
        assert answer["record"] == record
    late = run.report(seq, output="late", usage={"usd": "1"}, expect=409)
    assert late["code"] == "execution_closed"
    assert {"addendum", "settled"} <= set(late)
    assert run.report(seq, output="late", usage={"usd": "1"}, expect=409)["addendum"] == late["addendum"]

    assert len(run.entries()) == record["entries"]
    types = [entry["type"] for entry in run.entries(stream="addenda")]
    assert types.count("result.late") == 1
    # Each kind of write is noted once, however often it comes.
    run.heartbeat(expect=409)
    assert [entry["type"] for entry in run.entries(stream="addenda")] == types


def test_a_wrong_fence_drives_nothing(bench: Bench) -> None:
    run = bench.start()
    stale = Run(api=bench.scout, answer={**run.answer, "lease": {"fence": run.fence + 1}})

    assert stale.ask(expect=409)["code"] == "fenced"
    assert stale.heartbeat(expect=409)["code"] == "fenced"
    assert stale.close(expect=409)["code"] == "fenced"
    assert run.ask()["verdict"] == "allow"


def test_cancelling_ends_the_execution_and_its_descendants(bench: Bench) -> None:
    run = bench.start()
    child = bench.start(parent=run.id)
    grandchild = bench.start(parent=child.id)

    answer = bench.governor.post(f"{run.path}cancel/", {"reason": "Not needed any more."})

    assert answer["state"] == "cancelled"
    assert set(answer) == {"state", "record", "receipt"}
    for below in (child, grandchild):
        shown = below.show()
        assert (shown["state"], shown["cause"]["code"]) == ("cancelled", "ancestor_ended")
    again = bench.governor.post(f"{run.path}cancel/", {"reason": "Again."}, expect=409)
    assert again["code"] == "execution_closed"


def test_a_parent_of_another_agent_needs_an_allowed_delegation(bench: Bench) -> None:
    other = bench.another_agent("helper")
    parent = bench.start()

    body = {"workflow": "errand", "parent": parent.id}
    assert other.post("executions/", body, expect=422)["code"] == "parent_invalid"

    seq = parent.ask("helper", kind="agent.delegate")["seq"]
    child = other.post("executions/", {**body, "delegation": seq}, expect=201)
    assert bench.governor.get(f"executions/{child['id']}/")["root"] == parent.id


def test_each_action_tells_its_current_answer_and_an_etag(bench: Bench) -> None:
    run = bench.start()
    asked = run.ask("search")
    path = f"{run.path}actions/{asked['seq']}/"

    first = bench.scout.send("GET", path)
    assert first.json()["verdict"] == "allow"
    assert first.json()["receipt"] == asked["receipt"]
    assert "retry-after" not in first.headers
    again = bench.scout.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    run.report(asked["seq"])
    told = bench.scout.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert told.json()["result"]["status"] == "ok"
    assert [item["seq"] for item in bench.scout.items(f"{run.path}actions/")] == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"workflow": ""},
        {"workflow": 1},
        {"workflow": "errand", "surprise": 1},
        {"workflow": "errand", "lease_seconds": 9},
        {"workflow": "errand", "lease_seconds": 3601},
        {"workflow": "errand", "deadline_seconds": 0},
        {"workflow": "errand", "deadline_seconds": 604801},
        {"workflow": "errand", "deadline_seconds": 1.5},
        {"workflow": "errand", "labels": {"a": 1}},
        {"workflow": "errand", "labels": []},
        {"workflow": "errand", "parent": "not-an-id"},
        {"workflow": "a\nb"},
    ],
)
def test_a_start_that_does_not_fit_is_refused_by_field(bench: Bench, wrong: dict) -> None:
    assert bench.scout.post("executions/", wrong, expect=400)["code"] in ("invalid_field", "unknown_field")
    assert bench.scout.items("executions/") == []


@pytest.mark.parametrize("usd", ["-1", "1e3", "0.0000001", "1000000001", "NaN", "", True, [], -0.5])
def test_an_amount_is_a_plain_decimal(bench: Bench, usd: object) -> None:
    run = bench.start()

    assert run.ask(estimate={"usd": usd}, expect=400)["code"] == "invalid_field"
    assert run.ask(estimate={"usd": 0.5})["verdict"] == "allow"


def test_a_deadline_stops_a_silent_execution(bench: Bench) -> None:
    from tests.stack.running import wait_until

    run = bench.start(deadline_seconds=1)

    wait_until(lambda: run.show()["state"] == "halted", 6)
    assert run.show()["cause"]["source"] == "lifecycle"
