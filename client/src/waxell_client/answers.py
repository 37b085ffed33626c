"""What Waxell answers, as values. Fields that this version does not know are passed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

Document = Mapping[str, Any]

TERMINAL = frozenset({"completed", "failed", "denied", "halted", "cancelled", "interrupted"})
"""The states in which an execution is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was not simply allowed.

    Amounts are Decimal dollars for budgets in `usd` and whole numbers for every other unit.
    """

    source: str
    effect: str
    code: str
    message: str
    policy: str | None = None
    version: int | None = None
    rule: str | None = None
    budget: str | None = None
    unit: str | None = None
    limit: Decimal | int | None = None
    reserved: Decimal | int | None = None
    spent: Decimal | int | None = None
    asked: Decimal | int | None = None

    @classmethod
    def of(cls, answer: Document) -> "Reason":
        return cls(
            source=str(answer.get("source", "")),
            effect=str(answer.get("effect", "")),
            code=str(answer.get("code", "")),
            message=str(answer.get("message", "")),
            policy=answer.get("policy"),
            version=answer.get("version"),
            rule=answer.get("rule"),
            budget=answer.get("budget"),
            unit=answer.get("unit"),
            limit=amount(answer.get("limit")),
            reserved=amount(answer.get("reserved")),
            spent=amount(answer.get("spent")),
            asked=amount(answer.get("asked")),
        )

    def __str__(self) -> str:
        if self.policy:
            return f"{self.message} (policy {self.policy}, rule {self.rule})"
        if self.budget:
            return f"{self.message} (budget {self.budget})"
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a decision is written: entry `seq` of `stream`, and the digest that entry has."""

    stream: str
    seq: int
    digest: str

    @classmethod
    def of(cls, answer: Document) -> "Receipt":
        return cls(stream=answer["stream"], seq=answer["seq"], digest=answer["digest"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person who is asked. `state` is pending, granted, refused, expired, lapsed or used."""

    id: str
    state: str
    expires_in_seconds: int | None = None

    @classmethod
    def of(cls, answer: Document) -> "Approval":
        return cls(id=answer["id"], state=answer["state"], expires_in_seconds=answer.get("expires_in_seconds"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about one action: `seq` is its number in the execution."""

    seq: int
    verdict: str
    state: str
    reasons: tuple[Reason, ...]
    governance_state: str
    approval: Approval | None
    receipt: Receipt

    @classmethod
    def of(cls, answer: Document) -> "Decision":
        approval = answer.get("approval")
        return cls(
            seq=answer["seq"],
            verdict=answer["verdict"],
            state=answer["state"],
            reasons=reasons(answer),
            governance_state=answer["governance_state"],
            approval=Approval.of(approval) if approval else None,
            receipt=Receipt.of(answer["receipt"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Where an execution's record ends: its number of entries and the digest of the last."""

    entries: int
    head: str

    @classmethod
    def of(cls, answer: Document | None) -> "Record | None":
        return cls(entries=answer["entries"], head=answer["head"]) if answer else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an execution ended, or how this process was told to end it.

    `state` is None where it is not over for Waxell: then this process is leaving, and closes it.
    """

    code: str
    message: str
    state: str | None = None
    reasons: tuple[Reason, ...] = ()
    record: Record | None = None


def reasons(answer: Document) -> tuple[Reason, ...]:
    """The reasons of an answer, the one that binds first."""
    return tuple(Reason.of(reason) for reason in answer.get("reasons") or ())


def amount(value: object) -> Decimal | int | None:
    """Dollars come as decimal text, everything else as a whole number."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    return value if isinstance(value, int | Decimal) else None
