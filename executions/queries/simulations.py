"""Simulations as their pages show them."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from executions.domain.simulating import TRANSITIONS, Transition
from executions.models import Simulation, SimulationExample

LATEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """How many decisions of an agent in a workflow would change, and how many of those would newly be let through."""

    agent: str
    workflow: str
    changed: int
    let_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What all parts of a simulation found so far.

    `by_transition` is in the order of its reading, `affected` begins where most would newly be
    let through. `begun` says that some worker has taken it up.
    """

    decisions: int
    unjudged: int
    marked: int
    by_transition: dict[Transition, int]
    affected: tuple[Affected, ...]
    begun: bool

    @property
    def changed(self) -> int:
        return sum(self.by_transition.values())

    @property
    def let_through(self) -> int:
        return sum(many for transition, many in self.by_transition.items() if transition.after == "allow")


def of_person(*, policy_id: UUID, person_id: UUID, contents: bool) -> QuerySet[Simulation]:
    """What a person tried, the newest first; without `contents` only what saw no arguments."""
    found = Simulation.objects.filter(policy=policy_id, person=person_id).order_by("-id")
    return found if contents else found.filter(contents=False)


def summed(simulation: Simulation) -> Found:
    """Add up the parts, which should be fetched beforehand."""
    parts = list(simulation.parts.all())
    places: Counter[int] = Counter()
    changed: Counter[tuple[str, str]] = Counter()
    let_through: Counter[tuple[str, str]] = Counter()
    for part in parts:
        places.update({int(place): many for place, many in part.transitions.items()})
        for agent, workflows in part.affected.items():
            for workflow, (many, through) in workflows.items():
                changed[agent, workflow] += many
                let_through[agent, workflow] += through
    affected = (
        Affected(agent=agent, workflow=workflow, changed=many, let_through=let_through[agent, workflow])
        for (agent, workflow), many in changed.items()
    )
    return Found(
        decisions=sum(part.decisions for part in parts),
        unjudged=sum(part.unjudged for part in parts),
        marked=sum(part.marked for part in parts),
        by_transition={TRANSITIONS[place]: places[place] for place in sorted(places)},
        affected=tuple(sorted(affected, key=lambda one: (-one.let_through, -one.changed, one.agent, one.workflow))),
        begun=any(part.stream or part.done for part in parts),
    )


def examples(simulation: Simulation, *, place: int, agent: str = "", workflow: str = "") -> QuerySet[SimulationExample]:
    """The kept decisions that would change in one way, perhaps only some actor's; page them by stream and seq."""
    found = SimulationExample.objects.filter(simulation=simulation, place=place)
    if agent:
        found = found.filter(agent=agent)
    return found.filter(workflow=workflow) if workflow else found
