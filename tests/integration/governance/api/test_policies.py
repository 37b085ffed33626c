import pytest
from rest_framework.test import APIClient

from governance.models import Project
from governance.queries import states
from tests.factories import make_tool
from tests.factories.governance import DENY_MAIL

pytestmark = pytest.mark.django_db

URL = "/api/v1/policies/"


def test_a_policy_goes_from_draft_to_force_and_out_again(governor: APIClient, project: Project) -> None:
    make_tool(project)
    made = governor.post(URL, {"slug": "mail", "name": "Mail", "text": "not yet"})
    assert (made.status_code, made.json()["version"]) == (201, None)

    answer = governor.post(URL + "mail/validate/", {"text": "not yet"}).json()
    assert not answer["valid"]
    assert answer["errors"][0]["line"] == 1
    refused = governor.post(URL + "mail/publish/", {"note": ""})
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_invalid")

    assert governor.put(URL + "mail/draft/", {"text": DENY_MAIL, "revision": 1}).status_code == 200
    stale = governor.put(URL + "mail/draft/", {"text": "late", "revision": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["revision"]) == (409, "draft_conflict", 2)
    published = governor.post(URL + "mail/publish/", {"note": "go", "expected_version": 0})
    assert published.status_code == 200
    assert published.json()["version"] == 1
    assert published.json()["governance_state"] == states.in_force(project.pk).digest
    assert governor.get(URL + "mail/").json()["version"] == 1

    conflict = governor.post(URL + "mail/publish/", {"expected_version": 0})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "version_conflict")
    assert governor.post(URL + "mail/retire/", {}).status_code == 200
    assert governor.post(URL + "mail/versions/1/publish/", {"expected_version": 0}).json()["version"] == 1
    assert [item["version"] for item in governor.get(URL + "mail/versions/").json()["items"]] == [1]
    assert governor.get(URL + "mail/versions/1/").json()["text"] == DENY_MAIL
    assert governor.get(URL + "mail/versions/2/").status_code == 404


def test_lists_come_in_pages(governor: APIClient) -> None:
    for number in range(5):
        governor.post(URL, {"slug": f"p{number}", "name": "P", "text": "x"})

    seen: list[str] = []
    url: str | None = URL + "?limit=2"
    while url:
        page = governor.get(url).json()
        seen += [item["slug"] for item in page["items"]]
        url = f"{URL}?limit=2&cursor={page['next']}" if page["next"] else None

    assert seen == ["baseline", "p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=WyJ4Iiwi4pyTIl0", "cursor=%00"]
)
def test_a_page_that_cannot_be_is_a_400(governor: APIClient, query: str) -> None:
    assert governor.get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"slug": "a", "name": "A"}, "invalid_field"),
        ({"slug": "a", "name": "A", "text": 5}, "invalid_field"),
        ({"slug": "a b", "name": "A", "text": "x"}, "invalid_field"),
        ({"slug": "a", "name": "A", "text": "x", "mode": "off"}, "invalid_field"),
        ({"slug": "a", "name": "A", "text": "x", "more": 1}, "unknown_field"),
        ([], "invalid_field"),
    ],
)
def test_bodies_are_read_strictly(governor: APIClient, body: object, code: str) -> None:
    answer = governor.post(URL, body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ('{"slug": "a", "slug": "b"}', "application/json", 400),
        ('{"slug": NaN}', "application/json", 400),
        ('{"slug": "\\u0000"}', "application/json", 400),
        ("{", "application/json", 400),
        ("[" * 5000, "application/json", 400),
        ('"' + "x" * 300_000 + '"', "application/json", 413),
        ("slug=a", "application/x-www-form-urlencoded", 415),
    ],
)
def test_hostile_bodies_never_reach_a_view(governor: APIClient, body: str, media_type: str, status: int) -> None:
    assert governor.post(URL, body, content_type=media_type).status_code == status
