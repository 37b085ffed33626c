"""What callers ask for, parsed and typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from governance.domain.facts import Definition, Estimate
from governance.domain.kinds import Kind

DEFAULT_LEASE_SECONDS = 15 * 60
WORKER_LEASE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWanted:
    """An execution to admit. `agent` is a slug and only for callers that are not agents.

    `delegation` is the sequence of the parent's allowed `agent.delegate` that names this agent.
    """

    workflow: str
    agent: str | None = None
    input: object | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    parent: UUID | None = None
    delegation: int | None = None
    end_user: str | None = None
    environment: str = ""
    deadline_seconds: int | None = None
    lease_seconds: int | None = None
    retry_of: UUID | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWanted:
    """One thing an execution wants to do. `approval` names the grant it relies on.

    `definition` is what the gateway knows of a tool behind it; nobody else may tell.
    """

    fence: int
    kind: Kind
    resource: str
    args: Mapping[str, object] | None = None
    estimate: Estimate | None = None
    approval: UUID | None = None
    definition: Definition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an action really used, as the caller says."""

    usd_micros: int | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: int | None = None

    @property
    def tokens(self) -> int | None:
        if self.tokens_in is None and self.tokens_out is None:
            return None
        return (self.tokens_in or 0) + (self.tokens_out or 0)

    def document(self) -> dict[str, object]:
        named = {
            "usd_micros": self.usd_micros,
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "seconds": self.seconds,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWanted:
    """What came of an allowed action."""

    fence: int
    status: str
    output: object | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWanted:
    """The agent's own word that its execution is over."""

    fence: int
    outcome: str
    output: object | None = None
    error: object | None = None
