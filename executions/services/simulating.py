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
class Affected:
    """How many decisions of an agent in a workflow would change, and how many of those would newly be let through."""

    agent: str
    workflow: str
    changed: int
    let_through: int


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


@dataclass(slots=True, kw_only=True)
class _Tally:
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
            if len(kept) < EXAMPLES_EACH:
                kept.append(Example(recorded=found, tried=tried))

    def affected(self) -> tuple[Affected, ...]:
        found = (
            Affected(agent=agent, workflow=workflow, changed=many, let_through=self.let_through[agent, workflow])
            for (agent, workflow), many in self.changed.items()
        )
        return tuple(sorted(found, key=lambda one: (-one.let_through, -one.changed, one.agent, one.workflow)))


def simulate(
    *, project_id: UUID, draft: Draft, since: datetime, limit: int = DEFAULT_DECISIONS, contents: bool
) -> Simulation:
    """Judge the newest decisions made at `since` or later with the draft; nothing is written.

    Without `contents` the decisions that saw arguments stay unjudged: a rule could otherwise ask
    them for what their reader may not see. Raises PolicyInvalid (with `errors`).
    """
    checked = queries.validate(project_id, draft.text)
    if not checked.valid:
        raise PolicyInvalid(errors=[error.document() for error in checked.errors])
    state_of = lru_cache(maxsize=_KEPT_STATES)(partial(_state, project_id, draft))
    schema_of = partial(schema_named, project_id)
    tally, more = _Tally(), False
    # One more than wanted tells whether there are more.
    for found in recorded(project_id, since=since, limit=limit + 1):
        if tally.decisions == limit:
            more = True
            break
        state = state_of(found.line["state"])
        if state is None or (found.line["facts"]["has_args"] and not contents):
            tally.count(found, None)
            continue
        tally.count(found, simulating.judge(found.line, found.args, draft=draft, state=state, schema_of=schema_of))
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


def _state(project_id: UUID, draft: Draft, digest: str) -> GovernanceState | None:
    """The state that `digest` names with the draft in it; None where this release cannot judge under it."""
    try:
        return simulating.with_draft(states.by_digest(project_id, digest), draft)
    except (NotFound, UnknownEngine, KeyError, ValueError):
        return None
