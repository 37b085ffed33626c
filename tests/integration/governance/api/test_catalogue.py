import pytest
from rest_framework.test import APIClient

from governance.domain.kinds import Kind
from governance.models import Project, Tool
from governance.queries import states
from governance.services import catalogue
from tests.factories import make_person
from tests.factories.governance import owner_of

pytestmark = pytest.mark.django_db

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("workflows", {"slug": "errand", "kind": "worker"}),
        ("tools", {"slug": "mail", "groups": ["outgoing"]}),
        ("models", {"slug": "openai/gpt-5", "provider": "openai"}),
    ],
)
def test_a_name_is_registered_listed_and_taken(governor: APIClient, path: str, body: dict[str, object]) -> None:
    url = f"/api/v1/{path}/"

    made = governor.post(url, body)

    assert made.status_code == 201
    assert made.json().items() >= {**body, "discovered": False}.items()
    assert governor.get(f"{url}{body['slug']}/").json() == made.json()
    assert governor.get(url).json() == {"items": [made.json()], "next": None}
    assert governor.post(url, body).json()["code"] == "name_taken"
    assert governor.get(f"{url}ghost/").status_code == 404


def test_a_discovered_name_is_adopted_by_registering_it(governor: APIClient, project: Project) -> None:
    assert catalogue.discover(project_id=project.pk, kind=Kind.TOOL_CALL, slug="mail")
    assert not catalogue.discover(project_id=project.pk, kind=Kind.NETWORK_REQUEST, slug="example.org")
    assert governor.get("/api/v1/tools/mail/").json()["discovered"]

    assert governor.post("/api/v1/tools/", {"slug": "mail", "schema": SCHEMA}).status_code == 201

    catalogue.discover(project_id=project.pk, kind=Kind.TOOL_CALL, slug="mail")
    assert Tool.objects.get(project=project).discovered is False


def test_a_schema_is_part_of_the_rules_in_force(governor: APIClient, project: Project) -> None:
    governor.post("/api/v1/tools/", {"slug": "mail", "groups": ["outgoing"]})
    before = states.in_force(project.pk)

    changed = governor.put("/api/v1/tools/mail/", {"schema": SCHEMA})

    assert changed.json()["groups"] == ["outgoing"]
    assert changed.json()["schema"] == SCHEMA
    assert states.in_force(project.pk).number == before.number + 1
    assert governor.put("/api/v1/tools/mail/", {"schema": None}).json()["schema"] is None
    assert states.in_force(project.pk).digest == before.digest


def test_a_schema_that_cannot_be_typed_is_refused(governor: APIClient) -> None:
    answer = governor.post("/api/v1/tools/", {"slug": "mail", "schema": {"type": "string"}})

    assert (answer.status_code, answer.json()["code"]) == (422, "tool_schema_invalid")
    assert not Tool.objects.exists()


def test_a_tool_has_a_risk_and_an_owner_of_the_project(governor: APIClient, project: Project) -> None:
    owner = owner_of(project).email

    made = governor.post("/api/v1/tools/", {"slug": "pay", "risk": "high", "owner": owner.upper()})
    kept = governor.put("/api/v1/tools/pay/", {"groups": ["money"]})
    freed = governor.put("/api/v1/tools/pay/", {"risk": "", "owner": None})

    assert (made.json()["risk"], made.json()["owner"]) == ("high", owner)
    assert (kept.json()["risk"], kept.json()["owner"]) == ("high", owner)
    assert (freed.json()["risk"], freed.json()["owner"], freed.json()["groups"]) == ("", None, ["money"])
    stranger = governor.put("/api/v1/tools/pay/", {"owner": make_person("Mallory").email})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "owner_unknown")
    assert governor.put("/api/v1/tools/pay/", {"risk": "huge"}).status_code == 400


@pytest.mark.parametrize("tail", ["%00/", "%0a/", "x" * 300 + "/", "%ff/"])
def test_strange_addresses_are_not_found(governor: APIClient, tail: str) -> None:
    assert governor.get("/api/v1/tools/" + tail).status_code == 404
