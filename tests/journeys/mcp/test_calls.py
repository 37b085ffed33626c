"""A call of a tool: allowed, refused, stopped, out of budget; with a session and without one."""

import json

import pytest

from tests.journeys.mcp.conftest import Behind, Scene, text_of

pytestmark = pytest.mark.process

SESSION, ALONE = "legacy", "2026-07-28"

NO_CONVERSIONS = """
@id("no-conversions") @message("Times are not converted here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"clock/convert_time");
"""


def test_allowed_call_is_the_servers_own_result_and_is_on_record(scene: Scene, clock: Behind) -> None:
    with scene.agent("clock") as agent:
        assert agent.tools() == ["get_current_time", "convert_time"]
        result = agent.call("get_current_time", timezone="UTC")

    assert not result.is_error
    assert json.loads(text_of(result))["timezone"] == "UTC"
    execution = scene.only()
    assert (execution["workflow"], execution["state"]) == ("mcp-clock", "completed")
    [decided] = scene.decisions(execution["id"])
    assert decided["action"]["resource"] == "clock/get_current_time"
    assert decided["vouched"] == "enforced"
    assert decided["facts"]["definition"]["state"] == "accepted"
    assert [entry["status"] for entry in scene.entries(execution["id"]) if entry["type"] == "action.resulted"] == ["ok"]
