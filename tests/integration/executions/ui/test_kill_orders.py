import pytest

from executions.services import kill_orders
from governance.domain.kinds import Kind

pytestmark = pytest.mark.django_db


def place(bench, scope_type, scope_value=None):
    return kill_orders.place(
        project=bench.project, actor=bench.actor, scope_type=scope_type, scope_value=scope_value, reason="It loops."
    )


def test_order_on_an_agent_stops_what_runs_and_counts_what_was_sent(bench):
    sent = bench.start()
    sent.asks()
    quiet = bench.start()
    done = bench.start()
    done.closes()

    placed = place(bench, "agent", "scout")

    assert set(placed.stopped) == {sent.id, quiet.id}
    assert (placed.in_flight, placed.remaining) == (1, 0)
    assert sent.row.state == "halted"
    assert sent.row.cause["kill_order"] == str(placed.orders[0].pk)
    assert done.row.state == "completed"
    assert bench.start().row.state == "denied"


def test_order_on_another_workflow_leaves_this_one_alone(bench):
    run = bench.start("errand")

    placed = place(bench, "workflow", "chore")

    assert (placed.stopped, placed.in_flight) == ((), 0)
    assert run.row.state == "running"


def test_order_on_an_execution_stops_its_descendants_and_nothing_else(bench):
    parent, other = bench.start(), bench.start()
    child = bench.start(parent=parent.id)

    placed = place(bench, "execution", str(parent.id))

    assert set(placed.stopped) == {parent.id, child.id}
    assert other.row.state == "running"


def test_order_on_a_tool_stops_the_next_call_and_tells_of_those_under_way(bench):
    run = bench.start()
    run.asks(resource="search")
    answered = run.asks(resource="search")
    run.tells(answered["seq"])
    run.asks(resource="mail")
    run.asks(kind=Kind.DATA_ACCESS, resource="search")

    placed = place(bench, "tool", "search")

    assert (placed.stopped, placed.in_flight) == ((), 1)
    assert run.row.state == "running"
    assert run.asks(resource="search")["verdict"] == "halt"


def test_order_on_an_end_user_stops_what_was_done_for_them(bench):
    theirs = bench.start(end_user="bob@example.org")
    nobodys = bench.start()

    placed = place(bench, "end_user", "bob@example.org")

    assert placed.stopped == (theirs.id,)
    assert nobodys.row.state == "running"
