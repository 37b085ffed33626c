"""D1: what a caller may not see does not exist for them: same status, same words as for nothing at all."""

import pytest

from tests.factories import make_agent
from tests.stack.api import Api
from tests.stack.fixtures import Bench, make_bench
from tests.stack.routes import Route, furnish, routes, values_of

pytestmark = pytest.mark.process

EVERY = list(routes())
# Of one's own project: what the call makes belongs to the caller.
OWN = [route for route in EVERY if not route.is_collection]


def fingerprint(project: object) -> list[object]:
    """How much there is of everything in a project, and where its rules stand."""
    from executions.models import Execution
    from governance import models
    from waxell.ledger.models import Entry

    kinds = (Execution, Entry, models.ApiKey, models.Agent, models.Policy, models.Budget, models.KillOrder, models.Tool)
    counts: list[object] = [kind.objects.filter(project_id=project.pk).count() for kind in kinds]
    head = models.ProjectHead.objects.get(project_id=project.pk)
    states = list(Execution.objects.filter(project_id=project.pk).order_by("id").values_list("state", "seq"))
    return [*counts, head.number, head.epoch, states]


def answer(api: Api, route: Route, path: str) -> tuple[int, object]:
    response = api.send(route.method, path, route.body)
    return response.status_code, response.json()


def test_every_call_has_a_body_to_test_it_with() -> None:
    assert len(EVERY) > 45
    assert {route.method for route in EVERY} == {"GET", "POST", "PUT"}
    assert all(route.body is not None for route in EVERY if route.method != "GET")


def test_nobody_without_a_key_learns_anything(bench: Bench) -> None:
    things = furnish(bench)
    before = fingerprint(bench.project)
    nobody = Api(http=bench.stack.http)

    for route in EVERY:
        status, problem = answer(nobody, route, route.path(values_of(route, things)))
        assert (str(route), status, problem["code"]) == (str(route), 401, "unauthenticated")
        assert answer(nobody, route, route.nowhere()) == (status, problem)
    assert fingerprint(bench.project) == before


@pytest.mark.parametrize("stranger", ["service", "agent"])
def test_another_projects_key_meets_nothing(bench: Bench, stranger: str) -> None:
    things = furnish(bench)
    theirs = make_bench(bench.stack, agent_slug="stranger")
    api = theirs.governor if stranger == "service" else theirs.scout
    before = fingerprint(bench.project)

    for route in OWN:
        there = answer(api, route, route.path(values_of(route, things)))
        nothing = answer(api, route, route.nowhere())
        assert (str(route), there) == (str(route), nothing)
        # An agent's key is told that governing is not for it, whether there is something or not.
        assert there[0] in ((404,) if stranger == "service" else (403, 404)), route
    for route in EVERY:
        if route.method == "GET" and route.is_collection and stranger == "service":
            shown = str(api.items(route.path({})))
            assert not any(value in shown for values in things.values() for value in values.values() if len(value) > 8)
    assert fingerprint(bench.project) == before


def test_another_agents_key_sees_none_of_the_project(bench: Bench) -> None:
    things = furnish(bench)
    other = bench.key(agent=make_agent(bench.project, "other"))

    for route in OWN:
        there = answer(other, route, route.path(values_of(route, things)))
        if route.template.startswith(("executions/", "approvals/", "agents/", "keys/")):
            assert (str(route), there) == (str(route), answer(other, route, route.nowhere()))
        assert there[0] in (403, 404), route
    for route in EVERY:
        if route.is_collection and not route.name.startswith("execution_"):
            response = other.send(route.method, route.path({}), route.body)
            hidden = ("scout", things["executions"]["execution_id"], things["approvals"]["approval_id"])
            assert response.status_code in (200, 403), route
            assert not any(name in response.text for name in hidden), route
    # What it reached for stands in its project's own stream; nothing else changed.
    assert {item["slug"] for item in bench.governor.items("policies/")} == {"baseline", "held"}


@pytest.mark.parametrize(
    ("scopes", "methods"),
    [(("read",), ("POST", "PUT")), (("execute",), ("PUT",)), (("govern",), ("GET",))],
)
def test_a_key_without_the_scope_is_told_so_where_it_sees(
    bench: Bench, scopes: tuple[str, ...], methods: tuple[str, ...]
) -> None:
    things = furnish(bench)
    api = bench.key(scopes=scopes)
    before = fingerprint(bench.project)

    for route in EVERY:
        # Validating changes nothing: it is reading.
        if route.method in methods and route.name != "policy_validation":
            path = route.path(values_of(route, things))
            assert (str(route), api.send(route.method, path, route.body).status_code) == (str(route), 403)
    assert fingerprint(bench.project) == before
