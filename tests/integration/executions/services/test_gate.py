"""One action at the gate: what is decided, written and answered."""

import threading
import time

import pytest
from django.db import connection, transaction

from executions.services.gate import ExecutionSuspended
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.models import ApiKey, Project, Tool
from governance.services import catalogue, keys, kill_orders, policies, projects
from tests.factories import make_policy, make_project, make_tool
from tests.factories.executions import at_once, lines, start
from tests.factories.governance import owner_of
from waxell.lib.errors import NotFound, Unauthenticated

SYSTEM = Actor(system="test")


def rule(effect: str, condition: str = "", *, resource: str = "", action: str = "tool.call", more: str = "") -> str:
    where = f'resource == Tool::"{resource}"' if resource else "resource"
    verb = "in" if action == "tool.call" else "=="
    when = f" when {{ {condition} }}" if condition else ""
    return (
        f'@id("the-rule") @message("Because.") @effect("{effect}") {more}\n'
        f'forbid (principal, action {verb} Action::"{action}", {where}){when};'
    )


def test_an_empty_project_allows_a_first_call_and_records_it() -> None:
    run = start(make_project())

    answer = run.ask("search", args={"q": "licences"})

    assert (answer.status, answer.body["verdict"], answer.body["state"]) == (200, "allow", "running")
    first, second = run.entries
    assert (first["type"], first["action"]["kind"], first["execution"]["workflow_slug"]) == (
        "action.decided",
        "execution.start",
        "errand",
    )
    assert second["decision"] == {"verdict": "allow", "reasons": []}
    assert answer.body["receipt"]["seq"] == 2
    assert Tool.objects.get(slug="search").discovered


def test_a_denied_action_leaves_the_execution_running(project: Project) -> None:
    make_tool(project, "mail")
    make_policy(project, slug="mail-policy")
    run = start(project)

    answer = run.ask("mail")

    (reason,) = answer.body["reasons"]
    assert (answer.body["verdict"], answer.body["state"]) == ("deny", "running")
    assert (reason["policy"], reason["rule"], reason["version"]) == ("mail-policy", "no-mail", 1)
    assert run.ask("search").body["verdict"] == "allow"
    assert run.row.refusals == 1


def test_a_halt_ends_the_execution_with_its_record(project: Project) -> None:
    make_policy(project, text=rule("halt"))
    run = start(project)

    answer = run.ask()

    assert (answer.body["verdict"], answer.body["state"]) == ("halt", "halted")
    assert [entry["type"] for entry in run.entries] == ["action.decided", "action.decided", "execution.closed"]
    closing = run.entries[-1]
    assert (closing["outcome"], closing["cause"]["rule"], closing["entries"]) == ("halted", "the-rule", 3)


def test_a_refused_admission_is_a_record(project: Project) -> None:
    make_policy(project, text=rule("deny", action="execution.start"))

    run = start(project)

    assert (run.answer.status, run.answer.body["state"], run.answer.body["lease"]) == (201, "denied", None)
    assert [entry["type"] for entry in run.entries] == ["action.decided", "execution.closed"]
    assert run.entries[-1]["totals"]["refusals"] == 1


def test_a_halt_at_admission_is_a_refusal_too(project: Project) -> None:
    make_policy(project, text=rule("halt", action="execution.start"))

    assert start(project).state == "denied"


def test_a_policy_published_in_mid_run_binds_the_very_next_action(project: Project) -> None:
    run = start(project)
    before = run.ask()

    make_policy(project, text=rule("deny"))
    after = run.ask()

    assert (before.body["verdict"], after.body["verdict"]) == ("allow", "deny")
    assert before.body["governance_state"] != after.body["governance_state"]
    run.close()
    seen = run.entries[-1]["governance_states"]
    assert [(state["digest"], state["first"]) for state in seen] == [
        (before.body["governance_state"], 1),
        (after.body["governance_state"], 3),
    ]


def test_returning_to_a_version_binds_as_well(project: Project) -> None:
    policy = make_policy(project, text=rule("deny"))
    run = start(project)
    policies.retire(policy=policy, actor=SYSTEM)

    assert run.ask().body["verdict"] == "allow"
    policies.publish_version(policy=policy, number=1, actor=SYSTEM)
    assert run.ask().body["verdict"] == "deny"


def test_a_rule_on_trial_is_recorded_and_does_not_bind(project: Project) -> None:
    make_policy(project, text=rule("halt"), mode="shadow")
    run = start(project)

    assert run.ask().body["verdict"] == "allow"
    assert run.entries[-1]["decision"]["shadow"][0]["rule"] == "the-rule"


def test_a_kill_order_binds_the_next_action(project: Project) -> None:
    run = start(project)
    owner = Actor(person=owner_of(project).pk)
    (order,) = kill_orders.place(project=project, actor=owner, scope_type="tool", scope_value="search", reason="leak")

    assert run.ask("other").body["verdict"] == "allow"
    answer = run.ask("search")

    (reason,) = answer.body["reasons"]
    assert (answer.body["state"], reason["code"], reason["kill_order"]) == ("halted", "killed", str(order.pk))


def test_a_lifted_kill_order_no_longer_binds(project: Project) -> None:
    owner = Actor(person=owner_of(project).pk)
    (order,) = kill_orders.place(project=project, actor=owner, scope_type="project", reason="drill")
    assert start(project).state == "denied"

    kill_orders.lift(order=order, actor=owner)

    assert start(project).state == "running"


def test_arguments_are_judged_by_the_tools_schema_and_derived_again_after_it_changed(project: Project) -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}
    tool = make_tool(project, "pay", schema=schema)
    text = rule("deny", 'context.args.amount.greaterThan(decimal("10.0"))').replace(
        'action in Action::"tool.call"', 'action == Action::"tool.call/pay"'
    )
    policy = make_policy(project, text=text)
    run = start(project)

    assert run.ask("pay", args={"amount": 10}).body["verdict"] == "allow"
    assert run.ask("pay", args={"amount": 10.5}).body["verdict"] == "deny"
    wrong = run.ask("pay", args={"amount": "much"})
    assert (wrong.body["verdict"], wrong.body["reasons"][0]["code"]) == ("deny", "args_invalid")

    # What the invariants check after this test: the old decisions are still derived by the old schema.
    policies.retire(policy=policy, actor=SYSTEM)
    catalogue.change_tool(
        tool=tool,
        actor=SYSTEM,
        schema={"type": "object", "properties": {"amount": {"type": "integer"}}},
        groups=(),
        description="",
        cost_micros=None,
    )


def test_a_flood_of_refusals_ends_the_execution(project: Project) -> None:
    make_policy(project, text=rule("deny"))
    projects.change_settings(project=project, actor=SYSTEM, refusal_limit=3)
    run = start(project)

    assert [run.ask().body["verdict"] for _ in range(3)] == ["deny", "deny", "halt"]
    assert run.entries[-1]["cause"]["code"] == "too_many_refusals"


def test_a_hundred_refusals_are_the_limit_unless_told_otherwise(project: Project) -> None:
    make_policy(project, text=rule("deny"))
    run = start(project)

    verdicts = [run.ask().body["verdict"] for _ in range(100)]

    assert (verdicts.count("deny"), verdicts[-1], run.state) == (99, "halt", "halted")


def test_a_revoked_key_is_refused_in_the_append(project: Project) -> None:
    run = start(project)
    keys.revoke(key=ApiKey.objects.get(pk=run.caller.key_id), actor=SYSTEM)

    with pytest.raises(Unauthenticated):
        run.ask()
    assert len(run.entries) == 1


def test_another_agents_execution_does_not_exist_and_the_attempt_is_recorded(project: Project) -> None:
    mine, other = start(project), start(project)
    mine.caller = other.caller

    for _ in range(2):
        with pytest.raises(NotFound):
            mine.ask()

    refused = [line for line in lines(project.pk) if line["type"] == "access.refused"]
    assert [(line["execution"], line["actor"]["key"]) for line in refused] == [(str(mine.id), other.caller.key_id)]
    assert len(mine.entries) == 1


def test_an_append_that_waits_while_publishing_commits_decides_again(project: Project) -> None:
    """The append waits on the project's lock with an `allow` in its hand; the publication commits first."""
    run = start(project)
    run.ask()
    outcome: list[object] = []
    with transaction.atomic():
        # Publishing takes the lock that every append takes shared, and keeps it until it commits.
        make_policy(project, text=rule("deny"))
        thread = threading.Thread(target=lambda: outcome.extend(at_once([run.ask])))
        thread.start()
        deadline = time.monotonic() + 10
        while not _somebody_waits() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _somebody_waits()
        assert outcome == []
    thread.join(timeout=10)

    (answer,) = outcome
    assert answer.body["verdict"] == "deny"  # type: ignore[attr-defined]
    assert run.entries[-1]["decision"]["reasons"][0]["rule"] == "the-rule"


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def test_a_suspended_execution_takes_no_new_action(project: Project) -> None:
    make_policy(project, text=rule("hold"))
    run = start(project)
    run.ask()

    with pytest.raises(ExecutionSuspended):
        run.ask(kind=Kind.MODEL_CALL, resource="gpt")
