import threading
from datetime import UTC, datetime, timedelta

import pytest

from executions.management.commands import sweep
from executions.models import Execution, Heartbeat
from executions.services import schedules, upkeep
from governance.models import Agent, Project, StoredAnswer, ThrottledMinute, Workflow
from tests.factories import make_key, make_workflow
from tests.stack.running import wait_until
from waxell.ledger.models import Entry
from waxell.lib.db.leadership import Leadership


@pytest.fixture
def nightly(project: Project) -> Workflow:
    return make_workflow(
        project, "nightly", kind="worker", schedule="0 * * * *", schedule_agent=Agent.objects.get(slug="scout")
    )


def test_a_schedule_counts_from_when_it_is_first_seen(nightly: Workflow) -> None:
    assert schedules.start_scheduled() == []
    nightly.refresh_from_db()
    assert nightly.last_scheduled_at is not None


def test_a_scheduled_minute_starts_one_execution(nightly: Workflow) -> None:
    hours_ago = datetime.now(UTC) - timedelta(hours=2)
    Workflow.objects.update(last_scheduled_at=hours_ago)
    [started] = schedules.start_scheduled()
    row = Execution.objects.get(pk=started)
    assert (row.workflow_slug, row.agent_slug, row.state) == ("nightly", "scout", "pending")
    # A sweeper that died before it could note the minute starts the same execution, not another.
    Workflow.objects.update(last_scheduled_at=hours_ago)
    assert schedules.start_scheduled() == [started]


def test_a_bad_schedule_does_not_stop_the_others(project: Project, nightly: Workflow) -> None:
    make_workflow(project, "bad", kind="worker", schedule="whenever", schedule_agent=nightly.schedule_agent)
    Workflow.objects.update(last_scheduled_at=datetime.now(UTC) - timedelta(hours=2))
    assert len(schedules.start_scheduled()) == 1


def test_refused_requests_become_entries(project: Project) -> None:
    key = make_key(project).key
    minute = datetime(2026, 1, 1, tzinfo=UTC)
    ThrottledMinute.objects.create(key=key, minute=minute, refused=41)
    ThrottledMinute.objects.create(key=key, minute=datetime.now(UTC), refused=1)
    assert upkeep.record_throttled() == 1
    assert [row.refused for row in ThrottledMinute.objects.all()] == [1]
    assert b'"refused":41' in bytes(Entry.objects.get(type="requests.throttled").body)


def test_answers_are_kept_for_a_day(project: Project) -> None:
    for key, hours in (("old", 25), ("new", 23)):
        StoredAnswer.objects.create(
            caller="a", path="b", key=key, body_digest=b"", created_at=datetime.now(UTC) - timedelta(hours=hours)
        )
    assert upkeep.forget_answers() == 1
    assert StoredAnswer.objects.get().key == "new"


def test_one_leads_and_the_other_takes_over(transactional_db: None) -> None:
    one, two = Leadership("test"), Leadership("test")
    assert (one.held(), two.held(), one.held()) == (True, False, True)
    one.resign()
    assert (two.held(), one.held()) == (True, False)
    two.resign()
    one.resign()


def test_a_leader_whose_session_ended_no_longer_leads(transactional_db: None) -> None:
    one, two = Leadership("test"), Leadership("test")
    assert one.held()
    assert one._session is not None
    one._session.close()
    assert not one.held()
    assert wait_until(two.held)
    two.resign()
    one.resign()


def test_a_duty_that_fails_does_not_stop_the_others(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stopping, done = threading.Event(), []

    def fail() -> None:
        raise ZeroDivisionError

    def finish() -> None:
        done.append(True)
        if len(done) == 2:
            stopping.set()

    monkeypatch.setattr(sweep, "ROUND_SECONDS", 0.01)
    monkeypatch.setattr(sweep, "duties", lambda: [sweep.Duty("fail", fail), sweep.Duty("finish", finish)])
    leadership = Leadership("sweeper")
    sweep.sweep(leadership, stopping)
    leadership.resign()
    assert len(done) == 2
    assert "could not fail" in caplog.text


def test_all_duties_work_on_a_real_project(nightly: Workflow, caplog: pytest.LogCaptureFixture) -> None:
    for duty in sweep.duties():
        duty.perform()
    assert caplog.records == []
    assert Heartbeat.objects.get().name == Heartbeat.SWEEPER
