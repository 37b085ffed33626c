"""Faults A11 and A12: writers that commit late and out of order, and more than one sealer."""

import random
import threading
import time
from uuid import UUID

import pytest
from django.db import connections, transaction

from governance.models import Project
from tests.factories import make_project
from tests.sealing.ground import MANAGE, Ground, write, written
from tests.sealing.sound import assert_sound
from waxell.ledger.models import Checkpoint, Entry, Leaf, Log, SealQueueItem
from waxell.ledger.services import logs, sealing
from waxell.ledger.services.keys import KeyStore

WRITERS = 8
SECONDS = 10.0


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


def _write_late(project: UUID, streams: list[UUID], until: float, seed: int) -> None:
    """Append to streams in transactions that stay open for a while, so that later ones commit before them."""
    chance = random.Random(seed)  # noqa: S311  a schedule, not a secret
    try:
        while time.monotonic() < until:
            with transaction.atomic():
                write(project, chance.choice(streams), chance.randrange(1, 4))
                time.sleep(chance.choice((0, 0, 0.01, 0.1, 0.6)))
    finally:
        connections.close_all()


def test_writers_that_commit_late_lose_nothing_beside_two_sealers(ground: Ground, project: Project) -> None:
    streams = [[ground.open_stream(project.pk) for _ in range(3)] for _ in range(WRITERS)]
    sealers = [ground.start(MANAGE, "seal") for _ in range(2)]
    until = time.monotonic() + SECONDS
    writers = [
        threading.Thread(target=_write_late, args=(project.pk, own, until, seed)) for seed, own in enumerate(streams)
    ]
    for writer in writers:
        writer.start()
    time.sleep(SECONDS / 2)
    # The leader goes without a word, whichever it is; the other takes over.
    sealers[0].kill()
    for writer in writers:
        writer.join()
    give_up = time.monotonic() + 20
    while SealQueueItem.objects.exists() and time.monotonic() < give_up:
        time.sleep(0.1)
    sealers[1].terminate()
    output = sealers[1].communicate(timeout=20)[0]
    sealers[0].communicate(timeout=20)
    assert sealers[1].returncode == 0, output
    assert Leaf.objects.count() == written() > 200, output
    assert Checkpoint.objects.count() > 5
    assert_sound(ground.published)


def test_a_late_commit_is_sealed_after_what_was_written_after_it(ground: Ground, project: Project) -> None:
    early, late = ground.open_stream(project.pk), ground.open_stream(project.pk)
    wrote, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            write(project.pk, early)
            wrote.set()
            may_commit.wait(timeout=20)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert wrote.wait(timeout=20)
    write(project.pk, late)
    ground.seal()
    may_commit.set()
    holder.join()
    ground.seal()
    assert Leaf.objects.get(stream=late).index < Leaf.objects.get(stream=early).index
    assert_sound(ground.published)


def test_a_sealer_that_wrongly_believes_it_leads_changes_nothing(ground: Ground, project: Project) -> None:
    ground.seal()
    log = Log.objects.get()
    key = ground.keys.current()
    with ground.as_sealer():
        stale, fresh = sealing.read(log), sealing.read(log)
    write(project.pk, project.pk, 3)
    with ground.as_sealer():
        assert sealing.seal_batch(fresh, key) == 3
    write(project.pk, project.pk, 2)
    with ground.as_sealer(), pytest.raises(sealing.LogMoved):
        sealing.seal_batch(stale, key)
    assert SealQueueItem.objects.count() == 2
    assert ground.seal() == 2
    assert_sound(ground.published)


def test_two_who_open_a_log_open_one(ground: Ground, project: Project) -> None:
    keys: KeyStore = ground.keys
    with ground.as_sealer():
        logs.open_log(keys.current())
        with pytest.raises(ValueError, match="names the head"):
            logs.open_log(keys.current())
    ground.seal()
    assert Log.objects.count() == 1
    assert Entry.objects.filter(type="ledger.opened").count() == 1
    assert_sound(ground.published)


def test_batches_are_bounded_and_leave_the_rest_waiting(ground: Ground, project: Project) -> None:
    ground.seal()
    write(project.pk, project.pk, 25)
    with ground.as_sealer():
        growing = sealing.read(Log.objects.get())
        assert [sealing.seal_batch(growing, ground.keys.current(), limit=10) for _ in range(4)] == [10, 10, 5, 0]
    ground.seal()
    assert_sound(ground.published)
