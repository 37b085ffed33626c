"""D9: another's execution does not exist, reaching for it is recorded, and unasked results are refused."""

import pytest

from tests.stack.api import Api, Run
from tests.stack.fixtures import Bench, make_bench

pytestmark = pytest.mark.process


def reach_for(api: Api, run: Run) -> None:
    """Try every write on an execution that is not this caller's."""
    fence = {"fence": run.fence}
    for path, body in (
        ("actions/", {**fence, "kind": "tool.call", "resource": "x"}),
        ("actions/2/result/", {**fence, "status": "ok"}),
        ("heartbeat/", fence),
        ("close/", {**fence, "outcome": "completed"}),
        ("cancel/", {"reason": "mine"}),
    ):
        assert api.post(run.path + path, body, expect=404)["code"] == "not_found"


def refusals(project: object) -> int:
    from waxell.ledger.models import Entry

    return Entry.objects.filter(project_id=project.pk, stream=project.pk, type="access.refused").count()


def test_another_agents_execution_is_untouched_and_the_attempt_recorded(bench: Bench) -> None:
    run = bench.start()
    run.ask()
    before = run.show()

    reach_for(bench.another_agent(), run)

    assert run.show() == before
    assert refusals(bench.project) >= 3


def test_attempts_are_recorded_where_the_caller_is_at_home(bench: Bench) -> None:
    run = bench.start()
    theirs = make_bench(bench.stack, agent_slug="stranger")

    reach_for(theirs.scout, run)

    assert (refusals(bench.project), refusals(theirs.project) >= 3) == (0, True)
    assert len(run.entries()) == 1


def test_a_result_for_what_was_refused_or_never_asked_is_refused(bench: Bench) -> None:
    bench.governor.post(
        "budgets/",
        {
            "slug": "none",
            "name": "None",
            "unit": "tool_calls",
            "limit": 0,
            "scope": {"type": "project"},
            "period": "day",
            "on_exceed": "deny",
        },
        expect=201,
    )
    run = bench.start()
    refused = run.ask()

    assert refused["verdict"] == "deny"
    assert run.report(refused["seq"], usage={"usd": "5"}, expect=409)["code"] == "not_dispatched"
    assert run.report(77, expect=404)["code"] == "not_found"
    assert len(run.entries()) == 2
