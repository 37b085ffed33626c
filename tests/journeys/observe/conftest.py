"""The public `waxell-observe` protocol against the running stack, as its client speaks it."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from tests.stack.api import Api
from tests.stack.fixtures import Bench, bench, looking, stack
from waxell.ledger.models import Entry, Payload, Stream

__all__ = ["bench", "looking", "stack"]


@dataclass(slots=True, kw_only=True)
class Observer:
    """What the client sends, body by body, as it was recorded from version 0.1.10."""

    api: Api
    run_id: str = ""
    names: dict[str, str] = field(default_factory=lambda: {"agent_name": "my-agent", "workflow_name": "answer"})

    def post(self, path: str, body: Any, *, expect: int = 200) -> Any:
        # The header that this client sends, with the key of any of ours.
        response = self.api.send("POST", f"observe/{path}", body, headers={"X-Wax-Key": self.api.key or ""})
        assert response.status_code == expect, response.text
        return response.json()

    def check(self, **more: Any) -> Any:
        return self.post("policy-check/", {**self.names, "agent_id": "", "inputs": {"question": "hi"}, **more})

    def gate(self, surface: str, **signal: Any) -> Any:
        return self.post(
            "policy-check/",
            {
                **self.names,
                "user_group": "",
                "surface": surface,
                "signal": {**signal, "metadata": {}},
                "categories": ["budget"],
                "policies": ["waxell"],
                **({"workflow_id": self.run_id} if self.run_id else {}),
            },
        )

    def start(self, **more: Any) -> Any:
        body = {
            **self.names, "inputs": {"question": "hi"}, "metadata": {}, "trace_id": "",
            "interaction_mode": "autonomous", **more,
        }  # fmt: skip
        answer = self.post("runs/start/", body, expect=201)
        self.run_id = answer["run_id"]
        return answer

    def tell(self, what: str, *items: Any, expect: int = 200) -> Any:
        name = {"llm-calls": "calls"}.get(what, what)
        return self.post(f"runs/{self.run_id}/{what}/", {name: list(items), "hardware_uuid": "3d12"}, expect=expect)

    def complete(self, status: str = "success", **more: Any) -> Any:
        body = {
            "result": {"answer": 42}, "status": status, "error": "", "steps": [],
            "trace_id": "953b3658a9a560a5e8609b4227713fce", "root_span_id": "65592ded85ae6a41", **more,
        }  # fmt: skip
        return self.post(f"runs/{self.run_id}/complete/", body)

    def show(self) -> Any:
        return self.api.get(f"executions/{self.run_id}/")

    def entries(self) -> list[Any]:
        return [item["entry"] for item in self.api.items(f"executions/{self.run_id}/entries/")]

    def beside(self, kind: str) -> list[Any]:
        """What the addenda keep under a name, in the order in which it came."""
        found = []
        for entry in Entry.objects.filter(
            stream__in=Stream.objects.filter(subject=self.run_id).values("id"), type="telemetry.told"
        ).order_by("seq"):
            body = orjson.loads(bytes(entry.body))
            if body["kind"] == kind:
                assert body["vouched"] == "observed"
                kept = Payload.objects.get(stream=entry.stream, seq=entry.seq, name="told")
                found += orjson.loads(bytes(kept.content))
        return found


CALL = {
    "model": "gpt-4o-mini", "tokens_in": 1000, "tokens_out": 200, "cost": 0.00026999999999999995, "task": "t",
    "prompt_preview": "p", "response_preview": "r", "status": "ok", "error_type": "", "error_message": "",
}  # fmt: skip


@pytest.fixture
def observer(bench: Bench) -> Observer:
    return Observer(api=bench.scout)


@pytest.fixture
def service(bench: Bench) -> Observer:
    """A client whose key belongs to no agent: it acts as the agents that it names."""
    return Observer(api=bench.key(scopes=["execute", "read"]))


@pytest.fixture
def call() -> dict[str, Any]:
    return dict(CALL)
