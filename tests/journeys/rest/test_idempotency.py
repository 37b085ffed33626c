"""Idempotency-Key on every POST: one effect, the same answer, per caller and path."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import make_policy, make_tool
from tests.journeys.rest.test_approvals import HOLD_MAIL
from tests.stack.api import Run
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

DENY_NOTHING = '@id("none") @message("Never.") @effect("deny")\nforbid (principal, action, resource) when { 1 == 2 };'


def _run(bench: Bench) -> Run:
    return bench.start()


def _held(bench: Bench) -> str:
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD_MAIL)
    return bench.start().ask("mail")["approval"]["id"]


def _policy(bench: Bench) -> str:
    bench.governor.post("policies/", {"slug": "p", "name": "P", "text": DENY_NOTHING}, expect=201)
    return "policies/p/"


def _published(bench: Bench) -> str:
    path = _policy(bench)
    bench.governor.post(f"{path}publish/", {"note": ""})
    return path


BUDGET = {"slug": "b", "name": "B", "unit": "actions", "limit": 5, "scope": {"type": "project"}, "period": "day"}
ORDER = {"scope": {"type": "tool", "value": "x"}, "reason": "r"}

type Prepared = tuple[str, str, dict[str, Any], dict[str, Any]]


def _action(bench: Bench) -> Prepared:
    run = _run(bench)
    body = {"fence": run.fence, "kind": "tool.call", "resource": "search"}
    return "scout", f"{run.path}actions/", body, {**body, "resource": "other"}


def _result(bench: Bench) -> Prepared:
    run = _run(bench)
    body = {"fence": run.fence, "status": "ok"}
    return "scout", f"{run.path}actions/{run.ask()['seq']}/result/", body, {**body, "status": "error"}


def _close(bench: Bench) -> Prepared:
    run = _run(bench)
    body = {"fence": run.fence, "outcome": "completed"}
    return "scout", f"{run.path}close/", body, {**body, "outcome": "failed"}


def _lift(bench: Bench) -> Prepared:
    order = bench.governor.post("kill-orders/", ORDER, expect=201)["id"]
    return "governor", f"kill-orders/{order}/lift/", {"reason": "a"}, {"reason": "b"}


def _budget(bench: Bench) -> str:
    bench.governor.post("budgets/", BUDGET, expect=201)
    return "budgets/b/versions/"


NOTES = ({"note": "a"}, {"note": "b"})
POSTS: dict[str, Callable[[Bench], Prepared]] = {
    "start": lambda b: ("scout", "executions/", {"workflow": "a"}, {"workflow": "b"}),
    "action": _action,
    "result": _result,
    "close": _close,
    "cancel": lambda b: ("governor", f"{_run(b).path}cancel/", {"reason": "a"}, {"reason": "b"}),
    "decide": lambda b: ("governor", f"approvals/{_held(b)}/decide/", {"decision": "grant"}, {"decision": "refuse"}),
    "policy": lambda b: (
        "governor",
        "policies/",
        {"slug": "a", "name": "A", "text": DENY_NOTHING},
        {"slug": "b", "name": "B", "text": DENY_NOTHING},
    ),
    "validate": lambda b: ("governor", f"{_policy(b)}validate/", {"text": "a"}, {"text": "b"}),
    "publish": lambda b: ("governor", f"{_policy(b)}publish/", *NOTES),
    "retire": lambda b: ("governor", f"{_published(b)}retire/", *NOTES),
    "return": lambda b: ("governor", f"{_published(b)}versions/1/publish/", *NOTES),
    "budget": lambda b: ("governor", "budgets/", BUDGET, {**BUDGET, "slug": "c"}),
    "revise": lambda b: ("governor", _budget(b), {"limit": 6}, {"limit": 7}),
    "order": lambda b: ("governor", "kill-orders/", ORDER, {**ORDER, "reason": "s"}),
    "lift": _lift,
    "agent": lambda b: ("governor", "agents/", {"slug": "x", "name": "X"}, {"slug": "y", "name": "Y"}),
    "workflow": lambda b: ("governor", "workflows/", {"slug": "x"}, {"slug": "y"}),
    "tool": lambda b: ("governor", "tools/", {"slug": "x"}, {"slug": "y"}),
    "model": lambda b: ("governor", "models/", {"slug": "x"}, {"slug": "y"}),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_retry_gets_the_stored_answer_and_another_body_is_refused(bench: Bench, name: str) -> None:
    who, path, body, other = POSTS[name](bench)
    api = getattr(bench, who)

    first = api.send("POST", path, body, retry="once")
    again = api.send("POST", path, body, retry="once")
    changed = api.send("POST", path, other, retry="once")

    assert first.status_code in (200, 201), first.text
    assert "idempotency-replayed" not in first.headers
    assert again.headers.get("idempotency-replayed") == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")


def test_a_replay_tells_the_current_state(bench: Bench) -> None:
    body = {"workflow": "errand"}
    first = bench.scout.post("executions/", body, expect=201, retry="once")
    Run(api=bench.scout, answer=first).close()

    again = bench.scout.post("executions/", body, expect=201, retry="once")

    assert again == {**first, "state": "completed"}


def test_keys_are_per_caller(bench: Bench) -> None:
    other = bench.another_agent()
    body = {"workflow": "errand"}

    mine = bench.scout.post("executions/", body, expect=201, retry="once")
    theirs = other.post("executions/", {"workflow": "another"}, expect=201, retry="once")

    assert mine["id"] != theirs["id"]


def test_what_was_refused_before_any_effect_is_not_kept(bench: Bench) -> None:
    run = bench.start()
    good = {"fence": run.fence, "kind": "tool.call", "resource": "search"}

    assert bench.scout.send("POST", f"{run.path}actions/", {}, retry="once").status_code == 400
    assert bench.scout.send("POST", f"{run.path}actions/", good, retry="once").status_code == 200


@pytest.mark.parametrize("retry", ["", "x" * 256, "tab\there"])
def test_an_idempotency_key_is_short_and_printable(bench: Bench, retry: str) -> None:
    answer = bench.scout.send("POST", "executions/", {"workflow": "errand"}, retry=retry)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
