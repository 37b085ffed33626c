import pytest
from rest_framework.test import APIClient

from governance.models import Project
from governance.queries import states

pytestmark = pytest.mark.django_db

URL = "/api/v1/budgets/"
DOLLARS = {
    "slug": "dollars",
    "name": "Dollars",
    "unit": "usd",
    "limit": "1.50",
    "default_reservation": "0.01",
    "scope": {"type": "agent", "value": "scout"},
    "period": "day",
    "time_zone": "Europe/Vienna",
}
CALLS = {
    "slug": "calls",
    "name": "Calls",
    "unit": "tool_calls",
    "limit": 5,
    "scope": {"type": "project"},
    "period": "day",
}


def test_a_budget_is_put_in_force_and_revised(governor: APIClient, project: Project) -> None:
    made = governor.post(URL, DOLLARS)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    assert made.json()["governance_state"] == states.in_force(project.pk).digest

    revised = governor.post(URL + "dollars/versions/", {"limit": "0.25", "note": "less"})
    assert (revised.status_code, revised.json()["version"]) == (201, 2)

    shown = governor.get(URL + "dollars/").json()
    assert (shown["limit"], shown["version"], shown["windows"]) == ("0.25", 2, [])
    assert shown["scope"] == {"type": "agent", "value": "scout"}
    assert [version["limit"] for version in shown["versions"]] == ["0.25", "1.50"]
    assert [version["default_reservation"] for version in shown["versions"]] == ["0.01", "0.01"]
    assert governor.get(URL + "dollars/versions/1/").json()["limit"] == "1.50"
    assert len(governor.get(URL + "dollars/versions/").json()["items"]) == 2


@pytest.mark.parametrize(
    "shape", [{"unit": "tokens"}, {"period": "month"}, {"scope": {"type": "project"}}, {"time_zone": "UTC"}]
)
def test_the_shape_of_a_budget_is_fixed(governor: APIClient, shape: dict[str, object]) -> None:
    governor.post(URL, DOLLARS)

    answer = governor.post(URL + "dollars/versions/", {"limit": "9.00", **shape})

    assert (answer.status_code, answer.json()["code"]) == (422, "budget_shape_fixed")
    same = {"limit": "9.00", **{name: DOLLARS[name] for name in shape}}
    assert governor.post(URL + "dollars/versions/", same).status_code == 201


def test_counts_are_integers(governor: APIClient) -> None:
    assert governor.post(URL, CALLS).status_code == 201
    assert governor.get(URL + "calls/").json()["limit"] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": "5"},
        {"limit": 1.5},
        {"limit": -1},
        {"limit": True},
        {"limit": 2**53},
        {"unit": "seconds"},
        {"scope": "x"},
    ],
)
def test_amounts_and_shapes_are_read_strictly(governor: APIClient, wrong: dict[str, object]) -> None:
    assert governor.post(URL, {**CALLS, **wrong}).status_code == 400


@pytest.mark.parametrize("limit", ["0.0000001", "1e3", "-1", "1000000001", "1,5"])
def test_dollars_are_plain_decimals(governor: APIClient, limit: str) -> None:
    assert governor.post(URL, {**DOLLARS, "limit": limit}).status_code == 400


def test_a_number_is_read_as_decimal_dollars(governor: APIClient) -> None:
    governor.post(URL, {**DOLLARS, "limit": 0.1})

    assert governor.get(URL + "dollars/").json()["limit"] == "0.10"


def test_combinations_that_make_no_budget_are_refused(governor: APIClient) -> None:
    answer = governor.post(URL, {**CALLS, "scope": {"type": "execution"}, "period": "month"})

    assert (answer.status_code, answer.json()["code"]) == (422, "budget_shape_invalid")
