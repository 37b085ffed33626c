"""Erasing and holding over REST: by right, with a reason, once."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from executions.services import erasing
from governance.models import EndUser, LegalHold, Membership, Project
from tests.factories import make_agent, make_key, make_project
from tests.factories.executions import Run, start
from tests.integration.executions.erasure.conftest import Join, client, ended
from waxell.ledger.models import Entry, Payload

ERASURES, HOLDS = "/api/v1/erasures/", "/api/v1/legal-holds/"


def of(run: Run, **more: Any) -> dict[str, Any]:
    """What to send about an execution."""
    return {"scope": {"type": "execution", "value": str(run.id)}, "reason": "Zoe asked.", **more}


def send(api: APIClient, path: str, body: dict[str, Any], **headers: str) -> Any:
    return api.post(path, body, format="json", headers=headers)


def contents(run: Run) -> int:
    return Payload.objects.filter(stream=run.id).count()


def test_an_execution_is_erased_and_the_answer_names_the_entry(project: Project, run: Run, owner: APIClient) -> None:
    answer = send(owner, ERASURES, of(run))

    assert answer.status_code == 201
    told = answer.json()
    assert (told["payloads"], told["waiting"], told["complete"]) == (3, [], True)
    (receipt,) = told["entries"]
    assert Entry.objects.get(stream=project.pk, seq=receipt["seq"]).type == "payloads.erased"
    assert contents(run) == 0


def test_erasures_are_listed_and_one_names_every_place(run: Run, owner: APIClient) -> None:
    seq = send(owner, ERASURES, of(run)).json()["entries"][0]["seq"]

    (listed,) = owner.get(ERASURES).json()["items"]
    one = owner.get(f"{ERASURES}{seq}/").json()

    assert (listed["seq"], listed["payloads"], listed["reason"], listed["end_users"]) == (seq, 3, "Zoe asked.", [])
    assert {(item["seq"], item["name"]) for item in one["erased"]} == {(1, "input"), (2, "args"), (3, "result")}
    assert owner.get(f"{ERASURES}1/").status_code == 404


def test_only_what_is_named_goes(run: Run, owner: APIClient) -> None:
    assert send(owner, ERASURES, of(run, payload="args")).json()["payloads"] == 1
    assert contents(run) == 2


@pytest.mark.parametrize("by", ["name", "pseudonym"])
def test_an_end_user_is_erased_by_name_or_pseudonym(project: Project, run: Run, owner: APIClient, by: str) -> None:
    live = start(project, end_user="Zoe Example")
    zoe = EndUser.objects.get(project=project)
    value = zoe.name if by == "name" else str(zoe.pk)

    told = send(owner, ERASURES, {"scope": {"type": "end_user", "value": value}, "reason": "Zoe asked."}).json()

    assert (told["payloads"], told["waiting"]) == (3, [str(live.id)])
    assert not EndUser.objects.exists()
    assert owner.get(ERASURES).json()["items"][-1]["end_users"] == [str(zoe.pk)]


def test_much_is_erased_in_more_requests_than_one(
    project: Project, run: Run, owner: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "IN_ONE_ENTRY", 1)
    monkeypatch.setattr("executions.api.erasures.WHILE_ONE_WAITS", 2)

    first, second = (send(owner, ERASURES, of(run)).json() for _ in range(2))

    assert (first["payloads"], first["complete"]) == (2, False)
    assert (second["payloads"], second["complete"]) == (1, True)


def test_a_twin_erases_nothing_more(run: Run, owner: APIClient) -> None:
    first, twin = (send(owner, ERASURES, of(run), **{"Idempotency-Key": "once"}) for _ in range(2))

    assert first.json() == twin.json()
    assert twin["Idempotency-Replayed"] == "true"
    assert len(owner.get(ERASURES).json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_field"),
        ({"scope": {"type": "project", "value": "x"}, "reason": "r"}, 400, "invalid_field"),
        ({"scope": {"type": "execution", "value": "x"}, "reason": "r"}, 404, "not_found"),
        ({"scope": {"type": "execution", "value": str(uuid4())}, "reason": "r"}, 404, "not_found"),
        ({"scope": {"type": "end_user", "value": "Nobody"}, "reason": "r"}, 404, "not_found"),
        ({"scope": {"type": "end_user", "value": "Zoe Example"}, "reason": "r", "payload": "args"}, 422, None),
        ({"scope": {"type": "end_user", "value": "Zoe Example"}, "reason": " "}, 422, "reason_missing"),
        ({"scope": {"type": "end_user", "value": "Zoe Example"}}, 400, "invalid_field"),
    ],
)
def test_what_names_nothing_erases_nothing(
    run: Run, owner: APIClient, body: dict[str, Any], status: int, code: str | None
) -> None:
    answer = send(owner, ERASURES, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code or "erasure_scope_invalid")
    assert contents(run) == 3
    assert EndUser.objects.exists()


def test_an_execution_that_lives_keeps_its_contents(project: Project, owner: APIClient) -> None:
    live = start(project, input="Zoe")

    answer = send(owner, ERASURES, of(live))

    assert (answer.status_code, answer.json()["code"]) == (409, "execution_live")
    assert contents(live) == 1


@pytest.mark.parametrize("role", [role for role in Membership.Role if role is not Membership.Role.OWNER])
def test_only_who_may_erase_erases_and_holds(project: Project, run: Run, join: Join, role: Membership.Role) -> None:
    api = client(make_key(project, accountable=join(role)).plain)

    assert send(api, ERASURES, of(run)).status_code == 403
    assert send(api, HOLDS, of(run)).status_code == 403
    assert contents(run) == 3
    assert not LegalHold.objects.exists()


def test_for_another_project_nothing_of_it_exists(run: Run, owner: APIClient) -> None:
    seq = send(owner, ERASURES, of(ended(run.row.project, end_user=None))).json()["entries"][0]["seq"]
    hold = send(owner, HOLDS, of(run)).json()["id"]
    stranger = client(make_key(make_project()).plain)

    assert send(stranger, ERASURES, of(run)).status_code == 404
    assert send(stranger, HOLDS, of(run)).status_code == 422
    assert stranger.get(f"{ERASURES}{seq}/").status_code == 404
    assert stranger.get(f"{HOLDS}{hold}/").status_code == 404
    assert send(stranger, f"{HOLDS}{hold}/lift/", {"reason": "r"}).status_code == 404
    assert stranger.get(ERASURES).json()["items"] == stranger.get(HOLDS).json()["items"] == []
    assert contents(run) == 3


def test_an_agents_key_neither_erases_nor_holds_nor_looks(project: Project, run: Run) -> None:
    api = client(make_key(project, make_agent(project, "other")).plain)

    for path in (ERASURES, HOLDS):
        assert send(api, path, of(run)).status_code == 403
        assert api.get(path).status_code == 403


def test_reasons_are_for_those_who_see_contents(project: Project, run: Run, owner: APIClient, join: Join) -> None:
    send(owner, HOLDS, of(ended(project, end_user=None)))
    send(owner, ERASURES, of(run))

    for role, reads in ((Membership.Role.VIEWER, False), (Membership.Role.APPROVER, True)):
        api = client(make_key(project, accountable=join(role)).plain)
        for path in (ERASURES, HOLDS):
            (item,) = api.get(path).json()["items"]
            assert item["reason"] == ("Zoe asked." if reads else None)


@pytest.mark.parametrize("scope", ["project", "execution", "end_user"])
def test_a_hold_refuses_until_it_is_lifted(project: Project, run: Run, owner: APIClient, scope: str) -> None:
    value = {"execution": {"value": str(run.id)}, "end_user": {"value": "Zoe Example"}}.get(scope, {})

    placed = send(owner, HOLDS, {"scope": {"type": scope, **value}, "reason": "A claim."})
    refused = send(owner, ERASURES, of(run))

    assert placed.status_code == 201
    hold = placed.json()
    assert hold["scope"]["type"] == scope
    assert (hold["reason"], hold["lifted_at"]) == ("A claim.", None)
    assert (refused.status_code, refused.json()["code"], refused.json()["hold"]) == (409, "legal_hold", hold["id"])
    assert "Zoe" not in str(hold["scope"])
    assert contents(run) == 3

    lifted = send(owner, f"{HOLDS}{hold['id']}/lift/", {"reason": "Settled."})
    assert lifted.json()["lifted_at"] is not None
    assert owner.get(f"{HOLDS}{hold['id']}/").json() == lifted.json()
    assert send(owner, ERASURES, of(run)).status_code == 201
    again = send(owner, f"{HOLDS}{hold['id']}/lift/", {"reason": "Again."})
    assert (again.status_code, again.json()["code"]) == (409, "legal_hold_not_in_force")


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ({"type": "team", "value": "x"}, 400),
        ({"type": "project", "value": "x"}, 422),
        ({"type": "execution"}, 422),
        ({"type": "execution", "value": str(uuid4())}, 422),
        ({"type": "end_user", "value": "Nobody"}, 422),
    ],
)
def test_a_hold_on_nothing_is_refused(owner: APIClient, scope: dict[str, str], status: int) -> None:
    answer = send(owner, HOLDS, {"scope": scope, "reason": "r"})

    assert answer.status_code == status
    assert not LegalHold.objects.exists()
