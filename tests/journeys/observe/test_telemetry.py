"""What the client tells beside a run, and after its end: kept, and nothing is decided by it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.observe.conftest import Observer

pytestmark = pytest.mark.process


def test_late_telemetry_becomes_addenda(observer: Observer, call: dict[str, Any]) -> None:
    observer.start()
    observer.gate("llm.before", model="gpt-4o-mini", text="x")
    observer.complete()
    entries = len(observer.entries())

    observer.tell("llm-calls", call, {**call, "model": "another"})
    observer.tell("spans", {"name": "my-agent.answer", "kind": "agent", "status": "ok", "position": 0})

    assert len(observer.entries()) == entries
    late = [item["entry"] for item in observer.api.items(f"executions/{observer.run_id}/entries/", stream="addenda")]
    assert [entry["type"] for entry in late if entry["type"] != "write.fenced"] == [
        "result.late", "telemetry.told", "telemetry.told",
    ]  # fmt: skip
    assert observer.beside("model.call")[0]["resource"] == "another"
    assert observer.beside("spans")[0]["position"] == 0


def test_scores_events_and_decisions_are_kept_beside_the_record(observer: Observer) -> None:
    observer.start()
    score = {"name": "q", "data_type": "numeric", "comment": "", "numeric_value": 0.5}
    event = {**observer.names, "workflow_id": observer.run_id, "event": "approval_requested", "metadata": {}}
    decision = {"category": "budget", "policy": "waxell", "action": "block", "reason": "r"}
    told = {"agent_name": "my-agent", "surface": "tool.before", "decisions": [decision], "span_only": False}

    observer.tell("scores", score)
    nowhere = {**event, "workflow_id": str(uuid4())}
    assert observer.post("events/", {"events": [event, nowhere]}) == {"accepted": 1}
    assert observer.post("governance-decision/", {**told, "workflow_id": observer.run_id})["run_found"]
    assert observer.post("governance-decision/", {**told, "workflow_id": observer.run_id, "span_only": True})[
        "run_found"
    ]
    assert not observer.post("governance-decision/", {**told, "workflow_id": str(uuid4())})["run_found"]
    for done in (False, True):
        partial = {"partial": "so far", "chunk_count": 3, "model": "gpt-4o-mini", "done": done}
        observer.post(f"runs/{observer.run_id}/partial/", partial)

    assert observer.beside("scores") == [score]
    assert observer.beside("events") == [event]
    assert observer.beside("decisions") == [{"surface": "tool.before", "decisions": [decision]}]
    assert [part["chunk_count"] for part in observer.beside("partial")] == [3]


def test_a_day_has_one_run_until_it_ends(observer: Observer) -> None:
    body = {"agent_slug": "desk", "agent_type": "mcp", "date": "2026-11-24"}

    first, second = observer.post("runs/daily/", body), observer.post("runs/daily/", body)
    observer.run_id = first["run_id"]
    observer.complete()
    third = observer.post("runs/daily/", body)

    assert (first["created"], second["created"], third["created"]) == (True, False, True)
    assert first["run_id"] == second["run_id"] != third["run_id"]
    assert first["date"] == "2026-11-24"
