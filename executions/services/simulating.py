"""Trying a draft on what happened: the decisions of a period, judged again with its text."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

from executions.domain import simulating
from executions.domain.simulating import Draft, Transition, Tried
from executions.queries.decisions import Recorded, recorded
from executions.queries.replays import schema_named
from executions.queries.simulations import Affected
from governance.domain.manifest import GovernanceState, UnknownEngine
from governance.domain.verdicts import Verdict
from governance.queries import policies as queries
from governance.queries import states
from governance.services.policies import PolicyInvalid
from waxell.lib.errors import NotFound

PERIOD: Final = timedelta(days=1)
"""What is tried on where nobody says since when."""

DEFAULT_DECISIONS: Final = 5_000
MOST_DECISIONS: Final = 20_000
"""How many decisions one call judges: it takes the time of the process that also serves the gate."""

EXAMPLES_EACH: Final = 5
_KEPT_STATES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One decision that would be another."""

    recorded: Recorded
    tried: Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What would have changed among `decisions` looked at, `unjudged` of them without their facts.

    `by_transition` and `examples` (some of each transition, the newest first) are in the order of
    their reading; `affected` begins where most would newly be let through, then where most changes.
    `marked` are those that rules of the draft would only have marked. `more` says that the period
    holds decisions beyond the limit.
    """

    since: datetime
    decisions: int
    unjudged: int
    marked: int
    by_transition: dict[Transition, int]
    examples: tuple[Example, ...]
    affected: tuple[Affected, ...]
    more: bool

    @property
    def changed(self) -> int:
        return sum(self.by_transition.values())


class Trial:
    """A draft made ready to judge recorded decisions: against what was decided then, or against rules in force.

    Without `contents` the decisions that saw arguments stay unjudged: a rule could otherwise ask
    them for what their reader may not see.
    """

    def __init__(self, *, project_id: UUID, draft: Draft, contents: bool, base: GovernanceState | None = None) -> None:
        self._contents = contents
        self._draft = draft
        self._base = base
        self._with_base = simulating.with_draft(base, draft) if base else None
        self._states = lru_cache(maxsize=_KEPT_STATES)(partial(_states, project_id, draft))
        self._schema_of = partial(schema_named, project_id)

    def judge(self, found: Recorded) -> Tried | None:
        """Judge one decision; None where it stays unjudged."""
        if found.line["facts"]["has_args"] and not self._contents:
            return None
        states_of_then = self._states(found.line["state"])
        if states_of_then is None:
            return None
        then, with_draft = states_of_then
        return simulating.judge(
            found.line,
            found.args,
            slug=self._draft.slug,
            then=then,
            before=self._base,
            after=self._with_base or with_draft,
            schema_of=self._schema_of,
        )


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of decisions judged, and some examples of each change; `most` of each at most."""

    most: int = EXAMPLES_EACH
    decisions: int = 0
    unjudged: int = 0
    marked: int = 0
    transitions: Counter[Transition] = field(default_factory=Counter)
    examples: dict[Transition, list[Example]] = field(default_factory=dict)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    let_through: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, found: Recorded, tried: Tried | None) -> None:
        self.decisions += 1
        if tried is None:
            self.unjudged += 1
            return
        self.marked += tried.marked
        if tried.changed:
            self.transitions[tried.transition] += 1
            facts = found.line["facts"]
            acting = (facts["principal"]["slug"], facts["execution"]["workflow"])
            self.changed[acting] += 1
            self.let_through[acting] += tried.transition.after is Verdict.ALLOW
            kept = self.examples.setdefault(tried.transition, [])
            if len(kept) < self.most:
                kept.append(Example(recorded=found, tried=tried))

    def affected(self) -> tuple[Affected, ...]:
        found = (
            Affected(agent=agent, workflow=workflow, changed=many, let_through=self.let_through[agent, workflow])
            for (agent, workflow), many in self.changed.items()
        )
        return tuple(sorted(found, key=lambda one: (-one.let_through, -one.changed, one.agent, one.workflow)))


def check(project_id: UUID, text: str) -> None:
    """Refuse a text that cannot be published: raises PolicyInvalid (with `errors`)."""
    checked = queries.validate(project_id, text)
    if not checked.valid:
        raise PolicyInvalid(errors=[error.document() for error in checked.errors])


def simulate(
    *, project_id: UUID, draft: Draft, since: datetime, limit: int = DEFAULT_DECISIONS, contents: bool
) -> Simulation:
    """Judge the newest decisions made at `since` or later with the draft; nothing is written.

    Without `contents` the decisions that saw arguments stay unjudged. Raises PolicyInvalid (with `errors`).
    """
    check(project_id, draft.text)
    trial, tally, more = Trial(project_id=project_id, draft=draft, contents=contents), Tally(), False
    # One more than wanted tells whether there are more.
    for found in recorded(project_id, since=since, limit=limit + 1):
        if tally.decisions == limit:
            more = True
            break
        tally.count(found, trial.judge(found))
    ordered = simulating.in_order(tally.transitions)
    return Simulation(
        since=since,
        decisions=tally.decisions,
        unjudged=tally.unjudged,
        marked=tally.marked,
        by_transition={transition: tally.transitions[transition] for transition in ordered},
        examples=tuple(example for transition in ordered for example in tally.examples[transition]),
        affected=tally.affected(),
        more=more,
    )


def _states(project_id: UUID, draft: Draft, digest: str) -> tuple[GovernanceState, GovernanceState] | None:
    """The state that `digest` names, and with the draft in it; None where this release cannot judge under it."""
    try:
        then = states.by_digest(project_id, digest)
        return then, simulating.with_draft(then, draft)
    except (NotFound, UnknownEngine, KeyError, ValueError):
        return None
