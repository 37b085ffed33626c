"""A worker to drive executions with: a process forked from the test, as a pool child would be."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from executions.domain.wanted import StartWanted
from executions.models import Execution
from executions.runner import driving
from executions.runner.children import Child, fork
from executions.services import admission, doorbell
from executions.services.callers import Caller
from governance.models import Project
from tests.factories import make_agent, make_person, make_project, make_workflow
from tests.factories.governance import owner_of

type Worker = Callable[[UUID], Child]
type Start = Callable[..., UUID]


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The doorbell without a broker: what it was told to ring for."""
    rung: list[str] = []

    def send_task(name: str, args: list[str]) -> None:
        rung.extend(args)

    monkeypatch.setattr(doorbell.current_app, "send_task", send_task)
    return rung


@pytest.fixture
def project(transactional_db: None, rings: list[str]) -> Project:
    made = make_project(make_person("Alice"))
    make_agent(made)
    return made


@pytest.fixture
def start(project: Project) -> Start:
    """Start a worker's workflow, registering it on first use; returns the execution."""

    def begin(workflow: str, *, within: Project = project, attempts: int = 1, **given: Any) -> UUID:
        if not within.workflows.filter(slug=workflow).exists():
            make_workflow(within, workflow, kind="worker", max_attempts=attempts)
        caller = Caller(project_id=within.pk, person_id=owner_of(within).pk)
        wanted = StartWanted(workflow=workflow, agent="scout", **given)
        return UUID(admission.start_execution(caller=caller, wanted=wanted).body["id"])

    return begin


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Begin driving in a process of its own, which is gone after the test."""
    begun: list[Child] = []

    def begin(execution_id: UUID) -> Child:
        child = fork(lambda: 0 if driving.drive_next(preferred=execution_id, worker="test") else 1)
        begun.append(child)
        return child

    yield begin
    for child in begun:
        if child.status is None:
            child.stop()


def state_of(execution_id: UUID) -> str:
    return Execution.objects.values_list("state", flat=True).get(pk=execution_id)
