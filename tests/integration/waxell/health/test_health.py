"""Alive, ready, and how much it does."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from executions.domain.wanted import ActionWanted, StartWanted
from executions.models import Heartbeat
from executions.services import admission, gate, upkeep
from executions.services.callers import Caller
from governance.domain.kinds import Kind
from governance.models import Project
from governance.queries import keys
from tests.factories import make_agent, make_budget, make_key, make_person, make_project
from tests.factories.governance import owner_of
from waxell.lib import observing
from waxell.lib.metering import VARIABLE
from waxell.lib.observing import Finding

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def sweeping() -> None:
    upkeep.show_life(Heartbeat.SWEEPER)


@pytest.fixture
def broken_check() -> Iterator[None]:
    observing.register_check("probe", lambda: Finding(subject="probe", holds=False, needed=True, message="missing"))
    yield
    del observing._checks["probe"]


def checks(response: Any) -> dict[str, dict[str, Any]]:
    return {line["check"]: line for line in response.json()["checks"]}


def figures(response: Any) -> dict[str, float]:
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_liveness_asks_no_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_ready_with_a_sweeper_that_lives(client: Client, sweeping: None) -> None:
    response = client.get("/readyz")
    found = checks(response)
    assert response.status_code == 200
    assert response.json()["ready"] is True
    assert {"database", "roles", "migrations", "sweeper", "sealing", "standby"} <= found.keys()
    assert found["sweeper"]["age_seconds"] < 5


def test_one_line_for_each_check(client: Client, sweeping: None) -> None:
    lines = client.get("/readyz").content.decode().splitlines()
    told = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"check"')]
    assert len(told) == len(checks(client.get("/readyz")))


def test_not_ready_without_a_sweeper(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert checks(response)["sweeper"]["ok"] is False


def test_not_ready_where_an_app_misses_something(client: Client, sweeping: None, broken_check: None) -> None:
    assert client.get("/readyz").status_code == 503


def test_missing_standby_is_said_and_does_no_harm(client: Client, sweeping: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert checks(response)["standby"]["ok"] is False


def test_one_role_for_everything_is_said_loudly(client: Client, sweeping: None, monkeypatch: Any) -> None:
    monkeypatch.setitem(settings.DATABASE_ROLES, "owner", settings.DATABASE_ROLES["app"])
    found = checks(client.get("/readyz"))["roles"]
    assert found["ok"] is False
    assert "ONE ROLE" in found["message"]


def test_queue_of_the_sealer_is_a_number(client: Client, sweeping: None) -> None:
    make_project()
    assert checks(client.get("/readyz"))["sealing"]["queued"] >= 1


def act(project: Project, times: int) -> list[str]:
    """Ask for `times` tool calls; returns the verdicts."""
    parts = keys.split(make_key(project, make_agent(project)).plain)
    assert parts is not None
    caller = Caller(key_id=parts[0], secret=parts[1])
    started = admission.start_execution(caller=caller, wanted=StartWanted(workflow="errand")).body
    wanted = ActionWanted(fence=started["lease"]["fence"], kind=Kind.TOOL_CALL, resource="search")
    answers = [
        gate.request_action(caller=caller, execution_id=UUID(started["id"]), wanted=wanted) for _ in range(times)
    ]
    return [answer.body["verdict"] for answer in answers]


def test_decisions_and_budget_refusals_are_counted(client: Client) -> None:
    project = make_project()
    make_budget(project, limit=2, on_exceed="deny")
    before = figures(client.get("/metrics"))

    assert act(project, 3) == ["allow", "allow", "deny"]

    after = figures(client.get("/metrics"))

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    # The admission is a decision too.
    assert grown('waxell_decisions_total{verdict="allow"}') == 3
    assert grown('waxell_decisions_total{verdict="deny"}') == 1
    assert grown('waxell_budget_refusals_total{effect="deny"}') == 1
    assert after['waxell_live_executions{state="running"}'] == 1
    assert after["waxell_queue_depth"] == 0
    assert after["waxell_seal_queue"] >= 4


def test_a_process_that_was_killed_at_its_first_step_hides_no_figures(client: Client) -> None:
    client.get("/metrics")
    left = Path(os.environ[VARIABLE]) / "counter_0.db"
    left.touch()
    assert client.get("/metrics").status_code == 200
    left.unlink()


def test_calls_are_measured_by_route_and_not_by_address(client: Client) -> None:
    client.get("/api/v1/executions/0198c0de-0000-7000-8000-000000000000/")
    text = client.get("/metrics").content.decode()
    assert 'route="executions_api:execution_item"' in text
    assert "0198c0de" not in text


def test_strangers_find_no_metrics(client: Client) -> None:
    assert client.get("/metrics", **ELSEWHERE).status_code == 404


def test_a_proxy_on_this_machine_makes_nobody_local(client: Client) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize(("scopes", "status"), [(("read",), 200), (("execute",), 404)])
def test_a_service_key_reads_metrics_with_its_scope(client: Client, scopes: tuple[str, ...], status: int) -> None:
    key = make_key(make_project(), scopes=scopes).plain
    assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}, **ELSEWHERE).status_code == status


def test_an_agents_key_reads_no_metrics(client: Client) -> None:
    project = make_project()
    key = make_key(project, make_agent(project)).plain
    assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}, **ELSEWHERE).status_code == 404


def test_an_owner_reads_metrics_and_other_people_do_not(client: Client) -> None:
    client.force_login(owner_of(make_project()), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/metrics", **ELSEWHERE).status_code == 200
    client.force_login(make_person("Bob"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/metrics", **ELSEWHERE).status_code == 404
