from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from governance.models import Agent, Project, StoredAnswer
from tests.factories import make_key, make_project

URL = "/api/v1/agents/"
BODY = {"slug": "scout", "name": "Scout"}
RETRY = {"Idempotency-Key": "once"}


@pytest.mark.django_db
def test_a_retry_gets_the_first_answer(governor: APIClient) -> None:
    first = governor.post(URL, BODY, headers=RETRY)
    again = governor.post(URL, '{ "name":"Scout","slug" :"scout"}', content_type="application/json", headers=RETRY)

    assert first.json() == again.json()
    assert "idempotency-replayed" not in first
    assert (again.status_code, again["idempotency-replayed"]) == (201, "true")


@pytest.mark.django_db
def test_a_refusal_is_kept_too(governor: APIClient) -> None:
    governor.post(URL, BODY)

    first = governor.post(URL, BODY, headers=RETRY)
    Agent.objects.update(slug="renamed")
    again = governor.post(URL, BODY, headers=RETRY)

    assert (first.status_code, again.status_code) == (409, 409)
    assert first.json() == again.json()
    assert again["content-type"] == first["content-type"]
    assert again["idempotency-replayed"] == "true"


@pytest.mark.django_db
def test_another_body_is_refused(governor: APIClient) -> None:
    governor.post(URL, BODY, headers=RETRY)

    answer = governor.post(URL, {"slug": "other", "name": "Other"}, headers=RETRY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert not Agent.objects.filter(slug="other").exists()


@pytest.mark.django_db
def test_the_same_key_at_another_address_is_another_request(governor: APIClient) -> None:
    governor.post(URL, BODY, headers=RETRY)

    assert governor.post("/api/v1/models/", {"slug": "m"}, headers=RETRY).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"slug": "no good"}, {}])
def test_a_malformed_request_is_not_kept(governor: APIClient, body: dict[str, str]) -> None:
    assert governor.post(URL, body, headers=RETRY).status_code == 400
    assert not StoredAnswer.objects.exists()
    assert governor.post(URL, BODY, headers=RETRY).status_code == 201


@pytest.mark.django_db
def test_a_forbidden_request_is_not_kept(project: Project, api: Callable[[str], APIClient]) -> None:
    client = api(make_key(project, scopes=["read"]).plain)

    assert client.post(URL, BODY, headers=RETRY).status_code == 403
    assert not StoredAnswer.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
def test_a_key_is_short_and_printable(governor: APIClient, key: str) -> None:
    assert governor.post(URL, BODY, headers={"Idempotency-Key": key}).json()["code"] == "idempotency_key_invalid"


@pytest.mark.django_db(transaction=True)
def test_twins_take_effect_once(api: Callable[[str], APIClient]) -> None:
    plain = make_key(make_project()).plain

    def register(_: int) -> Any:
        try:
            return api(plain).post(URL, BODY, headers=RETRY)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(register, range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotency-replayed" in answer for answer in answers) == 5
    assert Agent.objects.count() == 1
