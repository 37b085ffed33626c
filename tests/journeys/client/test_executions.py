"""The client's ordinary day: executions, tools, models, delegation, threads, and the records they leave."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.factories import make_budget, make_policy, make_tool
from tests.journeys.client.conftest import MakeClient
from tests.stack.fixtures import Bench
from waxell_client import (
    Client,
    Delegation,
    DrivenByWorkers,
    Estimate,
    NoExecution,
    NotAdmitted,
    Refused,
    Rejected,
    Stopped,
    Usage,
    configure,
    current_execution,
    execution,
    governed_tool,
)

pytestmark = pytest.mark.process

NO_MAIL = """
@id("no-mail") @message("Nobody sends mail from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
NO_ERRANDS = """
@id("no-errands") @message("No errands today.") @effect("deny")
forbid (principal, action == Action::"execution.start", resource);
"""


def types(bench: Bench, execution_id: str | None) -> list[str]:
    return [entry["type"] for entry in bench.governor.items(f"executions/{execution_id}/entries/")]


def test_an_execution_is_admitted_asked_settled_and_closed(bench: Bench, client: Client) -> None:
    with client.execution("errand", input={"city": "Genève"}, labels={"team": "docs"}, environment="staging") as ex:
        hits = ex.tool("search", {"q": "weather", "limit": 3})(lambda q, limit: [q] * limit)
        ex.output = {"hits": len(hits)}

    assert hits == ["weather"] * 3
    shown = bench.governor.get(f"executions/{ex.id}/")
    assert (shown["state"], shown["labels"], shown["environment"]) == ("completed", {"team": "docs"}, "staging")
    assert shown["counts"]["unresolved"] == 0
    assert shown["record"] == {"entries": 4, "head": ex.record.head if ex.record else None}
    assert types(bench, ex.id) == ["action.decided", "action.decided", "action.resulted", "execution.closed"]


def test_what_is_refused_is_not_done_and_the_run_goes_on(bench: Bench, client: Client) -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project, NO_MAIL, slug="mail")
    sent: list[str] = []

    with client.execution("errand") as ex:
        with pytest.raises(Refused) as refusal:
            ex.tool("mail", {"to": "dave"})(sent.append)
        ex.tool("search")(lambda: None)

    assert sent == []
    assert str(refusal.value) == "mail was refused: Nobody sends mail from here. (policy mail, rule no-mail)"
    assert (refusal.value.kind, refusal.value.resource, refusal.value.seq) == ("tool.call", "mail", 2)
    assert [reason.rule for reason in refusal.value.reasons] == ["no-mail"]
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "completed"


def test_a_refused_admission_runs_nothing(bench: Bench, client: Client) -> None:
    make_policy(bench.project, NO_ERRANDS)

    with (
        pytest.raises(NotAdmitted, match=r"was not admitted: No errands today\.") as refusal,
        client.execution("errand"),
    ):
        pytest.fail("the block ran")

    assert (refusal.value.state, refusal.value.code) == ("denied", "policy_rule")


def test_a_failed_action_is_reported_and_its_error_rises(bench: Bench, client: Client) -> None:
    def fail() -> None:
        raise LookupError("no such page")

    with pytest.raises(LookupError, match="no such page"), client.execution("errand") as ex:
        ex.tool("search")(fail)

    shown = bench.governor.get(f"executions/{ex.id}/")
    assert (shown["state"], shown["counts"]["unresolved"]) == ("failed", 0)
    assert bench.governor.get(f"executions/{ex.id}/actions/2/")["result"]["status"] == "error"


def test_money_is_reserved_settled_and_exact(bench: Bench, client: Client) -> None:
    make_budget(
        bench.project, slug="dollar", unit="usd", limit=1_000_000, default_reservation=100_000, on_exceed="deny"
    )

    with client.execution("errand") as ex:
        with ex.tool("search", estimate=Estimate(usd="0.80")) as act:
            act.used(usd=Decimal("0.3000001"))
        with pytest.raises(Refused) as refusal:
            ex.tool("search", estimate=Estimate(usd="0.70"))(lambda: None)
        ex.tool("search", estimate=Estimate(usd="0.69"), usage=Usage(usd="0.1"))(lambda: None)

    (reason,) = refusal.value.reasons
    assert (reason.budget, reason.limit, reason.spent, reason.asked) == (
        "dollar", Decimal("1.00"), Decimal("0.300001"), Decimal("0.70"),
    )  # fmt: skip
    (window,) = bench.governor.get("budgets/dollar/")["windows"]
    assert (Decimal(window["spent"]), Decimal(window["reserved"])) == (Decimal("0.400001"), 0)


def test_more_used_than_reserved_stops_and_keeps_what_was_done(bench: Bench, client: Client) -> None:
    make_budget(bench.project, unit="usd", limit=1_000_000, default_reservation=100_000)

    with pytest.raises(Stopped) as stop, client.execution("errand") as ex:
        ex.tool("search", usage=Usage(usd="0.2"))(lambda: "dear")

    assert (stop.value.code, stop.value.state, stop.value.output) == ("budget_overrun", "halted", "dear")
    assert bench.governor.get(f"executions/{ex.id}/")["state"] == "halted"


def test_a_model_call_tells_the_usage_of_its_answer(bench: Bench, client: Client) -> None:
    def create(*, model: str, max_tokens: int) -> dict[str, object]:
        return {"model": f"{model}-2026", "usage": {"prompt_tokens": 30, "completion_tokens": max_tokens}}

    with client.execution("errand") as ex:
        answer = ex.model("house-model", {"max_tokens": 12}, estimate=Estimate(tokens=100))(create)

    assert answer["model"] == "house-model-2026"
    assert bench.governor.get(f"executions/{ex.id}/")["counts"]["tokens"] == 42


def test_governed_functions_belong_to_the_execution_that_calls_them(bench: Bench, client: Client) -> None:
    @governed_tool
    def search(query: str, limit: int = 2) -> list[str]:
        return [query] * limit

    @governed_tool(name="files.read", told=lambda path: {"file": path.rsplit("/", 1)[-1]})
    def read(path: str) -> str:
        return path

    with pytest.raises(NoExecution):
        search("outside")
    with client.execution("errand") as ex:
        assert search("a") == ["a", "a"]
        assert read("/home/me/notes.txt") == "/home/me/notes.txt"

    asked = bench.governor.items(f"executions/{ex.id}/actions/")[1:]
    assert [action["resource"] for action in asked] == ["search", "files.read"]


def test_executions_nest_and_can_be_told_not_to(bench: Bench, client: Client) -> None:
    with client.execution("errand") as outer:
        with client.execution("inner") as inner:
            assert current_execution().id == inner.id
        with client.execution("alone", parent=None) as alone:
            pass
        assert current_execution().id == outer.id

    assert bench.governor.get(f"executions/{inner.id}/")["parent"] == outer.id
    assert bench.governor.get(f"executions/{alone.id}/")["parent"] is None


def test_work_is_handed_to_another_agent_by_a_delegation(bench: Bench, client: Client, make_client: MakeClient) -> None:
    helper = make_client(api_key=bench.another_agent("helper").key)

    with client.execution("errand") as ex, ex.delegate("helper", {"topic": "weather"}) as act:
        word = str(act.delegation)
        with helper.execution("help", delegation=Delegation.parse(word)) as below:
            pass
        with pytest.raises(Rejected) as rejection, helper.execution("help", parent=ex.id):
            pytest.fail("the block ran")

    assert rejection.value.code == "parent_invalid"
    assert bench.governor.get(f"executions/{below.id}/")["parent"] == ex.id


def test_threads_share_an_execution(bench: Bench, client: Client) -> None:
    @governed_tool
    def double(number: int) -> int:
        return number * 2

    with client.execution("errand") as ex, ThreadPoolExecutor(8) as pool:
        own = [pool.submit(ex.tool("double", {"number": n}), lambda number: number * 2) for n in range(16)]
        carried = [pool.submit(contextvars.copy_context().run, double, n) for n in range(16)]
        lost = pool.submit(double, 1)
        assert [future.result() for future in own] == [future.result() for future in carried]
        assert isinstance(lost.exception(), NoExecution)

    shown = bench.governor.get(f"executions/{ex.id}/")
    assert (shown["state"], shown["counts"]["tool_calls"], shown["counts"]["unresolved"]) == ("completed", 32, 0)


def test_a_workers_workflow_is_not_driven_from_outside(bench: Bench, client: Client) -> None:
    bench.governor.post("workflows/", {"slug": "licence-audit", "kind": "worker"}, expect=201)

    with pytest.raises(DrivenByWorkers, match="run by Waxell's workers"), client.execution("licence-audit"):
        pytest.fail("the block ran")

    (row,) = bench.governor.items("executions/")
    assert row["state"] == "cancelled"


def test_a_key_that_is_not_accepted_refuses(make_client: MakeClient) -> None:
    stranger = make_client(api_key="wxk_0123456789abcdef_nothing")

    with pytest.raises(Rejected) as rejection, stranger.execution("errand"):
        pytest.fail("the block ran")

    assert (rejection.value.status, rejection.value.code) == (401, "unauthenticated")


def test_the_default_client_is_the_environments_or_the_configured(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waxell_client.default._configured", None)
    monkeypatch.setenv("WAXELL_URL", bench.stack.ready["url"] + "/")
    monkeypatch.setenv("WAXELL_API_KEY", bench.scout.key or "")
    with execution("errand") as ex:
        assert ex.id
    configure(client)
    monkeypatch.delenv("WAXELL_URL")
    with execution("errand") as other:
        assert other.id != ex.id
