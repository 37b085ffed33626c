"""Destinations over REST."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.models import Membership, Project, StoredAnswer
from governance.services import rights
from tests.factories import make_agent, make_key, make_person, make_project
from waxell.outbox.models import Destination, Message

pytestmark = pytest.mark.django_db

type Api = Callable[..., APIClient]
HOOK = {"slug": "pager", "kind": "webhook", "address": "https://hooks.example.com/x?token=tea"}
AT = "/api/v1/destinations/"


def test_the_secret_is_answered_once(project: Project, api: Api) -> None:
    client = api(make_key(project).plain, **{"Idempotency-Key": "k"})

    made = client.post(AT, HOOK)

    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    again = client.post(AT, HOOK)
    assert (again.status_code, again.json()) == (201, {**made.json(), "secret": None})
    assert secret not in str(bytes(StoredAnswer.objects.get().body))
    shown = client.get(f"{AT}pager/").json()
    assert "secret" not in shown
    assert shown["address"] == "https://hooks.example.com/x?…"
    assert client.get(AT).json()["items"] == [shown]


def test_what_is_given_is_changed(governor: APIClient) -> None:
    governor.post(AT, HOOK)
    changed = governor.put(f"{AT}pager/", {"events": ["key.created"], "enabled": False})
    assert changed.status_code == 200
    assert (changed.json()["events"], changed.json()["enabled"]) == (["key.created"], False)
    assert changed.json()["address"] == "https://hooks.example.com/x?…"
    assert governor.put(f"{AT}pager/", {"enabled": "yes"}).status_code == 400
    refused = governor.put(f"{AT}pager/", {"address": "https://10.0.0.1/"})
    assert (refused.status_code, refused.json()["code"]) == (422, "address_invalid")


def test_a_test_is_a_delivery_that_can_be_looked_at_and_repeated(governor: APIClient) -> None:
    governor.post(AT, HOOK)

    made = governor.post(f"{AT}pager/test/", {})

    assert made.status_code == 201
    assert (made.json()["type"], made.json()["state"]) == ("destination.test", "pending")
    assert governor.get(f"{AT}pager/deliveries/").json()["items"] == [made.json()]
    item = f"{AT}pager/deliveries/{made.json()['id']}/"
    assert governor.get(item).json() == made.json()
    Message.objects.update(state="given_up", attempts=9, problem="Answered 500.", status=500)
    again = governor.post(f"{item}send-again/", {})
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (200, "pending", 0)
    assert again.json()["message"] == made.json()["message"]


def test_a_destination_is_forgotten(governor: APIClient) -> None:
    governor.post(AT, HOOK)
    assert governor.post(f"{AT}pager/remove/", {}).status_code == 200
    assert governor.get(f"{AT}pager/").status_code == 404
    assert not Destination.objects.exists()


def test_a_new_secret_is_answered_once(governor: APIClient) -> None:
    first = governor.post(AT, HOOK).json()["secret"]
    renewed = governor.post(f"{AT}pager/secret/", {})
    assert renewed.status_code == 200
    assert renewed.json()["secret"] not in (None, first)


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "", {**HOOK, "slug": "another"}),
    ("put", "pager/", {"enabled": False}),
    ("post", "pager/remove/", {}),
    ("post", "pager/secret/", {}),
    ("post", "pager/test/", {}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_only_an_owners_key_changes_anything(
    project: Project, api: Api, governor: APIClient, change: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, body = change
    governor.post(AT, HOOK)
    before = Destination.objects.values().get()
    bob = make_person("Bob")
    rights.grant_role(project=project, person=bob, role=Membership.Role.OPERATOR, actor=Actor(system="test"))

    for key in (
        make_key(project, scopes=["read"]),
        make_key(project, scopes=["read", "govern"], accountable=bob),
        make_key(project, make_agent(project, f"agent-{uuid4().hex[:6]}")),
    ):
        assert getattr(api(key.plain), method)(f"{AT}{path}", body).status_code == 403
    assert Destination.objects.values().get() == before
    assert not Message.objects.exists()


def test_an_agent_is_told_nothing(project: Project, api: Api, governor: APIClient) -> None:
    governor.post(AT, HOOK)
    agents = api(make_key(project, make_agent(project)).plain)
    assert [agents.get(f"{AT}{path}").status_code for path in ("", "pager/", "pager/deliveries/")] == [403] * 3


def test_those_of_another_project_do_not_exist(governor: APIClient, api: Api) -> None:
    governor.post(AT, HOOK)
    message = governor.post(f"{AT}pager/test/", {}).json()["id"]
    stranger = api(make_key(make_project()).plain)

    assert stranger.get(AT).json()["items"] == []
    for path in ("pager/", "pager/deliveries/", f"pager/deliveries/{message}/"):
        assert stranger.get(f"{AT}{path}").status_code == 404
    for path in ("pager/remove/", "pager/test/", "pager/secret/", f"pager/deliveries/{message}/send-again/"):
        assert stranger.post(f"{AT}{path}", {}).status_code == 404


def test_a_message_is_found_at_its_own_destination_only(governor: APIClient) -> None:
    governor.post(AT, HOOK)
    governor.post(AT, {**HOOK, "slug": "other"})
    message = governor.post(f"{AT}pager/test/", {}).json()["id"]
    assert governor.get(f"{AT}other/deliveries/{message}/").status_code == 404
