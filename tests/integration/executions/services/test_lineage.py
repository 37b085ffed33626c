"""Parents, delegation and cascades: what runs below an execution ends with it when it is stopped."""

from uuid import uuid4

import pytest

from executions.services import watchdog
from executions.services.admission import ParentInvalid
from executions.services.callers import Caller
from executions.services.kill_orders import place
from executions.services.lifecycle import cancel_execution
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.models import Project
from tests.factories import make_agent, make_policy, make_project
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of


@pytest.fixture
def family(project: Project) -> tuple[Run, Run, Run]:
    """Three executions of one agent, each the parent of the next."""
    first = start(project)
    second = start(project, caller=first.caller, parent=first.id)
    return first, second, start(project, caller=first.caller, parent=second.id)


def _cancel(run: Run, project: Project) -> None:
    caller = Caller(project_id=project.pk, person_id=owner_of(project).pk)
    cancel_execution(caller=caller, execution_id=run.id, reason="enough")


def test_a_child_knows_its_root_and_depth(family: tuple[Run, Run, Run]) -> None:
    first, _, third = family

    assert (third.row.root_id, third.row.depth) == (first.id, 2)


def test_another_agents_execution_is_no_parent(project: Project) -> None:
    parent, stranger = start(project), start(project)

    with pytest.raises(ParentInvalid):
        start(project, caller=stranger.caller, parent=parent.id)


def test_an_execution_of_another_project_is_no_parent(project: Project) -> None:
    elsewhere = start(make_project())

    with pytest.raises(ParentInvalid):
        start(project, parent=elsewhere.id)
    with pytest.raises(ParentInvalid):
        start(project, parent=uuid4())


def test_an_allowed_delegation_makes_a_parent(project: Project) -> None:
    helper = make_agent(project, slug="helper")
    parent = start(project)
    allowed = parent.ask("helper", kind=Kind.AGENT_DELEGATE).body["seq"]
    other = parent.ask("somebody", kind=Kind.AGENT_DELEGATE).body["seq"]

    child = start(project, agent=helper, parent=parent.id, delegation=allowed)

    assert child.row.parent_id == parent.id
    with pytest.raises(ParentInvalid):
        start(project, caller=child.caller, parent=parent.id, delegation=other)


def test_a_refused_delegation_makes_none(project: Project) -> None:
    helper = make_agent(project, slug="helper")
    make_policy(
        project,
        text='@id("alone") @message("No.") @effect("deny") '
        'forbid (principal, action == Action::"agent.delegate", resource);',
    )
    parent = start(project)
    seq = parent.ask("helper", kind=Kind.AGENT_DELEGATE).body["seq"]

    with pytest.raises(ParentInvalid):
        start(project, agent=helper, parent=parent.id, delegation=seq)


def test_a_cancelled_execution_takes_its_descendants_along(family: tuple[Run, Run, Run], project: Project) -> None:
    _cancel(family[0], project)

    assert [run.state for run in family] == ["cancelled"] * 3
    assert [run.entries[-1]["cause"]["code"] for run in family] == ["cancelled", "ancestor_ended", "ancestor_ended"]


def test_a_cascade_passes_through_one_that_had_ended_by_itself(family: tuple[Run, Run, Run], project: Project) -> None:
    family[1].close()

    _cancel(family[0], project)

    assert [run.state for run in family] == ["cancelled", "completed", "cancelled"]


def test_a_completed_parent_leaves_its_children_alone(family: tuple[Run, Run, Run]) -> None:
    family[0].close()

    assert watchdog.stop_orphans() == 0
    assert [run.state for run in family] == ["completed", "running", "running"]


def test_a_kill_order_stops_what_runs(family: tuple[Run, Run, Run], project: Project) -> None:
    bystander = start(project)
    owner = Actor(person=owner_of(project).pk)

    placed = place(
        project=project, actor=owner, scope_type="execution", scope_value=str(family[0].id), reason="runaway"
    )

    assert set(placed.stopped) == {run.id for run in family}
    assert bystander.state == "running"
    assert family[0].entries[-1]["cause"]["code"] == "killed"


def test_a_silent_execution_is_stopped_when_the_rules_turn_against_it(project: Project) -> None:
    run = start(project)
    watch = watchdog.Watch()
    assert watch.judge_silent() == 0

    make_policy(
        project,
        text='@id("enough") @message("No more.") @effect("halt") '
        'forbid (principal, action == Action::"execution.continue", resource);',
    )

    assert watch.judge_silent() == 1
    assert (run.state, run.entries[-1]["cause"]["rule"]) == ("halted", "enough")
    assert watch.judge_silent() == 0


def test_a_heartbeat_learns_that_the_execution_must_stop(project: Project) -> None:
    run = start(project)
    make_policy(
        project,
        text='@id("enough") @message("No more.") @effect("deny") '
        'forbid (principal, action == Action::"execution.continue", resource);',
    )

    assert run.heartbeat().body["directive"] == "halt"
    assert run.state == "halted"
