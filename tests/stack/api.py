"""Calling the REST API with one key."""

from dataclasses import dataclass
from typing import Any

import httpx

PREFIX = "/api/v1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A key and the way to the server. Paths are those behind `/api/v1/`."""

    http: httpx.Client
    key: str | None = None

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        retry: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request; whatever it asks, the answer is no server error."""
        response = self.attempt(method, path, body, content=content, retry=retry, headers=headers, **options)
        assert response.status_code < 500, f"{method} {path}: {response.status_code} {response.text[:500]}"
        return response

    def attempt(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        retry: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request to a server that may be broken: any status, or a transport error."""
        sent = {**({"Authorization": f"Bearer {self.key}"} if self.key else {}), **(headers or {})}
        if retry is not None:
            sent["Idempotency-Key"] = retry
        if content is not None:
            options["content"] = content
            sent.setdefault("Content-Type", "application/json")
        elif body is not None:
            options["json"] = body
        return self.http.request(method, PREFIX + path, headers=sent, **options)

    def get(self, path: str, *, expect: int = 200, **params: Any) -> Any:
        """The JSON that a GET answers."""
        return _document(self.send("GET", path, params=params), expect)

    def post(self, path: str, body: Any = None, *, expect: int = 200, retry: str | None = None) -> Any:
        """The JSON that a POST answers; an empty object is sent where no body is given."""
        return _document(self.send("POST", path, {} if body is None else body, retry=retry), expect)

    def put(self, path: str, body: Any, *, expect: int = 200) -> Any:
        """The JSON that a PUT answers."""
        return _document(self.send("PUT", path, body), expect)

    def items(self, path: str, **params: Any) -> list[Any]:
        """All items of a list, page after page."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **params, **cursor)
            assert set(page) == {"items", "next"}
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}


@dataclass(slots=True, kw_only=True)
class Run:
    """An execution as the agent that drives it sees it. `answer` is what admission said."""

    api: Api
    answer: dict[str, Any]

    @property
    def id(self) -> str:
        return self.answer["id"]

    @property
    def path(self) -> str:
        return f"executions/{self.id}/"

    @property
    def fence(self) -> int:
        return self.answer["lease"]["fence"]

    def ask(self, resource: str = "search", *, kind: str = "tool.call", expect: int = 200, **more: Any) -> Any:
        body = {"fence": self.fence, "kind": kind, "resource": resource, **more}
        return self.api.post(f"{self.path}actions/", body, expect=expect)

    def report(self, seq: int, *, expect: int = 200, **more: Any) -> Any:
        body = {"fence": self.fence, "status": "ok", **more}
        return self.api.post(f"{self.path}actions/{seq}/result/", body, expect=expect)

    def heartbeat(self, *, expect: int = 200) -> Any:
        return self.api.post(f"{self.path}heartbeat/", {"fence": self.fence}, expect=expect)

    def close(self, outcome: str = "completed", *, expect: int = 200, **more: Any) -> Any:
        return self.api.post(f"{self.path}close/", {"fence": self.fence, "outcome": outcome, **more}, expect=expect)

    def show(self) -> Any:
        return self.api.get(self.path)

    def entries(self, **params: Any) -> list[Any]:
        return self.api.items(f"{self.path}entries/", **params)


def start(api: Api, workflow: str = "errand", **more: Any) -> Run:
    """Start an execution; it may be refused."""
    return Run(api=api, answer=api.post("executions/", {"workflow": workflow, **more}, expect=201))


def _document(response: httpx.Response, expect: int) -> Any:
    assert response.status_code == expect, f"{response.status_code}, not {expect}: {response.text[:1000]}"
    return response.json()
