"""The stack of this test run, and a project in it for each test; after it every invariant holds there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from governance.models import Agent, Person, Project
from tests.factories import make_agent, make_key, make_person, make_project
from tests.stack.api import Api, Run, start
from tests.stack.running import Stack

_STACK = pytest.StashKey[Stack | None]()


@dataclass(slots=True, kw_only=True)
class Bench:
    """A project of Alice's; Bob answers for its agent `scout`, so that Alice may decide what it asks."""

    stack: Stack
    project: Project
    owner: Person
    bob: Person
    agent: Agent
    scout: Api
    governor: Api

    def start(self, workflow: str = "errand", **more: Any) -> Run:
        return start(self.scout, workflow, **more)

    def another_agent(self, slug: str = "other", **values: Any) -> Api:
        agent = make_agent(self.project, slug)
        return self.key(agent=agent, **values)

    def key(self, **values: Any) -> Api:
        """A caller with a new key of the project."""
        return Api(http=self.stack.http, key=make_key(self.project, **values).plain)


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Stack:
    """The Waxell of this test run, started by the first test that needs it."""
    # Not a session fixture: each conftest that imports it would start one of its own.
    stash = request.config.stash
    if _STACK not in stash:
        # What does not start once is not tried again by every test.
        stash[_STACK] = None
        stash[_STACK] = made = Stack.start()
        request.config.add_cleanup(made.stop)
    found = stash[_STACK]
    if found is None:
        pytest.fail("Waxell did not start; an earlier test tells why.")
    return found


@pytest.fixture
def looking(stack: Stack, django_db_blocker: Any) -> Iterator[None]:
    """Django's models, in this test, are those of the stack."""
    with django_db_blocker.unblock(), stack.looked_into():
        yield


@pytest.fixture
def bench(stack: Stack, looking: None, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A project of this test's own."""
    made = make_bench(stack)
    known = len(stack.server_errors())
    yield made
    check(made.project)
    # I10: nothing that was asked is answered with a 5xx, unless the test broke the database.
    if request.node.get_closest_marker("breaks_database") is None:
        assert stack.server_errors()[known:] == []


def make_bench(stack: Stack, *, agent_slug: str = "scout") -> Bench:
    """A project with an owner, an agent and their keys."""
    owner, bob = make_person("Alice"), make_person("Bob")
    project = make_project(owner)
    agent = make_agent(project, agent_slug)
    return Bench(
        stack=stack,
        project=project,
        owner=owner,
        bob=bob,
        agent=agent,
        scout=Api(http=stack.http, key=make_key(project, agent, accountable=bob).plain),
        governor=Api(http=stack.http, key=make_key(project).plain),
    )


def check(project: Project) -> None:
    """What must always be true is true of this project."""
    from executions.queries.invariants import Part, check_invariants

    assert [str(violation) for violation in check_invariants(Part(project_id=project.pk))] == []
