from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.models import Agent, ApiKey, Project, StoredAnswer
from governance.services import rights
from tests.factories import make_agent, make_key, make_person, make_policy, make_project

pytestmark = pytest.mark.django_db

type Api = Callable[[str], APIClient]
SYSTEM = Actor(system="test")
PATHS = ["policies/", "budgets/", "agents/", "keys/", "workflows/", "tools/", "models/"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_there_is_no_answer(path: str) -> None:
    answer = APIClient().get(f"/api/v1/{path}")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "Bearer" in answer["www-authenticate"]


def test_a_key_may_come_in_either_header_and_never_in_the_address(project: Project) -> None:
    plain = make_key(project).plain

    assert APIClient(headers={"X-Wax-Key": plain}).get("/api/v1/policies/").status_code == 200
    refused = APIClient(headers={"X-Wax-Key": plain}).get(f"/api/v1/policies/?key={plain}")
    assert (refused.status_code, refused.json()["code"]) == (400, "key_in_address")


@pytest.mark.parametrize("path", PATHS)
def test_a_key_with_the_wrong_scope_is_refused(project: Project, api: Api, path: str) -> None:
    governs, reads = make_key(project, scopes=["govern"]).plain, make_key(project, scopes=["read"]).plain

    assert api(governs).get(f"/api/v1/{path}").status_code == 403
    assert api(reads).get(f"/api/v1/{path}").status_code == 200


def test_a_read_key_changes_nothing(project: Project, api: Api) -> None:
    answer = api(make_key(project, scopes=["read"]).plain).post("/api/v1/agents/", {"slug": "a", "name": "A"})

    assert answer.status_code == 403
    assert not Agent.objects.exists()


def test_a_govern_key_has_no_more_rights_than_its_person(project: Project, api: Api) -> None:
    bob = make_person("Bob")
    rights.grant_role(project=project, person=bob, role="budget_owner", actor=SYSTEM)
    client = api(make_key(project, scopes=["read", "govern"], accountable=bob).plain)

    assert client.post("/api/v1/policies/", {"slug": "p", "name": "P", "text": "x"}).status_code == 403
    assert client.post("/api/v1/policies/baseline/retire/", {}).status_code == 403


def test_what_belongs_to_another_project_does_not_exist(governor: APIClient) -> None:
    other = make_project()
    agent, key = make_agent(other), make_key(other).key
    policy = make_policy(other, publish=False)

    for path in (f"agents/{agent.slug}/", f"keys/{key.pk}/", f"policies/{policy.slug}/"):
        assert governor.get(f"/api/v1/{path}").status_code == 404
    assert governor.post(f"/api/v1/keys/{key.pk}/revoke/", {}).status_code == 404
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


def test_an_agents_key_sees_itself_only(project: Project, api: Api) -> None:
    make_agent(project, slug="other")
    client = api(make_key(project, make_agent(project)).plain)

    assert [item["slug"] for item in client.get("/api/v1/agents/").json()["items"]] == ["scout"]
    assert len(client.get("/api/v1/keys/").json()["items"]) == 1
    assert client.get("/api/v1/agents/other/").status_code == 404
    assert client.get("/api/v1/policies/").status_code == 403
    assert client.get("/api/v1/policies/baseline/").status_code == 404


def test_a_new_key_works_and_is_shown_once(governor: APIClient, api: Api) -> None:
    governor.post("/api/v1/agents/", {"slug": "scout", "name": "Scout", "teams": ["reds"]})
    url, body, retry = "/api/v1/agents/scout/keys/", {"scopes": ["execute", "read"]}, {"Idempotency-Key": "k1"}

    first = governor.post(url, body, headers=retry)
    again = governor.post(url, body, headers=retry)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again["idempotency-replayed"] == "true"
    assert again.json() == {**first.json(), "key": None}
    assert ApiKey.objects.filter(agent__slug="scout").count() == 1
    assert first.json()["key"].encode() not in bytes(StoredAnswer.objects.get().body)
    assert api(first.json()["key"]).get("/api/v1/agents/scout/").json()["teams"] == ["reds"]


def test_a_revoked_key_is_refused_at_once(governor: APIClient, project: Project, api: Api) -> None:
    issued = make_key(project, make_agent(project))

    revoked = governor.post(f"/api/v1/keys/{issued.key.pk}/revoke/", {})

    assert revoked.json()["revoked_at"]
    assert api(issued.plain).get("/api/v1/agents/").status_code == 401
    assert governor.post(f"/api/v1/keys/{issued.key.pk}/revoke/", {}).json()["code"] == "key_not_in_force"


def test_a_key_past_its_rate_is_told_to_wait(project: Project, api: Api) -> None:
    client = api(make_key(project, requests_per_minute=2).plain)

    answers = [client.get("/api/v1/agents/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["retry-after"]) <= 60
