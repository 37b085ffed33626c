import threading
from uuid import UUID

import pytest
from django.db import connection, connections

from executions.models import Execution
from executions.queries import due
from executions.services import doorbell, queue
from governance.models import Project, Workflow
from tests.factories import make_agent, make_person, make_project
from tests.integration.executions.runner.conftest import Start


def order(**wanted: object) -> list[UUID]:
    return [item.execution_id for item in due.list_due(limit=10, **wanted)]  # type: ignore[arg-type]


def test_admission_rings_for_what_it_admits(start: Start, rings: list[str]) -> None:
    assert rings == [str(start("errand"))]


def test_a_broker_that_is_down_does_not_disturb_admission(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_task(name: str, args: list[str]) -> None:
        raise ConnectionError

    monkeypatch.setattr(doorbell.current_app, "send_task", send_task)
    execution = start("errand")
    assert order() == [execution]


def test_projects_take_turns(start: Start) -> None:
    other = make_project(make_person("Bob"))
    make_agent(other)
    first, second, third = (start("errand") for _ in range(3))
    theirs = start("errand", within=other)
    assert order() == [first, theirs, second, third]


def test_a_ring_chooses_within_its_project_only(start: Start) -> None:
    other = make_project(make_person("Bob"))
    make_agent(other)
    first, second = start("errand"), start("errand")
    theirs = start("errand", within=other)
    assert order(preferred=second) == [second, theirs, first]


def test_a_workflow_runs_no_more_at_once_than_it_may(project: Project, start: Start) -> None:
    first, second, third = (start("errand") for _ in range(3))
    Workflow.objects.filter(slug="errand").update(max_concurrent=2)
    assert order() == [first, second]
    assert queue.take_next(preferred=third, worker="one") is not None
    assert order() == [first]
    elsewhere = start("other-errand")
    assert order() == [first, elsewhere]


def test_a_project_runs_no_more_at_once_than_it_may(project: Project, start: Start) -> None:
    start("errand")
    second = start("other-errand")
    Project.objects.update(max_concurrent_executions=1)
    assert queue.take_next(preferred=second, worker="one") is not None
    assert order() == []


def test_limits_hold_when_workers_look_at_the_same_moment(project: Project, start: Start) -> None:
    rung = [start("errand") for _ in range(6)]
    Workflow.objects.filter(slug="errand").update(max_concurrent=2)
    barrier = threading.Barrier(6)

    def take(preferred: UUID) -> None:
        barrier.wait()
        try:
            queue.take_next(preferred=preferred, worker="one")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(preferred,)) for preferred in rung]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Execution.objects.filter(state="running").count() == 2


def test_the_sweeper_rings_again_but_not_without_end(start: Start, rings: list[str]) -> None:
    execution = start("errand")
    rings.clear()
    rounds = queue.Rounds(waiting_seconds=0, again_seconds=60)
    assert [rounds.ring_due(), rounds.ring_due()] == [[execution], []]
    assert rings == [str(execution)]
    assert queue.Rounds(waiting_seconds=60).ring_due() == []


def test_claims_leave_no_lock_behind(start: Start) -> None:
    queue.take_next(preferred=start("errand"), worker="one")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)
