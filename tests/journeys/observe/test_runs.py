"""Runs of the public client: asked first, recorded as any execution, its telemetry judged or kept."""

from typing import Any

import pytest

from tests.factories import make_policy, make_tool, make_workflow
from tests.journeys.observe.conftest import Observer
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

RETRIEVAL = {
    "step_name": "retrieval:kb", "output": {"_kind": "retrieval", "doc_count": 1, "query": "q"}, "position": 4,
}  # fmt: skip
MAIL = {
    "step_name": "tool:mail",
    "output": {"_kind": "tool_call", "name": "mail", "status": "ok", "error": ""},
    "position": 3,
}


def forbid(bench: Bench, what: str, *, effect: str = "deny", slug: str = "never") -> None:
    text = f'@id("no") @message("Not this one.") @effect("{effect}")\nforbid (principal, {what});'
    make_policy(bench.project, text, slug=slug)


def decided(observer: Observer) -> list[tuple[str, str, str, str]]:
    return [
        (
            entry["action"]["kind"],
            entry["action"]["resource"],
            entry["decision"]["verdict"],
            entry["vouched"],
        )
        for entry in observer.entries()
        if entry["type"] == "action.decided"
    ]


def test_the_client_is_told_to_ask_at_every_gate(observer: Observer) -> None:
    manifest = observer.api.get("observe/policy-manifest/", agent_name="my-agent", workflow_name="answer")

    assert manifest["manifest_version"] == "1"
    assert set(manifest["surfaces"]) == {"run.start", "llm.before", "tool.before", "step.mid"}
    assert {rule["eval"] for rules in manifest["surfaces"].values() for rule in rules} == {"server"}
    assert observer.api.get("observe/config/")["otel_endpoint"] == ""


def test_a_run_is_asked_recorded_and_closed(observer: Observer, call: dict[str, Any]) -> None:
    assert observer.check()["action"] == "allow"
    assert observer.gate("run.start", workflow_type="answer")["action"] == "allow"
    started = observer.start(user_group="sales", metadata={"tenant_sub_user_id": "carol@example.org"})
    assert started["run_id"] == started["workflow_id"]
    assert observer.gate("llm.before", model="gpt-4o-mini", text="hello")["action"] == "allow"
    assert observer.gate("tool.before", tool_name="mail", tool_args={"to": "a"})["action"] == "allow"
    assert observer.gate("step.mid", step_name="think", position=2, kind="chain")["action"] == "allow"

    # The provider answers with a dated name: it is the call that was asked for.
    assert observer.tell("llm-calls", {**call, "model": "gpt-4o-mini-2024-07-18"})["governance"]["action"] == "allow"
    thought = {"step_name": "think", "output": {"a": 1}, "position": 2}
    assert observer.tell("steps", thought, MAIL, RETRIEVAL)["governance"]["action"] == "allow"
    done = observer.complete()

    shown = observer.show()
    assert (done["state"], shown["state"], shown["vouched"]) == ("completed", "completed", "asked")
    assert (shown["agent"], shown["workflow"], shown["lease"]) == ("scout", "answer", None)
    assert shown["labels"] == {"agent_name": "my-agent", "user_group": "sales", "interaction_mode": "autonomous"}
    assert shown["end_user"] not in (None, "carol@example.org")
    assert decided(observer) == [
        ("execution.start", "answer", "allow", "asked"),
        ("model.call", "gpt-4o-mini", "allow", "asked"),
        ("tool.call", "mail", "allow", "asked"),
        ("data.access", "kb", "allow", "observed"),
    ]
    counts = shown["counts"]
    assert (counts["actions"], counts["model_calls"], counts["tool_calls"], counts["unresolved"]) == (3, 1, 1, 0)
    assert observer.beside("steps") == [thought]


def test_costs_are_ours_and_the_clients_figure_a_claim(observer: Observer, call: dict[str, Any]) -> None:
    observer.start()

    observer.tell("llm-calls", {**call, "cost": 99.0}, {**call, "model": "made-up", "cost": 0.0000015})

    assert decided(observer)[1:] == [
        ("model.call", "gpt-4o-mini", "allow", "observed"),
        ("model.call", "made-up", "allow", "observed"),
    ]
    usages = [entry["usage"] for entry in observer.entries() if entry["type"] == "action.resulted"]
    assert [(usage["cost_micros"], usage["usd_micros"]) for usage in usages] == [(270, 99_000_000), (2, 2)]
    assert observer.show()["counts"]["tokens"] == 2400


def test_names_appear_as_discovered(bench: Bench, service: Observer) -> None:
    service.names = {"agent_name": "auto:GPT 4o", "workflow_name": "auto"}

    assert service.check()["action"] == "allow"
    service.start()

    assert service.show()["agent"] == "auto-gpt-4o"
    agents = {agent["slug"]: agent for agent in bench.governor.items("agents/")}
    assert agents["auto-gpt-4o"]["discovered"]
    assert {row["slug"]: row for row in bench.governor.items("workflows/")}["auto"]["discovered"]


def test_a_refused_run_leaves_a_record(bench: Bench, observer: Observer) -> None:
    make_workflow(bench.project, "answer")
    forbid(bench, 'action == Action::"execution.start", resource == Workflow::"answer"')

    answer = observer.check()
    assert (answer["action"], answer["reason"]) == ("block", "Not this one.")
    assert {"policy_name": "waxell", "category": "policy"}.items() <= answer["evaluations"][0].items()
    assert answer["evaluations"][1]["policy_name"] == "never/no"
    # What the client does then.
    observer.start(pre_execution_evaluations=answer["evaluations"])
    assert observer.gate("tool.before", tool_name="mail", tool_args={})["action"] == "block"
    observer.complete("blocked", error="Policy violation: Not this one.", result={"blocked_by": "Not this one."})

    assert observer.show()["state"] == "denied"
    assert decided(observer) == [("execution.start", "answer", "deny", "asked")]


@pytest.mark.parametrize(
    ("what", "surface", "signal"),
    [
        ('action in Action::"model.call", resource == Model::"gpt-5"', "llm.before", {"model": "gpt-5", "text": "x"}),
        (
            'action in Action::"tool.call", resource == Tool::"mail"',
            "tool.before",
            {"tool_name": "mail", "tool_args": {}},
        ),
        (
            'action in Action::"tool.call", resource == Tool::"files/delete"',
            "mcp.before",
            {"server_name": "files", "tool_name": "delete", "tool_args": {"path": "/"}},
        ),
    ],
)
def test_a_rule_published_meanwhile_blocks_in_mid_run(
    bench: Bench, observer: Observer, what: str, surface: str, signal: dict[str, Any]
) -> None:
    observer.start()
    assert observer.gate(surface, **signal)["action"] == "allow"

    forbid(bench, what)

    answer = observer.gate(surface, **signal)
    assert (answer["action"], answer["reason"]) == ("block", "Not this one.")
    assert observer.complete("blocked")["governance"]["action"] == "allow"
    assert observer.show()["state"] == "failed"
    assert decided(observer)[-1][2:] == ("deny", "asked")


def test_a_kill_order_stops_at_the_next_step(bench: Bench, observer: Observer) -> None:
    observer.start()
    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "Enough."}, expect=201)

    answer = observer.gate("step.mid", step_name="think", position=2, kind="chain")

    assert (answer["action"], answer["evaluations"][0]["category"]) == ("block", "kill")
    assert observer.check()["action"] == "block"
    # The agent that goes on regardless hears of it once more, and its record stays what it is.
    assert observer.complete()["governance"]["action"] == "block"
    assert observer.show()["state"] == "halted"
    assert observer.beside("complete")[0]["outcome"] == "completed"


def test_a_call_told_afterwards_that_a_budget_cannot_bear_is_booked_and_stops_the_run(
    bench: Bench, observer: Observer, call: dict[str, Any]
) -> None:
    bench.governor.post(
        "budgets/",
        {
            "slug": "small", "name": "Small", "unit": "usd", "limit": "0.0005", "scope": {"type": "project"},
            "period": "day", "on_exceed": "deny", "default_reservation": "0.0001",
        },
        expect=201,
    )  # fmt: skip
    observer.start()

    assert observer.tell("llm-calls", call)["governance"]["action"] == "allow"
    answer = observer.tell("llm-calls", call)

    assert answer["governance"]["action"] == "block"
    assert observer.show()["state"] == "halted"
    (window,) = bench.governor.get("budgets/small/")["windows"]
    assert (window["spent"], window["overrun"]) == ("0.00054", "0.00027")
    # A new run of the same agent is let in, and its first call is not.
    observer.start()
    assert observer.gate("llm.before", model="gpt-4o-mini", text="x")["action"] == "allow"


def test_a_budget_used_up_blocks_at_the_gate(bench: Bench, observer: Observer) -> None:
    bench.governor.post(
        "budgets/",
        {
            "slug": "two", "name": "Two", "unit": "model_calls", "limit": 2, "scope": {"type": "project"},
            "period": "day",
        },
        expect=201,
    )  # fmt: skip
    observer.start()

    answers = [observer.gate("llm.before", model="gpt-4o-mini", text=str(turn)) for turn in range(3)]

    assert [answer["action"] for answer in answers] == ["allow", "allow", "block"]
    assert {"budget", "two"} <= {answers[2]["evaluations"][1][name] for name in ("category", "policy_name")}
    assert observer.show()["state"] == "halted"


def test_a_held_action_blocks_because_this_client_cannot_wait(bench: Bench, observer: Observer) -> None:
    make_tool(bench.project, "mail")
    forbid(bench, 'action in Action::"tool.call", resource == Tool::"mail"', effect="hold")
    observer.start()

    answer = observer.gate("tool.before", tool_name="mail", tool_args={"to": "a"})

    assert (answer["action"], answer["evaluations"][1]["category"]) == ("block", "approval")
    assert bench.governor.get(f"approvals/{answer['metadata']['approval_id']}/")["state"] == "pending"
    assert observer.gate("tool.before", tool_name="search", tool_args={})["action"] == "block"
    observer.complete("blocked")
    assert observer.show()["state"] == "failed"


def test_a_flagging_rule_warns(bench: Bench, observer: Observer) -> None:
    make_tool(bench.project, "mail")
    forbid(bench, 'action in Action::"tool.call", resource == Tool::"mail"', effect="flag")
    observer.start()

    assert observer.gate("tool.before", tool_name="mail", tool_args={})["action"] == "warn"


def test_nested_runs_have_lineage(bench: Bench, service: Observer) -> None:
    service.names = {"agent_name": "boss", "workflow_name": "plan"}
    parent = service.start()["run_id"]
    service.names = {"agent_name": "helper", "workflow_name": "dig"}

    child = service.start(parent_workflow_id=parent, root_workflow_id=parent)["run_id"]

    assert service.show()["parent"] == service.show()["root"] == parent
    service.run_id = parent
    assert decided(service)[-1] == ("agent.delegate", "helper", "allow", "asked")
    # Where there may be no delegation the run stands alone: it is governed all the same.
    forbid(bench, 'action == Action::"agent.delegate", resource == Agent::"helper"')
    service.start(parent_workflow_id=parent)
    assert service.run_id != child
    assert service.show()["parent"] is None
    service.start(parent_workflow_id="no such run")
    assert service.show()["parent"] is None
