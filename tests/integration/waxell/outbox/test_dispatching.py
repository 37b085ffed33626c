"""The ledger is read leaf by leaf; what is worth telling becomes one message for each who asked."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from executions.services import approval_steps
from governance.domain.actors import Actor
from governance.models import Project
from governance.services import kill_orders
from tests.factories import make_agent, make_budget, make_key, make_policy, make_project, make_tool
from tests.factories.executions import at_once, start
from tests.factories.governance import owner_of
from tests.outbox import make_destination
from tests.sealing.ground import Ground, write
from tests.servers.receivers import Receiver
from waxell.ledger.models import Leaf
from waxell.ledger.queries import checkpoints
from waxell.ledger.services import logs
from waxell.ledger.services.logs import Lost
from waxell.outbox import sources
from waxell.outbox.models import Cursor, Message
from waxell.outbox.services import dispatching

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = """@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""


@pytest.fixture
def project() -> Project:
    return make_project()


def told() -> list[str]:
    return list(Message.objects.order_by("id").values_list("type", flat=True))


def read_all() -> None:
    while dispatching.dispatch_sealed():
        pass


def test_changes_of_rules_and_keys_are_told_in_their_order(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    make_tool(project, "mail")
    make_policy(project, HOLD, slug="held")
    make_budget(project, slug="calls")
    make_key(project, make_agent(project))
    by = Actor(person=owner_of(project).pk)
    (order,) = kill_orders.place(
        project=project, actor=by, scope_type="tool", scope_value="rm", reason="a secret reason"
    )
    kill_orders.lift(order=order, actor=by, note="over")
    ground.seal()
    read_all()

    assert told() == ["policy.published", "budget.published", "key.created", "kill_order.placed", "kill_order.lifted"]
    assert Cursor.objects.get().index == Leaf.objects.count()


def test_a_destination_is_told_what_it_asked_for_of_its_own_project(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    other = make_project()
    chosen, _ = make_destination(project, receiver.url, events=["key.created"])
    all_of_other, _ = make_destination(other, receiver.url)
    make_key(project)
    make_budget(project)
    make_key(other)
    ground.seal()
    read_all()

    assert [(m.destination_id, m.type) for m in Message.objects.order_by("id")] == [
        (chosen.pk, "key.created"),
        (all_of_other.pk, "key.created"),
    ]


def test_what_was_before_a_destination_is_not_told(ground: Ground, project: Project, receiver: Receiver) -> None:
    make_key(project)
    make_destination(project, receiver.url)
    ground.seal()
    read_all()
    assert told() == []


def test_a_destination_that_is_off_hears_nothing_and_nothing_later(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    destination, _ = make_destination(project, receiver.url)
    type(destination).objects.update(enabled=False)
    make_key(project)
    ground.seal()
    read_all()
    type(destination).objects.update(enabled=True)
    read_all()
    assert told() == []
    assert Cursor.objects.get().index == Leaf.objects.count()


def test_each_entry_is_told_once_however_often_and_by_however_many_it_is_read(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    for _ in range(30):
        make_key(project)
    ground.seal()

    outcomes = at_once([lambda: dispatching.dispatch_sealed(limit=7) for _ in range(12)])
    read_all()
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    Cursor.objects.update(index=0)
    read_all()

    assert told() == ["key.created"] * 30
    assert Message.objects.values("event_id").distinct().count() == 30


def test_whoever_dies_in_the_middle_has_done_nothing(ground: Ground, project: Project, receiver: Receiver) -> None:
    make_destination(project, receiver.url)
    make_key(project)
    ground.seal()

    class Struck(Exception):
        pass

    def strike() -> None:
        with transaction.atomic():
            dispatching.dispatch_sealed()
            assert told() == ["key.created"]
            raise Struck

    with pytest.raises(Struck):
        strike()
    assert told() == []
    read_all()
    assert told() == ["key.created"]


def test_a_writer_that_began_first_and_commits_last_is_told(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    late = make_project()
    make_destination(late, receiver.url)
    begun, sealed = threading.Event(), threading.Event()

    def begin_first() -> None:
        with transaction.atomic():
            make_key(late)
            begun.set()
            assert sealed.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(begin_first)
        assert begun.wait(20)
        make_key(project)
        ground.seal()
        read_all()
        assert told() == ["key.created"]
        sealed.set()
        slow.result(20)
    ground.seal()
    read_all()
    assert told() == ["key.created"] * 2


def test_an_entry_that_nobody_can_read_keeps_no_other_from_being_told(
    ground: Ground, project: Project, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    make_destination(project, receiver.url)

    def fail(entry: Any) -> None:
        raise KeyError(entry.type)

    monkeypatch.setitem(sources._readers, "test.noted", fail)
    write(project.pk, project.pk)
    make_key(project)
    ground.seal()
    read_all()
    assert told() == ["key.created"]
    assert "no event could be made" in caplog.text


def test_after_a_recovery_the_next_log_is_read_on(ground: Ground, project: Project, receiver: Receiver) -> None:
    make_destination(project, receiver.url)
    make_key(project)
    ground.seal()
    before = checkpoints.newest()
    assert before is not None
    with ground.as_sealer():
        lost = Lost(
            origin="ledger.test", size=before.size, root=bytes(before.root), note=before.note, missing={"entries": 0}
        )
        logs.open_log(ground.keys.current(), previous=lost)
    make_key(project)
    ground.seal()

    for _ in range(3):
        dispatching.dispatch_sealed()

    assert told() == ["key.created"] * 2
    cursor = Cursor.objects.get()
    assert (cursor.log, cursor.index) == (2, Leaf.objects.filter(log=2).count())


def test_without_destinations_the_cursor_runs_to_the_end_at_once(ground: Ground, project: Project) -> None:
    write(project.pk, project.pk, 50)
    ground.seal()
    dispatching.dispatch_sealed(limit=1)
    assert Cursor.objects.get().index == Leaf.objects.count() >= 50


class TestWhileNobodySeals:
    def test_people_are_told_of_what_waits_after_some_seconds(
        self, ground: Ground, project: Project, receiver: Receiver
    ) -> None:
        make_destination(project, receiver.url)
        run = self.hold(project)
        assert dispatching.dispatch_waiting() == 0
        self.age(ground, seconds=dispatching.EARLY_AFTER_SECONDS + 1)

        dispatching.dispatch_waiting()

        assert told() == ["policy.published", "key.created", "approval.asked"]
        body = json.loads(bytes(Message.objects.get(type="approval.asked").body))
        assert body["data"]["execution"] == str(run.id)

    def test_it_is_not_told_again_once_it_is_sealed(self, ground: Ground, project: Project, receiver: Receiver) -> None:
        make_destination(project, receiver.url)
        self.hold(project)
        self.age(ground, seconds=60)
        for _ in range(3):
            dispatching.dispatch_waiting()
        early = told()
        ground.seal()
        read_all()
        assert told() == early
        assert "approval.asked" in early

    def test_what_comes_while_it_lasts_is_told_too(self, ground: Ground, project: Project, receiver: Receiver) -> None:
        make_destination(project, receiver.url)
        self.hold(project)
        self.age(ground, seconds=3600)
        dispatching.dispatch_waiting()
        make_key(project)
        dispatching.dispatch_waiting()
        assert told()[-2:] == ["approval.asked", "key.created"]

    def hold(self, project: Project) -> Any:
        make_tool(project, "mail")
        make_policy(project, HOLD)
        run = start(project)
        run.ask("mail", args={"to": "alice"})
        return run

    def age(self, ground: Ground, *, seconds: float) -> None:
        """Let the queue be as old as if nobody had sealed for that long."""
        with ground.owner() as owner:
            owner.execute("UPDATE ledger_seal_queue SET queued_at = queued_at - make_interval(secs => %s)", [seconds])


def test_a_reminder_comes_once_when_half_of_the_time_is_over(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    make_tool(project, "mail")
    make_policy(project, HOLD.replace('@effect("hold")', '@effect("hold") @timeout("1h")'))
    start(project).ask("mail", args={"to": "alice"})
    assert approval_steps.remind() == 0

    with ground.owner() as owner:
        owner.execute("UPDATE governance_approval SET requested_at = requested_at - interval '31 minutes',"
                      " expires_at = expires_at - interval '31 minutes'")  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_destination SET created_at = created_at - interval '1 hour'")
    assert [approval_steps.remind(), approval_steps.remind()] == [1, 0]
    ground.seal()
    read_all()

    assert told()[-1] == "approval.reminder"
    assert told().count("approval.reminder") == 1


def test_life_is_shown() -> None:
    dispatching.show_life()
    dispatching.show_life()
    assert Cursor.objects.filter(seen_at__gt=Now() - timedelta(seconds=5)).count() == 1
