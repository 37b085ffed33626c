"""D8: an agent's key governs nothing, and no key reaches past the person who answers for it."""

import pytest

from executions.models import Execution
from governance.domain.actors import Actor
from governance.services import rights
from tests.factories import make_agent
from tests.faults.web.test_visibility import fingerprint
from tests.stack.fixtures import Bench
from tests.stack.routes import furnish, routes, values_of

pytestmark = pytest.mark.process

OF_AGENTS = {"execution_collection", "action_collection", "action_result", "heartbeat", "closing", "cancelling"}
GOVERNING = [route for route in routes() if route.method != "GET" and route.name not in OF_AGENTS]


def test_an_agents_key_changes_no_rule_and_no_right(bench: Bench) -> None:
    things = furnish(bench)
    before = fingerprint(bench.project)

    for route in GOVERNING:
        status = bench.scout.send(route.method, route.path(values_of(route, things)), route.body).status_code
        assert (str(route), status in (403, 404)) == (str(route), True)
    assert fingerprint(bench.project) == before


def test_an_agent_starts_as_itself_only(bench: Bench) -> None:
    make_agent(bench.project, "treasurer")
    answers = {
        name: bench.scout.send("POST", "executions/", {"workflow": "errand", "agent": name})
        for name in ("treasurer", "nobody", "scout")
    }

    assert [answer.status_code for answer in answers.values()] == [422, 422, 201]
    # Another agent is as unknown as one that does not exist.
    assert answers["treasurer"].json() == answers["nobody"].json()
    assert not Execution.objects.filter(agent_slug="treasurer").exists()


def test_an_agent_is_never_given_a_key_that_governs(bench: Bench) -> None:
    for scopes in (["govern"], ["execute", "govern"]):
        answer = bench.governor.post("agents/scout/keys/", {"scopes": scopes}, expect=422)
        assert answer["code"] == "scopes_invalid"
    assert len(bench.governor.items("agents/scout/keys/")) == 1


def test_a_governing_key_may_do_what_its_person_may(bench: Bench) -> None:
    things = furnish(bench)
    rights.grant_role(project=bench.project, person=bench.bob, role="viewer", actor=Actor(person=bench.owner.pk))
    api = bench.key(accountable=bench.bob)
    before = fingerprint(bench.project)

    for route in GOVERNING:
        if route.name != "policy_validation":
            status = api.send(route.method, route.path(values_of(route, things)), route.body).status_code
            assert (str(route), status) == (str(route), 403)
    assert fingerprint(bench.project) == before
