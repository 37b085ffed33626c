"""A call of a tool: allowed, refused, stopped, out of budget; with a session and without one."""

import json
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories import make_budget, make_policy
from tests.journeys.mcp.conftest import PATIENCE, Bank, Behind, Scene, text_of, told
from tests.stack.foreign import python_of
from tests.stack.running import wait_until

pytestmark = pytest.mark.process

# The protocol with sessions, and the one without.
MODES = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])

NO_CONVERSIONS = """
@id("no-conversions") @message("Times are not converted here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"clock/convert_time");
"""
CONVERSION = {"source_timezone": "UTC", "time": "10:00", "target_timezone": "Europe/Paris"}


def make_repository(place: Path) -> Path:
    """A repository with one commit."""
    made = place / "repository"
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    subprocess.run(["git", "init", "-q", made], check=True)
    subprocess.run(["git", *author, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True, cwd=made)
    return made


def test_allowed_call_is_the_servers_own_result_and_is_on_record(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock") as agent:
        assert agent.tools() == ["get_current_time", "convert_time"]
        result = agent.call("get_current_time", timezone="UTC")

    assert not result.is_error
    assert json.loads(text_of(result))["timezone"] == "UTC"
    execution = scene.closed()
    assert (execution["workflow"], execution["state"], execution["vouched"]) == ("mcp-clock", "completed", "enforced")
    [decided] = scene.decisions(execution["id"])
    assert decided["action"]["resource"] == "clock/get_current_time"
    assert decided["vouched"] == "enforced"
    assert decided["facts"]["definition"]["state"] == "accepted"
    assert [entry["status"] for entry in scene.entries(execution["id"]) if entry["type"] == "action.resulted"] == ["ok"]


def test_two_servers_are_two_ways_and_their_tools_two_names(scene: Scene, clock: Behind, tmp_path: Path) -> None:
    repository = str(make_repository(tmp_path))
    scene.serve("code", python_of("mcp-servers"), "-m", "mcp_server_git", "--repository", repository)
    with scene.agent("code") as coder, scene.agent("clock") as looker:
        log = coder.call("git_log", repo_path=repository)
        wrong = coder.call("git_log", repo_path="/nowhere")
        looker.call("get_current_time", timezone="UTC")

    assert "Begin" in text_of(log)
    # What the server itself calls an error is its own word.
    assert wrong.is_error
    assert wrong.structured_content is None
    wait_until(lambda: all(one["record"] for one in scene.executions()), PATIENCE)
    assert {one["workflow"]: one["counts"]["tool_calls"] for one in scene.executions()} == {
        "mcp-code": 2, "mcp-clock": 1,
    }  # fmt: skip


@MODES
def test_refused_call_is_a_tool_error_with_the_reason_and_reaches_nobody(
    scene: Scene, clock: Behind, mode: str
) -> None:
    with scene.agent("clock", mode=mode) as agent:
        agent.tools()
        make_policy(scene.bench.project, NO_CONVERSIONS)
        refused = agent.call("convert_time", **CONVERSION)

    assert refused.is_error
    assert text_of(refused) == "Refused: Times are not converted here."
    said = told(refused)
    assert (said["verdict"], said["code"]) == ("deny", "policy_rule")
    assert [reason["rule"] for reason in said["reasons"]] == ["no-conversions"]
    execution = scene.closed()
    assert said["execution"] == execution["id"]
    assert execution["counts"]["refusals"] == 1
    assert [entry for entry in scene.entries(execution["id"]) if entry["type"] == "action.resulted"] == []


def test_a_call_without_a_session_is_an_execution_of_its_own(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock", mode="2026-07-28") as agent:
        for _ in range(2):
            assert not agent.call("get_current_time", timezone="UTC").is_error

    assert [(one["state"], one["labels"]) for one in scene.executions()] == 2 * [("completed", {"mcp-call": "clock"})]


def test_a_session_is_one_execution(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock") as agent:
        for _ in range(3):
            agent.call("get_current_time", timezone="UTC")
        assert scene.only()["state"] == "running"

    execution = scene.closed()
    assert (execution["labels"], execution["counts"]["tool_calls"]) == ({"mcp-session": "clock"}, 3)


def test_calls_join_an_execution_that_the_caller_names(scene: Scene, clock: Behind) -> None:
    run = scene.bench.start()
    headers = {"X-Waxell-Execution": run.id, "X-Waxell-Fence": str(run.fence)}
    with scene.agent("clock", headers=headers) as agent:
        agent.call("get_current_time", timezone="UTC")
    with scene.agent("clock", headers=headers | {"X-Waxell-Fence": "7"}) as agent:
        fenced = agent.call("get_current_time", timezone="UTC")

    assert told(fenced)["code"] == "fenced"
    assert run.show()["state"] == "running"
    [decided] = scene.decisions(run.id)
    assert decided["vouched"] == "enforced"
    run.close()


def test_a_kill_order_stops_a_session(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock") as agent:
        agent.call("get_current_time", timezone="UTC")
        scope = {"type": "agent", "value": "scout"}
        scene.bench.governor.post("kill-orders/", {"scope": scope, "reason": "It loops."}, expect=201)
        first, second = (told(agent.call("get_current_time", timezone="UTC")) for _ in range(2))

    assert (first["state"], first["code"]) == ("halted", "execution_closed")
    assert [reason["code"] for reason in second["reasons"]] == ["killed"]
    assert scene.only()["state"] == "halted"


@MODES
def test_a_kill_order_ends_the_waiting_for_a_call_that_is_under_way(scene: Scene, bank: Bank, mode: str) -> None:
    with scene.agent("bank", mode=mode) as agent:
        under_way = agent.calling("pay", amount=1, seconds=300)
        wait_until(lambda: bank.payments, PATIENCE)
        scene.bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "Stop."}, expect=201)
        stopped = told(under_way.result(PATIENCE))

    assert (stopped["verdict"], stopped["state"]) == ("halt", "halted")
    assert scene.only()["state"] == "halted"


def test_a_budget_used_up_refuses_the_next_call(scene: Scene, clock: Behind) -> None:
    make_budget(scene.bench.project, slug="calls", unit="tool_calls", limit=2, on_exceed="deny")
    with scene.agent("clock") as agent:
        results = [agent.call("get_current_time", timezone="UTC") for _ in range(3)]

    assert [result.is_error for result in results] == [False, False, True]
    said = told(results[2])
    assert said["code"] == "budget_exceeded"
    assert [(reason["budget"], reason["spent"], reason["limit"]) for reason in said["reasons"]] == [("calls", 2, 2)]


def test_a_tool_that_is_not_there_is_not_asked_for(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock") as agent:
        assert told(agent.call("stop_time"))["code"] == "tool_unknown"
    assert scene.executions() == []


def test_what_cannot_be_written_down_exactly_is_not_done(scene: Scene, bank: Bank) -> None:
    with scene.agent("bank") as agent:
        assert told(agent.call("pay", amount=2**63))["code"] == "args_invalid"
    assert bank.payments == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wxk_nobody_000000000000000000000000"}, 401),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Host": "elsewhere.example"}, 421),
        ({"X-Waxell-Execution": str(uuid4())}, 422),
    ],
)
def test_strangers_are_turned_away(scene: Scene, clock: Behind, headers: dict[str, str], status: int) -> None:
    sent = {"Authorization": f"Bearer {scene.bench.scout.key}", **headers}
    answer = scene.bench.stack.http.post(f"{scene.gateway}/clock/", json={}, headers=sent)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_service_and_another_project_find_no_server(scene: Scene, clock: Behind) -> None:
    def post(key: str | None, slug: str = "clock") -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return scene.bench.stack.http.post(f"{scene.gateway}/{slug}/", json={}, headers=headers).status_code

    assert post(scene.bench.key(scopes=["execute"]).key) == 403
    assert post(scene.bench.scout.key, "nothing") == 404
    scene.bench.governor.put("mcp-servers/clock/", {"active": False})
    assert post(scene.bench.scout.key) == 404


def test_a_session_is_nobody_elses(scene: Scene, clock: Behind) -> None:
    opened = scene.bench.stack.http.post(
        f"{scene.gateway}/clock/",
        json={
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
            },
        },
        headers={"Authorization": f"Bearer {scene.bench.scout.key}", "Accept": "application/json, text/event-stream"},
    )  # fmt: skip
    assert opened.status_code == 200
    other = scene.bench.another_agent("other")

    def ping(key: str | None) -> int:
        return scene.bench.stack.http.post(
            f"{scene.gateway}/clock/",
            json={"jsonrpc": "2.0", "id": 2, "method": "ping"},
            headers={
                "Authorization": f"Bearer {key}", "Accept": "application/json, text/event-stream",
                "Mcp-Session-Id": opened.headers["mcp-session-id"], "Mcp-Protocol-Version": "2025-06-18",
            },
        ).status_code  # fmt: skip

    assert (ping(scene.bench.scout.key), ping(other.key)) == (200, 404)
