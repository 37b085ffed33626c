"""The demo's executions: real audits of this machine, one for each way a decision can go."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from executions.demo import project as demo
from executions.domain.wanted import StartWanted
from executions.models import Execution
from executions.services import admission
from executions.services.callers import Caller
from executions.workflows.licence_audit import NAME
from governance.domain.requests import Retry
from governance.models import Person, Project
from waxell.lib import canonical

LABEL: Final = "scene"
SCENES: Final[dict[str, StartWanted]] = {
    "refused at admission": StartWanted(workflow=NAME, agent=demo.AUDITOR, environment="production"),
    "stopped by its budget": StartWanted(workflow=NAME, agent=demo.TRIAL, input={}),
    "one action refused": StartWanted(workflow=NAME, agent=demo.AUDITOR, input={"tidy": True}),
    "completed": StartWanted(workflow=NAME, agent=demo.AUDITOR, input={}),
    # The last, because it keeps its worker while it waits for a person.
    "waiting for a person": StartWanted(workflow=NAME, agent=demo.AUDITOR, input={"publish": True}),
}


def start_missing() -> list[UUID]:
    """Start the scenes that were never started, in order; returns their executions."""
    project = Project.objects.get(slug=demo.SLUG)
    owner = Person.objects.get(email=demo.OWNER)
    caller = Caller(project_id=project.pk, person_id=owner.pk)
    started = Execution.objects.filter(project=project, labels__has_key=LABEL).values_list("labels", flat=True)
    known = {labels[LABEL] for labels in started}
    return [_start(caller, name, wanted) for name, wanted in SCENES.items() if name not in known]


def _start(caller: Caller, name: str, wanted: StartWanted) -> UUID:
    # Two first starts at once are told apart by nobody but the Idempotency-Key.
    retry = Retry(
        caller=caller.stored_as,
        path=f"demo:{caller.project_id}",
        key=name,
        body=canonical.digest_of(name),
    )
    answer = admission.start_execution(caller=caller, wanted=replace(wanted, labels={LABEL: name}), retry=retry)
    return UUID(answer.body["id"])
