"""Waxell's REST contract in a hundred lines of standard library: copy it into your own agent."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from typing import Any

HEARTBEAT_SECONDS = 60.0
TRIES = 6


class Refused(Exception):
    """This action may not be done; the execution goes on."""


class Stopped(Exception):
    """The execution is over: do nothing more."""


class Execution:
    """One run under governance: ask before each act, report after it, close at the end."""

    def __init__(self, url: str, key: str, workflow: str, **start: Any) -> None:
        self._url, self._key = url.rstrip("/") + "/api/v1", key
        answer = self._post("/executions/", {"workflow": workflow, **start})
        self.id: str = answer["id"]
        while answer["state"] == "suspended":
            # A rule wants a person to agree before it begins.
            time.sleep(2)
            answer |= self._get(f"/executions/{self.id}/")
        if answer["state"] != "running":
            raise Stopped(_why(answer))
        self._fence: int = answer["lease"]["fence"]
        self._heard_at = time.monotonic()

    def ask(self, kind: str, resource: str, args: Mapping[str, Any], estimate: Mapping[str, Any] | None = None) -> int:
        """Return the number of the allowed action. Raises Refused or Stopped; waits for a person."""
        wanted = {"fence": self._fence, "kind": kind, "resource": resource, "args": dict(args)}
        if estimate:
            wanted["estimate"] = dict(estimate)
        answer = self._post(f"/executions/{self.id}/actions/", wanted)
        while answer["verdict"] == "hold":
            time.sleep(2)
            now = self.heartbeat()
            if now["directive"] == "continue":
                # Somebody has decided: ask again, and the grant, if it is one, is used.
                held = self._get(f"/approvals/{answer['approval']['id']}/")
                if held["state"] != "granted":
                    raise Refused(f"{resource}: {held['state']}")
                answer = self._post(f"/executions/{self.id}/actions/", wanted)
        if answer["verdict"] == "deny":
            raise Refused(f"{resource}: {_why(answer)}")
        if answer["verdict"] == "halt":
            raise Stopped(_why(answer))
        return int(answer["seq"])

    def report(self, seq: int, output: Any, *, ok: bool = True, usage: Mapping[str, Any] | None = None) -> None:
        """Say what came of an action and what it used. Raises Stopped where that was too much."""
        body = {"fence": self._fence, "status": "ok" if ok else "error", "output": output}
        if usage:
            body["usage"] = dict(usage)
        answer = self._post(f"/executions/{self.id}/actions/{seq}/result/", body)
        if answer["verdict"] == "halt":
            raise Stopped(_why(answer))

    def heartbeat(self) -> dict[str, Any]:
        """Say that we live, where nothing else was said for long. Raises Stopped."""
        answer = self._post(f"/executions/{self.id}/heartbeat/", {"fence": self._fence})
        if answer["directive"] == "halt":
            raise Stopped(_why(answer))
        return answer

    def keep_alive(self) -> None:
        """Send a heartbeat if the last word was a while ago: every asked action is one, too."""
        if time.monotonic() - self._heard_at > HEARTBEAT_SECONDS:
            self.heartbeat()

    def close(self, outcome: str = "completed", output: Any = None) -> dict[str, Any]:
        """Close the record. Answers where it ends: number of entries and digest of the last."""
        body = {"fence": self._fence, "outcome": outcome, "output": output}
        return self._post(f"/executions/{self.id}/close/", body)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        # The same key with each try: whatever got lost on the way, it happens once.
        return self._send(path, json.dumps(body).encode(), {"Idempotency-Key": str(uuid.uuid4())})

    def _get(self, path: str) -> dict[str, Any]:
        return self._send(path, None, {})

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, data=body, headers=dict(headers))  # noqa: S310 - our own URL
        request.add_header("Authorization", f"Bearer {self._key}")
        request.add_header("Content-Type", "application/json")
        for turn in range(TRIES):
            try:
                with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                    self._heard_at = time.monotonic()
                    return dict(json.load(response))
            except urllib.error.HTTPError as error:
                problem = json.load(error)
                if error.code in (429, 503) and turn + 1 < TRIES:
                    time.sleep(float(error.headers.get("Retry-After", 1)))
                    continue
                if problem.get("code") in ("execution_closed", "fenced"):
                    raise Stopped(problem.get("detail") or problem.get("title")) from error
                raise RuntimeError(f"{error.code} {problem.get('code')}: {problem.get('detail')}") from error
            except OSError:
                if turn + 1 == TRIES:
                    raise
                time.sleep(2**turn / 4)
        raise RuntimeError("unreachable")


def _why(answer: Mapping[str, Any]) -> str:
    reasons = answer.get("reasons") or [{}]
    return str(reasons[0].get("message") or answer.get("state"))
