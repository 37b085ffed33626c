"""A draft tried on every decision that the benchmark made, by the workers that `manage.py up` starts."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bench.stage import Stage

PATIENCE_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 0.05
# Some decisions change, most do not; their examples are written, too.
DRAFT: Final = """@id("patience") @message("Not so much at once.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource)
when { context.execution.actions < 20 };"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """So many decisions judged again in so many seconds; `changed` of them would have been others."""

    what: str
    decisions: int
    changed: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.decisions / self.seconds


def measure(built: Stage) -> list[Simulated]:
    """Try a draft against what was decided, and against the rules in force. Django must be set up."""
    with built.running("worker"):
        # Cold processes would be measured otherwise.
        _simulate("warming up", in_force=False)
        return [
            _simulate("against what was decided", in_force=False),
            _simulate("against the rules in force", in_force=True),
        ]


def _draft() -> tuple[Any, Any]:
    from governance.domain.actors import Actor
    from governance.models import Person, Policy, Project
    from governance.services import policies

    project, owner = Project.objects.get(slug="bench"), Person.objects.get(email="bench@example.org")
    found = Policy.objects.filter(project=project, slug="draft").first()
    if found is None:
        found = policies.create(project=project, actor=Actor(person=owner.pk), slug="draft", name="Draft", text=DRAFT)
    return found, owner


def _simulate(what: str, *, in_force: bool) -> Simulated:
    from executions.models import Simulation
    from executions.queries import simulations as queries
    from executions.services import simulations

    policy, owner = _draft()
    begun = simulations.start(
        policy=policy, person=owner, since=datetime(2000, 1, 1, tzinfo=UTC), contents=True, in_force=in_force
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while (row := Simulation.objects.prefetch_related("parts").get(pk=begun.pk)).ended_at is None:
        if time.monotonic() > until:
            raise RuntimeError("The workers did not come to an end.")
        time.sleep(LOOK_SECONDS)
    found = queries.summed(row)
    if row.state != Simulation.State.DONE or not found.changed:
        raise SystemExit(f"The simulation is {row.state} with {found.changed} changes: this is no figure.")
    # What could not be judged costs next to nothing: it does not count.
    judged = found.decisions - found.unjudged
    return Simulated(
        what=what, decisions=judged, changed=found.changed, seconds=(row.ended_at - row.began_at).total_seconds()
    )
