"""Verdicts, the reasons for them, and which of several causes binds."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"
    DENY = "deny"
    HALT = "halt"


class Effect(StrEnum):
    """What one cause wants; `flag` allows and marks."""

    HALT = "halt"
    DENY = "deny"
    HOLD = "hold"
    FLAG = "flag"


class Source(StrEnum):
    KILL_ORDER = "kill_order"
    ENGINE = "engine"
    LIFECYCLE = "lifecycle"
    POLICY = "policy"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause of a verdict. Amounts are in the budget's unit, `usd` in micro-dollars."""

    source: Source
    effect: Effect
    code: str
    message: str
    policy: str | None = None
    version: int | None = None
    rule: str | None = None
    budget: str | None = None
    unit: str | None = None
    member: str | None = None
    limit: int | None = None
    extra: int | None = None
    reserved: int | None = None
    spent: int | None = None
    overrun: int | None = None
    asked: int | None = None
    kill_order: str | None = None

    def document(self) -> dict[str, object]:
        """The reason as it is answered and recorded: fields without a value are left out."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: str(value) if isinstance(value, StrEnum) else value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """On what terms a person is asked about one hold: by a policy's rule, or by a budget.

    `timeout_seconds` None means the project's setting.
    """

    version: int
    policy: str | None = None
    rule: str | None = None
    budget: str | None = None
    approvers: str | None = None
    quorum: int = 1
    timeout_seconds: int | None = None
    on_refusal: Effect = Effect.DENY


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A person's consent that lifts exactly one hold: of a policy version's rule, or of a budget.

    That it belongs to this agent, workflow, kind, resource and arguments is the caller's to know.
    """

    approval: str
    version: int
    policy: str | None = None
    rule: str | None = None
    budget: str | None = None

    def document(self) -> dict[str, object]:
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows from facts and governance state.

    `reasons` are sorted, the first binds, and none means allow. `flags` mark and `shadow` would
    have fired; neither binds. `holds` are the terms for asking a person, in the order of the hold
    reasons. `grants_used` must be consumed with the append. `diagnostics` are the engine's own
    words for the publisher: they vary between engines and never enter a record.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    flags: tuple[Reason, ...] = ()
    shadow: tuple[Reason, ...] = ()
    holds: tuple[HoldTerms, ...] = ()
    grants_used: tuple[Grant, ...] = ()
    diagnostics: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The decision as it is recorded; the same facts and state give the same bytes."""
        made: dict[str, object] = {
            "verdict": str(self.verdict),
            "reasons": [reason.document() for reason in self.reasons],
        }
        if self.flags:
            made["flags"] = [reason.document() for reason in self.flags]
        if self.shadow:
            made["shadow"] = [reason.document() for reason in self.shadow]
        if self.grants_used:
            made["grants"] = [grant.document() for grant in self.grants_used]
        return made


CAUSES: Final[tuple[frozenset[tuple[Source, Effect]], ...]] = (
    frozenset({(Source.KILL_ORDER, Effect.HALT)}),
    frozenset({(Source.ENGINE, Effect.HALT)}),
    frozenset({(Source.LIFECYCLE, Effect.HALT)}),
    frozenset({(Source.POLICY, Effect.HALT)}),
    frozenset({(Source.BUDGET, Effect.HALT)}),
    frozenset({(Source.ENGINE, Effect.DENY), (Source.POLICY, Effect.DENY)}),
    frozenset({(Source.BUDGET, Effect.DENY)}),
    frozenset({(Source.POLICY, Effect.HOLD), (Source.BUDGET, Effect.HOLD)}),
)
"""The order of causes: all that apply are listed, the first binds.

Kill order > governance error > lifecycle > policy halt > budget halt > not permitted, arguments
that do not fit and policy deny > budget deny > hold > allow.
"""

_RANKS: Final = {cause: rank for rank, causes in enumerate(CAUSES) for cause in causes}
_SOURCES: Final = {source: place for place, source in enumerate(Source)}


def rank(reason: Reason) -> int:
    """Place of a reason in the order of causes; flags come after everything."""
    return _RANKS.get((reason.source, reason.effect), len(CAUSES))


def sort_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons in the one order in which they are ever shown."""
    return tuple(
        sorted(
            reasons,
            key=lambda reason: (
                rank(reason),
                _SOURCES[reason.source],
                reason.policy or "",
                reason.rule or "",
                reason.budget or "",
                reason.member or "",
                reason.kill_order or "",
                reason.code,
            ),
        )
    )


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """Return the verdict that sorted, binding reasons lead to."""
    return Verdict(reasons[0].effect.value) if reasons else Verdict.ALLOW
