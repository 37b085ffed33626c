"""Simulations: drafts tried on the decisions of a whole period, by the workers, in pieces that anyone may take up.

How far each part is stands in its row. A worker judges a piece, then writes what it found and the new
place at once, if nobody else did: a piece counts once, whoever dies or is rung twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from executions.domain import simulating as domain
from executions.domain.simulating import Draft
from executions.models import Simulation, SimulationExample, SimulationPart
from executions.queries import decisions
from executions.queries.decisions import Place, Share
from executions.services import doorbell, simulating
from executions.services.simulating import Example, Tally, Trial
from governance.models import Person, Policy
from governance.queries import states
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict

TASK: Final = "executions.simulate"
PARTS: Final = 2
"""Into how many shares the executions are dealt: so many processors may work at once."""

PIECE: Final = 2_000
"""How many decisions are judged between two writes: less than a second of work."""

KEPT_EACH: Final = 1_000
"""How many examples of each change a part keeps, the newest."""

MOST_RUNNING: Final = 2
"""Of one person in one project."""

RING_AGAIN: Final = timedelta(seconds=20)
LOST_AFTER: Final = timedelta(minutes=15)
KEPT_FOR: Final = timedelta(days=7)
_AT_ONCE: Final = 100


class TooManySimulations(Conflict):
    """You are trying other drafts already: wait until one is done, or cancel it."""

    code = "too_many_simulations"


def start(*, policy: Policy, person: Person, since: datetime, contents: bool, in_force: bool = False) -> Simulation:
    """Begin to try the draft of `policy` on the decisions made at `since` or later, until now.

    It is compared with what was decided then, or with the rules that are now `in_force`.
    Raises PolicyInvalid (with `errors`), TooManySimulations.
    """
    simulating.check(policy.project_id, policy.draft_text)
    base = states.in_force(policy.project_id).digest if in_force else ""
    with transaction.atomic():
        now = _now()
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        running = Simulation.objects.filter(project=policy.project_id, person=person, state="running")
        if running.count() >= MOST_RUNNING:
            raise TooManySimulations()
        made = Simulation.objects.create(
            project_id=policy.project_id,
            policy=policy,
            person=person,
            text=policy.draft_text,
            mode=policy.mode,
            base=base,
            since=since,
            until=now,
            contents=contents,
            began_at=now,
        )
        SimulationPart.objects.bulk_create(
            SimulationPart(simulation=made, number=number, worked_at=now, rung_at=now) for number in range(PARTS)
        )
        _ring(made.parts.values_list("pk", flat=True))
    return made


def go_on(part_id: int) -> bool:
    """Judge the next piece of a part; False where nothing is left to do. Safe to call twice."""
    part = SimulationPart.objects.select_related("simulation__policy").filter(pk=part_id).first()
    if part is None or part.done or part.simulation.state != Simulation.State.RUNNING:
        return False
    simulation = part.simulation
    if simulation.expected is None:
        expected = decisions.expected(simulation.project_id, since=simulation.since)
        Simulation.objects.filter(pk=simulation.pk).update(expected=expected)
    tally, last = Tally(most=PIECE), None
    trial = _trial(simulation.pk)
    behind = Place(stream=part.stream, seq=part.seq or 0) if part.stream else decisions.NEWEST
    for found in decisions.recorded(
        simulation.project_id,
        since=simulation.since,
        until=simulation.until,
        limit=PIECE,
        behind=behind,
        share=Share(number=part.number, many=PARTS),
    ):
        tally.count(found, trial.judge(found))
        last = Place(stream=found.execution, seq=found.seq)
    return _keep(part, tally, last)


def cancel(simulation: Simulation) -> bool:
    """End a simulation; what was found stays. False where it had ended."""
    return _end(Simulation.objects.filter(pk=simulation.pk), Simulation.State.CANCELLED) > 0


def ring_again() -> int:
    """Ring for the parts that no worker goes on with; end those that none did for long. Returns how many were rung."""
    now = _now()
    forgotten = SimulationPart.objects.filter(done=False, worked_at__lt=now - LOST_AFTER).values("simulation")
    _end(Simulation.objects.filter(pk__in=forgotten), Simulation.State.LOST)
    waiting = SimulationPart.objects.filter(
        done=False, simulation__state="running", worked_at__lt=now - RING_AGAIN, rung_at__lt=now - RING_AGAIN
    )
    late = list(waiting.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    SimulationPart.objects.filter(pk__in=late).update(rung_at=now)
    _ring(late)
    return len(late)


def forget() -> int:
    """Delete simulations that nobody looks at any more; returns how many rows."""
    old = Simulation.objects.filter(began_at__lt=_now() - KEPT_FOR).order_by("pk").values("pk")[:_AT_ONCE]
    return Simulation.objects.filter(pk__in=old).delete()[0]


@lru_cache(maxsize=8)
def _trial(simulation_id: UUID) -> Trial:
    """The trial of a simulation, whose text and base never change; what it compiled serves the next piece, too."""
    simulation = Simulation.objects.select_related("policy").get(pk=simulation_id)
    return Trial(
        project_id=simulation.project_id,
        draft=Draft(slug=simulation.policy.slug, text=simulation.text, mode=simulation.mode),
        contents=simulation.contents,
        base=states.by_digest(simulation.project_id, simulation.base) if simulation.base else None,
    )


def _keep(part: SimulationPart, tally: Tally, last: Place | None) -> bool:
    """Write what a piece gave, if the part is where it was; tells whether there is more to do."""
    done = tally.decisions < PIECE
    with transaction.atomic():
        # In this order everywhere: the last of two parts to end sees that the other has.
        running = Simulation.objects.select_for_update(no_key=True).filter(pk=part.simulation_id, state="running")
        if not running.exists():
            return False
        now = _now()
        kept = SimulationPart.objects.filter(pk=part.pk, done=False, stream=part.stream, seq=part.seq)
        if part.stream is None:
            kept = SimulationPart.objects.filter(pk=part.pk, done=False, stream__isnull=True)
        moved = kept.update(
            **({"stream": last.stream, "seq": last.seq} if last else {}),
            done=done,
            decisions=part.decisions + tally.decisions,
            unjudged=part.unjudged + tally.unjudged,
            marked=part.marked + tally.marked,
            transitions=_transitions(part.transitions, tally),
            affected=_affected(part.affected, tally),
            worked_at=now,
        )
        if not moved:
            return False
        SimulationExample.objects.bulk_create(_examples(part, tally))
        if done and not SimulationPart.objects.filter(simulation=part.simulation_id, done=False).exists():
            _end(Simulation.objects.filter(pk=part.simulation_id), Simulation.State.DONE)
    return not done


def _transitions(before: dict[str, int], tally: Tally) -> dict[str, int]:
    found = {str(domain.place_of(transition)): many for transition, many in tally.transitions.items()}
    return {place: before.get(place, 0) + found.get(place, 0) for place in before.keys() | found.keys()}


def _affected(before: dict[str, dict[str, list[int]]], tally: Tally) -> dict[str, dict[str, list[int]]]:
    made = {agent: dict(workflows) for agent, workflows in before.items()}
    for one in tally.affected():
        changed, let_through = made.setdefault(one.agent, {}).get(one.workflow, [0, 0])
        made[one.agent][one.workflow] = [changed + one.changed, let_through + one.let_through]
    return made


def _examples(part: SimulationPart, tally: Tally) -> Iterable[SimulationExample]:
    for transition, examples in tally.examples.items():
        place = domain.place_of(transition)
        room = max(0, KEPT_EACH - part.transitions.get(str(place), 0))
        yield from (_example(part, place, example) for example in examples[:room])


def _example(part: SimulationPart, place: int, example: Example) -> SimulationExample:
    facts: dict[str, Any] = example.recorded.line["facts"]
    return SimulationExample(
        simulation_id=part.simulation_id,
        place=place,
        stream=example.recorded.execution,
        seq=example.recorded.seq,
        decided_at=example.recorded.at,
        agent=facts["principal"]["slug"],
        workflow=facts["execution"]["workflow"],
        kind=facts["kind"],
        resource=facts["resource"]["id"],
        was=example.tried.was,
        reason=example.tried.reason,
    )


def _end(simulations: Any, state: Simulation.State) -> int:
    ended: int = simulations.filter(state="running").update(state=state, ended_at=_now())
    return ended


def _ring(parts: Iterable[int]) -> None:
    for part_id in parts:
        doorbell.ring_for(TASK, part_id)


def _now() -> datetime:
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    return now
