"""Trying a draft over REST."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from governance.access import Permission
from governance.domain.actors import Actor
from governance.models import Membership, Policy, Project
from governance.services import object_rights, rights
from tests.factories import make_agent, make_key, make_person, make_tool
from tests.factories.drafts import SCHEMA, rule
from tests.factories.executions import Run, start

pytestmark = pytest.mark.django_db


def client(plain: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {plain}"})


def address(policy: Policy) -> str:
    return f"/api/v1/policies/{policy.slug}/simulate/"


@pytest.fixture
def governor(project: Project) -> APIClient:
    return client(make_key(project).plain)


def test_the_answer_is_the_contracts(governor: APIClient, draft: Callable[..., Policy], run: Run) -> None:
    run.ask("mail")

    answer = governor.post(address(draft(rule(effect="halt"))), {}, format="json")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["decisions"], body["unjudged"], body["changed"], body["marked"], body["more"]) == (2, 0, 1, 0, False)
    assert body["by_transition"] == {"allow->halt": 1}
    assert [(one["changed"], one["let_through"]) for one in body["affected"]] == [(1, 0)]
    (example,) = body["examples"]
    assert (example["execution"], example["seq"], example["before"], example["after"]) == (
        str(run.id),
        2,
        "allow",
        "halt",
    )
    assert example["was"] is None
    assert example["reason"]["rule"] == "no-mail"
    assert example["action"] == {"kind": "tool.call", "resource": "mail"}


def test_a_text_is_tried_instead_of_the_draft_and_since_and_limit_narrow(
    governor: APIClient, draft: Callable[..., Policy], run: Run
) -> None:
    run.ask("search")
    policy = draft(rule("mail"))

    other = governor.post(address(policy), {"text": rule("search"), "limit": 1}, format="json").json()
    future = governor.post(address(policy), {"since": "2099-01-01T00:00:00Z"}, format="json").json()

    assert (other["decisions"], other["by_transition"], other["more"]) == (1, {"allow->deny": 1}, True)
    assert future["decisions"] == 0


def test_a_wrong_text_is_refused_as_publishing_refuses_it(governor: APIClient, draft: Callable[..., Policy]) -> None:
    answer = governor.post(address(draft(rule())), {"text": "forbid"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "policy_invalid")
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    "body", [{"limit": 0}, {"limit": 20_001}, {"limit": "5"}, {"since": "yesterday"}, {"since": 5}, {"until": "now"}]
)
def test_a_wrong_body_is_refused(governor: APIClient, draft: Callable[..., Policy], body: dict[str, object]) -> None:
    assert governor.post(address(draft(rule())), body, format="json").status_code == 400


def test_only_who_may_author_tries(project: Project, draft: Callable[..., Policy], run: Run) -> None:
    policy = draft(rule())
    viewer = make_person("Victor")
    rights.grant_role(project=project, person=viewer, role=Membership.Role.VIEWER, actor=Actor(system="test"))

    def status(plain: str) -> int:
        return client(plain).post(address(policy), {}, format="json").status_code

    assert status(make_key(project, accountable=viewer).plain) == 403
    assert status(make_key(project, scopes=("read",)).plain) == 403
    assert status(make_key(project, make_agent(project)).plain) == 404


def test_the_right_on_one_policy_shows_no_decisions(project: Project, draft: Callable[..., Policy], run: Run) -> None:
    policy, editor = draft(rule()), make_person("Ed")
    key = make_key(project, accountable=editor).plain
    object_rights.give(obj=policy, person=editor, permission=Permission.AUTHOR_POLICIES, actor=Actor(system="test"))

    answer = client(key).post(address(policy), {}, format="json")

    assert answer.status_code == 403
    assert "decisions" not in answer.json()


def test_an_author_who_may_not_see_contents_learns_nothing_of_arguments(
    project: Project, draft: Callable[..., Policy]
) -> None:
    make_tool(project, "pay", schema=SCHEMA)
    start(project).ask("pay", args={"amount": 500})
    author = make_person("Arthur")
    rights.grant_role(project=project, person=author, role=Membership.Role.AUTHOR, actor=Actor(system="test"))
    text = rule("pay", when=" when { context has args }")

    answer = client(make_key(project, scopes=("read", "govern"), accountable=author).plain).post(
        address(draft(text)), {}, format="json"
    )

    assert (answer.status_code, answer.json()["unjudged"], answer.json()["changed"]) == (200, 1, 0)
