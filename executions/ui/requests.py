"""Held actions in the words of those who decide about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from executions.queries import escalations
from executions.queries.records import Written
from executions.queries.requests import Past, Request
from executions.ui import wording
from executions.ui.causes import Cause, causes
from governance.models import Approval, ApprovalStep
from governance.ui.wording import amount

ESTIMATED: Final = (("usd_micros", "usd"), ("tokens", "tokens"), ("seconds", "seconds"))
"""Members of an estimate, each with its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One waiting approval as the inbox shows it. `sent` is the beginning of its arguments, cut unless `whole`."""

    approval: Approval
    why: tuple[Cause, ...]
    requester: str
    cost: str
    budgets: tuple[tuple[str, str], ...]
    sent: str
    whole: bool
    past: Past
    alike: int = 0

    @property
    def granted(self) -> int:
        return granted(self.approval)


def card(approval: Approval, request: Request | None, *, alike: int = 0) -> Card:
    """Tell of one waiting approval; `alike` is how many others can be decided together with it."""
    facts: Mapping[str, Any] = request.facts if request else {}
    sent = request.content if request else None
    return Card(
        approval=approval,
        why=causes(request.reasons, units(facts)) if request else (),
        requester=request.requester if request else "",
        cost=cost(facts),
        budgets=budgets(facts),
        sent=wording.visible(sent.decode("utf-8", "ignore")) if sent else "",
        whole=request.whole if request else True,
        past=request.past if request else Past(),
        alike=alike,
    )


def granted(approval: Approval) -> int:
    """Return how many have agreed; the votes are loaded."""
    return sum(vote.decision == "grant" for vote in approval.votes.all())


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLater:
    """A group that is asked as well: since `at` where that was `taken`, else from then on."""

    group: str
    at: datetime
    taken: bool


def asked_later(approval: Approval) -> list[AskedLater]:
    """Return the groups that time asks, those asked already first; the steps are loaded."""
    taken = [
        AskedLater(group=step.group, at=step.taken_at, taken=True)
        for step in approval.steps.all()
        if step.kind == ApprovalStep.Kind.ESCALATED
    ]
    if approval.state != Approval.State.PENDING:
        return taken
    known = {step.group for step in taken}
    coming = (step for step in escalations.of(approval) if step.group not in known)
    return taken + [AskedLater(group=step.group, at=step.at, taken=False) for step in coming]


def units(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the unit of each budget that was looked at, by its name."""
    return {row["budget"]: row["unit"] for row in facts.get("budgets", ())}


def cost(facts: Mapping[str, Any]) -> str:
    """Return what the agent says that it will use: `$0.40, 1,200 tokens`; empty where it says nothing."""
    estimate = facts.get("estimate", {})
    return ", ".join(amount(unit, estimate[name]) for name, unit in ESTIMATED if estimate.get(name) is not None)


def budgets(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return each budget that a grant draws on, and its numbers when the action was asked for."""
    return tuple((row["budget"], wording.budget_numbers(row, row["unit"])) for row in facts.get("budgets", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One earlier action of the same execution."""

    entry: Written

    @property
    def what(self) -> str:
        action = self.entry.body["action"]
        return f"{action['kind']} {wording.visible(action['resource'])}"


def comments(entries: Sequence[Written]) -> dict[str, str]:
    """Return what people wrote beside their votes, by the person's id; entries by a key name no person."""
    said: dict[str, str] = {}
    for entry in entries:
        text = next((bytes(row.content) for row in entry.payloads if row.name == "comment"), None)
        votes = entry.body.get("votes", ())
        if text and votes:
            said[votes[-1]["person"]] = wording.visible(str(orjson.loads(text)))
    return said
