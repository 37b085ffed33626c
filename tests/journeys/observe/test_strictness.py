"""Whom the compatible addresses let in, and which bodies they take: as strict as ours, but for fields unknown."""

from typing import Any
from uuid import uuid4

import pytest

from executions.models import Execution
from tests.factories import make_agent
from tests.journeys.observe.conftest import Observer
from tests.stack.api import Api
from tests.stack.fixtures import Bench, make_bench

pytestmark = pytest.mark.process

NAMES = {"agent_name": "my-agent", "workflow_name": "answer"}
OF_A_RUN: dict[str, Any] = {
    "llm-calls/": {"calls": [{"model": "gpt-4o-mini", "tokens_in": 1, "tokens_out": 1}]},
    "steps/": {"steps": [{"step_name": "think", "output": {}, "position": 1}]},
    "spans/": {"spans": [{"name": "n", "kind": "llm"}]},
    "scores/": {"scores": [{"name": "q"}]},
    "partial/": {"partial": "so", "chunk_count": 1, "done": True},
    "complete/": {"status": "success"},
}
OTHERS: dict[str, Any] = {
    "policy-check/": NAMES,
    "runs/start/": NAMES,
    "runs/daily/": {"agent_slug": "desk"},
    "events/": {"events": []},
    "governance-decision/": {"decisions": []},
    "prompt-guard/": {"text": "hello"},
    "approvals/": {"run": NAMES},
}
NOT_JSON = (b"{", b"[]", b"null", b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}')
WRONG = [
    ("policy-check/", {**NAMES, "agent_name": 1}),
    ("policy-check/", {**NAMES, "signal": []}),
    ("runs/start/", {}),
    ("approvals/", {}),
    ("approvals/", {"run": 5}),
    ("approvals/", {"approval_id": 5}),
    ("prompt-guard/", {}),
    ("prompt-guard/", {"text": 5}),
    ("runs/start/", {**NAMES, "inputs": "x"}),
    ("events/", {"events": ["x"]}),
    ("events/", {"events": [{"workflow_id": 5}]}),
    ("runs/daily/", {"agent_slug": "desk", "date": "today"}),
    ("llm-calls/", {"calls": {}}),
    ("llm-calls/", {"calls": [{"model": "m", "tokens_in": -1}]}),
    ("llm-calls/", {"calls": [{"model": "m", "cost": "free"}]}),
    ("llm-calls/", {"calls": [{"model": "m", "cost": -1}]}),
    ("steps/", {"steps": [5]}),
    ("steps/", {}),
    ("scores/", {}),
    ("partial/", {"partial": 5}),
    ("complete/", {"status": 5}),
    ("complete/", {}),
]


@pytest.fixture
def everywhere(observer: Observer) -> dict[str, Any]:
    """A good body by address, of a run that lives."""
    observer.start()
    return {**OTHERS, **{f"runs/{observer.run_id}/{path}": body for path, body in OF_A_RUN.items()}}


def statuses(api: Api, everywhere: dict[str, Any], **options: Any) -> dict[str, int]:
    return {path: api.send("POST", f"observe/{path}", **(options or {"body": body})).status_code
            for path, body in everywhere.items()}  # fmt: skip


def written(bench: Bench) -> list[Any]:
    return list(Execution.objects.filter(project_id=bench.project.pk).order_by("id").values_list("state", "seq"))


def test_nobody_without_a_key_in_force_is_let_in(bench: Bench, everywhere: dict[str, Any]) -> None:
    before = written(bench)
    revoked = bench.key(agent=bench.agent)
    bench.governor.post(f"keys/{str(revoked.key).split('_')[1]}/revoke/")

    for key in (None, "wax_sk_none", f"{bench.scout.key}"[:-4] + "none", revoked.key):
        nobody = Api(http=bench.stack.http, key=key)
        assert set(statuses(nobody, everywhere).values()) == {401}
        assert set(statuses(nobody, everywhere, content=b"{").values()) == {401}
        for path in ("config/", "policy-manifest/", "model-costs/", "model-costs/gpt-4o-mini/"):
            assert nobody.send("GET", f"observe/{path}").status_code == 401
    assert written(bench) == before


def test_a_key_that_only_reads_is_told_so(bench: Bench, everywhere: dict[str, Any]) -> None:
    before = written(bench)

    assert set(statuses(bench.key(scopes=["read"]), everywhere).values()) == {403}
    assert written(bench) == before


def test_the_run_of_another_does_not_exist(bench: Bench, observer: Observer, everywhere: dict[str, Any]) -> None:
    before = written(bench)
    of_the_run = {path: body for path, body in everywhere.items() if observer.run_id in path}
    nowhere = {path.replace(observer.run_id, str(uuid4())): body for path, body in of_the_run.items()}
    others = (make_bench(bench.stack, agent_slug="stranger").scout, bench.key(agent=make_agent(bench.project, "other")))

    for api in others:
        assert set(statuses(api, of_the_run).values()) == {404}
        stranger = Observer(api=api, run_id=observer.run_id)
        # A verdict is always a 200: this client goes on after anything else.
        assert stranger.gate("tool.before", tool_name="mail", tool_args={})["action"] == "block"
        assert stranger.gate("step.mid")["action"] == "block"
        told = {"agent_name": "a", "surface": "s", "decisions": [{}], "workflow_id": observer.run_id}
        assert not stranger.post("governance-decision/", told)["run_found"]
    assert set(statuses(bench.scout, nowhere).values()) == {404}
    assert bench.scout.send("POST", "observe/runs/17/complete/", {"status": "success"}).status_code == 404
    assert written(bench) == before


def test_bodies_are_read_strictly(bench: Bench, observer: Observer, everywhere: dict[str, Any]) -> None:
    before = written(bench)

    for content in NOT_JSON:
        assert set(statuses(bench.scout, everywhere, content=content).values()) == {400}, content
    for path, body in WRONG:
        address = f"runs/{observer.run_id}/{path}" if path in OF_A_RUN else path
        problem = observer.post(address, body, expect=400)
        assert problem["code"] == "invalid_field", (path, body)
    plain = {"content": b'{"a": 1}', "headers": {"Content-Type": "text/plain"}}
    assert set(statuses(bench.scout, everywhere, **plain).values()) == {415}
    large = {"content": b'{"a": "' + b"a" * (3 << 20) + b'"}', "headers": {"Connection": "close"}}
    assert set(statuses(bench.scout, everywhere, **large).values()) == {413}
    assert {bench.scout.send("PUT", f"observe/{path}", {}).status_code for path in everywhere} == {405}
    assert written(bench) == before


def test_fields_that_a_newer_client_sends_are_passed_over(bench: Bench, observer: Observer) -> None:
    observer.start(something_new={"a": [1]}, agent_id="x", agent_slug="y", root_workflow_id="z")

    assert observer.gate("llm.before", model="gpt-5", something_new=1)["action"] == "allow"
    assert observer.gate("a.new.surface", something_new=1)["action"] == "allow"
    assert observer.complete(something_new=1)["state"] == "completed"


def test_a_key_beyond_its_rate_is_blocked_and_not_let_through(bench: Bench) -> None:
    slow = Observer(api=bench.key(agent=bench.agent, requests_per_minute=3))

    answers = [slow.check()["action"] for _ in range(5)]

    assert answers[0] == "allow"
    assert answers[-1] == "block"


def test_a_start_that_comes_twice_with_a_key_happens_once(bench: Bench) -> None:
    first, second = (
        bench.scout.send("POST", "observe/runs/start/", {**NAMES, "inputs": {"a": 1}}, retry="again").json()
        for _ in range(2)
    )

    assert first["run_id"] == second["run_id"]
    assert len(written(bench)) == 1
