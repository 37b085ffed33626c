"""Conversations with Waxell, written once and held by a thread or by an event loop.

A conversation is a generator. It yields what it wants done (a `Request`, a `Pause`), is sent what
came of it (a `Reply`, a `Lost`, None), and returns its result. So what is said, and in which order,
is the same in sync and async programs, and can be tested without a wire.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `path` is what follows `/api/v1`; `body` is JSON already."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Waxell answered. Header names are in lower case; `body` is parsed, with Decimal for fractions.

    `understood` is false where the body is no JSON object: then somebody else has answered.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    understood: bool = True

    @property
    def code(self) -> str:
        """The stable code of a problem; empty for everything else."""
        return str(self.body.get("code", "")) if self.status >= 400 else ""

    @property
    def retry_after_seconds(self) -> float | None:
        try:
            return max(0.0, float(self.headers["retry-after"]))
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer came. Whether the request arrived is not known."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Some seconds in which nothing is sent."""

    seconds: float


Conversation: TypeAlias = Generator[Request | Pause, Reply | Lost | None, Result]


def send(request: Request) -> Conversation[Reply | Lost]:
    """Say one thing and hear what comes of it."""
    heard = yield request
    if heard is None:
        raise TypeError("Whoever holds a conversation answers each request.")
    return heard


def pause(seconds: float) -> Conversation[None]:
    """Be silent for a while."""
    yield Pause(seconds=seconds)


def nothing() -> Conversation[None]:
    """Say nothing."""
    yield from ()
