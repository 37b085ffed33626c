"""A request that comes twice takes effect once, whether after or beside the first."""

import pytest

from executions.models import Execution
from governance.domain.requests import retry_of
from governance.models import Project
from governance.services.requests import IdempotencyKeyReused
from tests.factories import make_budget
from tests.factories.executions import Run, at_once, start


def test_the_same_request_twice_has_one_effect(project: Project) -> None:
    make_budget(project)
    run = start(project)
    body = {"kind": "tool.call", "resource": "search"}
    retry = retry_of(caller=run.caller.key_id or "", path="/actions/", key="once", body=body)

    first, second = run.ask(retry=retry), run.ask(retry=retry)

    assert (first.replayed, second.replayed) == (False, True)
    assert first.body == second.body
    assert len(run.entries) == 2


def test_a_replay_shows_the_current_state(project: Project) -> None:
    run = start(project)
    retry = retry_of(caller=run.caller.key_id or "", path="/actions/", key="once", body={})
    run.ask(retry=retry)
    run.close()

    again = run.ask(retry=retry)

    assert (again.replayed, again.body["verdict"], again.body["state"]) == (True, "allow", "completed")


def test_the_same_key_with_another_body_is_refused(project: Project) -> None:
    run = start(project)
    caller = run.caller.key_id or ""
    run.ask(retry=retry_of(caller=caller, path="/actions/", key="once", body={"a": 1}))

    with pytest.raises(IdempotencyKeyReused):
        run.ask("mail", retry=retry_of(caller=caller, path="/actions/", key="once", body={"a": 2}))
    assert len(run.entries) == 2


def test_twins_at_once_have_one_effect(project: Project) -> None:
    make_budget(project)
    run = start(project)
    retry = retry_of(caller=run.caller.key_id or "", path="/actions/", key="once", body={})

    answers = at_once([lambda: run.ask(retry=retry)] * 8)

    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7  # type: ignore[union-attr]
    assert {answer.body["receipt"]["digest"] for answer in answers} == {_head(run)}  # type: ignore[union-attr]
    assert len(run.entries) == 2


def _head(run: Run) -> str:
    return "sha256:" + bytes(run.row.head).hex()


def test_twin_admissions_at_once_start_one_execution(project: Project) -> None:
    caller = start(project).caller
    retry = retry_of(caller=caller.key_id or "", path="/executions/", key="once", body={})

    runs = at_once([lambda: start(project, caller=caller, retry=retry)] * 6)

    assert len({run.id for run in runs}) == 1  # type: ignore[union-attr]
    assert Execution.objects.count() == 2
