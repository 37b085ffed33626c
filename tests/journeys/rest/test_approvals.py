"""A held action waits for a person: asking, polling, granting, refusing, and using a grant once."""

import pytest

from governance.domain.actors import Actor
from governance.services import rights
from tests.factories import make_agent, make_policy, make_tool
from tests.stack.api import Api, Run
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

HOLD_MAIL = """
@id("ask-first") @message("A person reads every mail before it is sent.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


@pytest.fixture
def held(bench: Bench) -> Run:
    """An execution that waits for a person."""
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD_MAIL)
    run = bench.start()
    run.answer["asked"] = run.ask("mail", args={"to": "dave"})
    return run


def decide(api: Api, approval: str, decision: str, **more: object) -> dict:
    return api.post(f"approvals/{approval}/decide/", {"decision": decision, "comment": "Seen."}, **more)


def test_a_held_action_suspends_the_execution_and_is_polled(bench: Bench, held: Run) -> None:
    asked = held.answer["asked"]
    assert (asked["verdict"], asked["state"]) == ("hold", "suspended")
    assert set(asked["approval"]) == {"id", "state", "expires_in_seconds"}
    assert asked["reasons"][0]["code"]
    assert asked["reasons"][0]["rule"] == "ask-first"

    assert held.ask("search", expect=409)["code"] == "execution_suspended"
    assert held.heartbeat()["directive"] == "wait"

    path = f"{held.path}actions/{asked['seq']}/"
    waiting = bench.scout.send("GET", path)
    assert int(waiting.headers["retry-after"]) > 0
    same = bench.scout.send("GET", path, headers={"If-None-Match": waiting.headers["etag"]})
    assert same.status_code == 304

    decide(bench.governor, asked["approval"]["id"], "grant")
    told = bench.scout.send("GET", path, headers={"If-None-Match": waiting.headers["etag"]})
    assert (told.status_code, told.json()["approval"]["state"]) == (200, "granted")
    assert "retry-after" not in told.headers


def test_a_grant_works_once_for_the_same_call_only(bench: Bench, held: Run) -> None:
    approval = held.answer["asked"]["approval"]["id"]
    assert decide(bench.governor, approval, "grant")["state"] == "granted"
    assert held.show()["state"] == "running"

    used = held.ask("mail", args={"to": "dave"}, approval=approval)
    assert used["verdict"] == "allow"
    assert bench.scout.get(f"approvals/{approval}/")["used_by"] == held.id
    assert held.ask("mail", args={"to": "dave"}, approval=approval)["verdict"] == "hold"


def test_a_grant_does_not_cover_other_arguments(bench: Bench, held: Run) -> None:
    approval = held.answer["asked"]["approval"]["id"]
    decide(bench.governor, approval, "grant")

    assert held.ask("mail", args={"to": "everybody"}, approval=approval)["verdict"] == "hold"


def test_a_refusal_denies_the_action_and_the_execution_goes_on(bench: Bench, held: Run) -> None:
    asked = held.answer["asked"]
    answer = decide(bench.governor, asked["approval"]["id"], "refuse")

    assert answer["state"] == "refused"
    assert bench.scout.get(f"{held.path}actions/{asked['seq']}/")["verdict"] == "deny"
    assert held.show()["state"] == "running"
    again = decide(bench.governor, asked["approval"]["id"], "grant", expect=409)
    assert again["code"] == "approval_decided"


def test_lists_show_an_agent_its_own_approvals_only(bench: Bench, held: Run) -> None:
    approval = held.answer["asked"]["approval"]["id"]
    other = bench.another_agent()

    assert [item["id"] for item in bench.scout.items("approvals/")] == [approval]
    assert [item["id"] for item in bench.governor.items("approvals/", state="pending")] == [approval]
    assert bench.governor.items("approvals/", state="granted") == []
    assert [item["id"] for item in bench.governor.items("approvals/", execution=held.id)] == [approval]
    assert other.items("approvals/") == []
    other.get(f"approvals/{approval}/", expect=404)


def test_nobody_decides_for_an_agent_they_answer_for(bench: Bench) -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD_MAIL)
    # There is somebody else to ask.
    rights.grant_role(project=bench.project, person=bench.bob, role="approver", actor=Actor(person=bench.owner.pk))
    own = bench.key(agent=make_agent(bench.project, "own"))
    run = Run(api=own, answer=own.post("executions/", {"workflow": "errand"}, expect=201))
    approval = run.ask("mail")["approval"]["id"]

    assert decide(bench.governor, approval, "grant", expect=403)["code"] == "self_approval"
    assert bench.governor.get(f"approvals/{approval}/")["state"] == "pending"
    run.close()


def test_a_held_admission_begins_suspended(bench: Bench) -> None:
    make_policy(
        bench.project,
        '@id("look") @message("A person looks first.") @effect("hold")\n'
        'forbid (principal, action == Action::"execution.start", resource);',
    )
    run = bench.start()
    assert (run.answer["state"], run.answer["verdict"]) == ("suspended", "hold")

    decide(bench.governor, run.answer["approval"]["id"], "grant")

    assert run.show()["state"] == "running"
    assert run.ask()["verdict"] == "allow"
