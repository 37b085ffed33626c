"""What /readyz and /metrics say of the outbox."""

import pytest
from django.db.models.functions import Now
from django.test import Client

from governance.models import Project
from tests.factories import make_project
from tests.outbox import make_destination
from tests.sealing.ground import Ground, write
from waxell.outbox.models import Destination, Message
from waxell.outbox.queries.observations import figures, gauges, look_at_outbox
from waxell.outbox.services import dispatching, posting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project()


def test_without_destinations_nothing_is_missing(project: Project) -> None:
    found = look_at_outbox()
    assert (found.holds, found.fails, found.needed) == (True, False, False)


def test_a_notifier_that_is_not_there_is_said_and_turns_nothing_red(project: Project) -> None:
    make_destination(project, "https://hooks.invalid/")
    found = look_at_outbox()
    assert (found.holds, found.fails) == (False, False)
    assert "manage.py notify" in found.message
    dispatching.show_life()
    assert look_at_outbox().holds


def test_destinations_that_take_nothing_are_said(project: Project) -> None:
    make_destination(project, "https://hooks.invalid/")
    dispatching.show_life()
    Destination.objects.update(failures=3, rests_until=Now())
    found = look_at_outbox()
    assert not found.holds
    assert "1 destinations take nothing" in found.message


def test_figures_count_what_waits_was_lost_and_is_unread(ground: Ground, project: Project) -> None:
    destination, _ = make_destination(project, "https://hooks.invalid/")
    for _ in range(3):
        posting.post_test(destination, project=project.slug, path="/")
    Message.objects.filter(pk=Message.objects.order_by("id")[0].pk).update(state="given_up")
    write(project.pk, project.pk, 4)
    ground.seal()
    seen = figures()
    assert (seen.pending, seen.given_up, seen.destinations) == (2, 1, 1)
    assert seen.unread >= 4
    assert 0 < seen.oldest_seconds < 30
    dispatching.dispatch_sealed()
    assert figures().unread == 0


def test_metrics_have_them(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    assert {gauge.name for gauge in gauges()} <= {line.split(" ")[0] for line in text.splitlines()}
