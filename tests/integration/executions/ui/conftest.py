"""A project in which an agent works; everything is made by the services of the product."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from executions.domain.wanted import ActionWanted, CloseWanted, ResultWanted, StartWanted, Usage
from executions.models import Execution
from executions.services import admission, gate, lifecycle, results
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.models import Agent, Person, Project
from governance.queries import keys
from tests.factories import make_agent, make_key, make_person, make_project


@dataclass(kw_only=True)
class Run:
    """One execution of an agent, as the agent drives it."""

    caller: Caller
    id: UUID
    answers: list[dict[str, Any]] = field(default_factory=list)

    def asks(self, kind: Kind = Kind.TOOL_CALL, resource: str = "search", **values: Any) -> dict[str, Any]:
        wanted = ActionWanted(fence=1, kind=kind, resource=resource, **values)
        self.answers.append(gate.request_action(caller=self.caller, execution_id=self.id, wanted=wanted).body)
        return self.answers[-1]

    def tells(self, seq: int, *, usd_micros: int | None = None, output: object = None) -> None:
        wanted = ResultWanted(fence=1, status="ok", output=output, usage=Usage(usd_micros=usd_micros))
        results.report_result(caller=self.caller, execution_id=self.id, seq=seq, wanted=wanted)

    def closes(self, outcome: str = "completed", **values: Any) -> None:
        wanted = CloseWanted(fence=1, outcome=outcome, **values)
        lifecycle.close_execution(caller=self.caller, execution_id=self.id, wanted=wanted)

    @property
    def row(self) -> Execution:
        return Execution.objects.get(pk=self.id)


@dataclass(kw_only=True)
class Bench:
    """A project, its owner, an agent, and the agent's key."""

    project: Project
    owner: Person
    agent: Agent
    caller: Caller

    @property
    def actor(self) -> Actor:
        return Actor(person=self.owner.pk)

    def start(self, workflow: str = "errand", **values: Any) -> Run:
        answer = admission.start_execution(caller=self.caller, wanted=StartWanted(workflow=workflow, **values))
        return Run(caller=self.caller, id=UUID(answer.body["id"]), answers=[answer.body])

    def url(self, rest: str = "") -> str:
        return f"/p/{self.project.slug}/{rest}"


@pytest.fixture
def bench(db: None) -> Bench:
    owner = make_person("Alice")
    project = make_project(owner)
    agent = make_agent(project, "scout")
    key_id, secret = keys.split(make_key(project, agent).plain)  # type: ignore[misc]
    return Bench(project=project, owner=owner, agent=agent, caller=Caller(key_id=key_id, secret=secret))


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages name static files whose hashed copies only an installation makes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def alice(bench: Bench, client: Client) -> Client:
    """The owner's browser."""
    client.force_login(bench.owner)
    return client
