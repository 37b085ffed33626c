"""An agent that keeps a journal: it repeats every call under one key until it has an answer."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.stack.api import Api

PATIENCE_SECONDS = 120


@dataclass(slots=True, kw_only=True)
class Journal:
    """What was acknowledged, and how the server spoke while it was broken."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    unavailable: list[httpx.Response] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    cut: int = 0


def insist(api: Api, journal: Journal, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call until there is an answer; every repetition carries the same Idempotency-Key."""
    key = str(uuid.uuid4())
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            response = api.attempt("POST", path, body, retry=key)
        except httpx.TransportError:
            journal.cut += 1
            time.sleep(0.1)
            continue
        if response.status_code in (200, 201):
            answer: dict[str, Any] = response.json()
            journal.receipts.append(answer["receipt"])
            return answer
        if response.status_code == 503:
            journal.unavailable.append(response)
            time.sleep(0.1)
            continue
        journal.unexpected.append(f"{path}: {response.status_code} {response.text[:300]}")
        break
    raise AssertionError(f"no answer to {path}: {journal.unexpected[-1:]}")


def work(api: Api, journal: Journal, stop: threading.Event) -> None:
    """Start executions, ask, report and close, again and again."""
    while not stop.is_set():
        started = insist(api, journal, "executions/", {"workflow": "errand"})
        journal.executions.append(started["id"])
        path, fence = f"executions/{started['id']}/", {"fence": started["lease"]["fence"]}
        for _ in range(3):
            asked = insist(api, journal, f"{path}actions/", {**fence, "kind": "tool.call", "resource": "search"})
            insist(api, journal, f"{path}actions/{asked['seq']}/result/", {**fence, "status": "ok"})
        insist(api, journal, f"{path}close/", {**fence, "outcome": "completed"})


class Load:
    """Several such agents at once, as a context; leaving it waits for their last answers."""

    def __init__(self, api: Api, agents: int = 4) -> None:
        self.journals = [Journal() for _ in range(agents)]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(api, journal), daemon=True) for journal in self.journals
        ]
        self.failures: list[BaseException] = []

    def _work(self, api: Api, journal: Journal) -> None:
        try:
            work(api, journal, self._stop)
        except BaseException as error:
            self.failures.append(error)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 20)
        assert not any(thread.is_alive() for thread in self._threads)

    def gather(self) -> Journal:
        """All journals in one."""
        whole = Journal()
        for journal in self.journals:
            whole.receipts += journal.receipts
            whole.executions += journal.executions
            whole.unavailable += journal.unavailable
            whole.unexpected += journal.unexpected
            whole.cut += journal.cut
        return whole
