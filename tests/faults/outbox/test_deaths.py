"""A notifier that is killed anywhere loses no message and makes none twice: the same id comes again at most."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connections

from governance.models import Project
from tests.factories import make_key, make_project
from tests.outbox import make_destination, make_due
from tests.sealing.ground import MANAGE, Ground
from tests.servers.receivers import Receiver
from waxell.ledger.models import Leaf
from waxell.outbox.models import Cursor, Message

pytestmark = pytest.mark.process


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@contextmanager
def notifying(ground: Ground) -> Iterator[subprocess.Popen[str]]:
    """A notifier as it is in production, logged in as the application, allowed to reach this machine."""
    name = connections["default"].settings_dict["NAME"]
    environment = os.environ | {
        "WAXELL_DATABASE_URL": ground.server.address("app", name=name).url(),
        "WAXELL_OUTBOX_ALLOW": "127.0.0.1",
    }
    process = subprocess.Popen(
        [sys.executable, MANAGE, "notify"], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def until(holds: object, seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.05)


def until_it_leads() -> None:
    """Wait until a notifier has begun to work, counted from now."""
    Cursor.objects.update(seen_at=None)
    until(lambda: Cursor.objects.filter(seen_at__isnull=False).exists())


def delivered() -> int:
    return Message.objects.filter(state=Message.State.DELIVERED).count()


def test_killed_while_a_message_is_under_way_it_comes_again_under_its_id(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    make_key(project)
    ground.seal()
    receiver.open.clear()
    with notifying(ground) as process:
        assert receiver.arrived.wait(30)
        process.kill()
        process.wait(10)
    assert (Message.objects.get().state, Message.objects.get().attempts) == ("pending", 1)

    receiver.open.set()
    make_due()
    with notifying(ground):
        until(lambda: delivered() == 1)

    assert len(receiver.got) == 2
    assert len(set(receiver.names)) == 1
    assert receiver.got[0].body == receiver.got[1].body


def test_killed_at_random_moments_it_misses_nothing_and_invents_nothing(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    destination, _ = make_destination(project, receiver.url)
    chance = random.Random(7)  # noqa: S311  a schedule, not a secret
    made = 0
    for _ in range(4):
        with notifying(ground) as process:
            until_it_leads()
            ends = time.monotonic() + chance.uniform(0.2, 1.5)
            while time.monotonic() < ends:
                make_key(project)
                made += 1
                ground.seal()
            process.kill()
            process.wait(10)
    make_due()
    with notifying(ground):
        until(lambda: Cursor.objects.get().index == Leaf.objects.count() and delivered() == made)

    assert Message.objects.filter(destination=destination).count() == made
    came = Counter(receiver.names)
    assert set(came) == {message.name for message in Message.objects.all()}
    # Only what was under way when it was killed may have come twice: one at a time to each destination.
    assert sum(came.values()) - made <= 4


def test_asked_to_stop_it_ends_soon_and_notes_what_arrived(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url)
    make_key(project)
    ground.seal()
    with notifying(ground) as process:
        until(lambda: delivered() == 1)
        process.terminate()
        assert process.wait(10) == 0
    assert len(receiver.got) == 1


def test_of_two_one_leads_and_the_other_takes_over(ground: Ground, project: Project, receiver: Receiver) -> None:
    make_destination(project, receiver.url)
    with notifying(ground) as first, ExitStack() as stack:
        until_it_leads()
        stack.enter_context(notifying(ground))
        for _ in range(10):
            make_key(project)
        ground.seal()
        until(lambda: delivered() == 10)
        first.kill()
        for _ in range(10):
            make_key(project)
        ground.seal()
        until(lambda: delivered() == 20)
    assert sum(Counter(receiver.names).values()) == 20
