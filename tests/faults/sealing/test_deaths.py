"""Fault A6 for the sealer: killed at every named point and at random moments, it goes on as if nothing had been."""

import random
import signal
import time

import pytest

from governance.models import Project
from tests.factories import make_project
from tests.sealing.ground import MANAGE, Ground, write, written
from tests.sealing.sound import assert_sound
from waxell.ledger.models import Leaf

# Calls in one sealing of 300 entries: enough to die between each two steps of it.
POINTS = [
    ("sign", 1),
    ("signed", 1),
    *(("read", number) for number in (1, 2, 3, 4)),
    *(("write", number) for number in range(1, 10)),
    ("remove", 1),
]


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@pytest.mark.parametrize("begun", [False, True], ids=["first log", "grown log"])
def test_killed_at_each_named_point_it_loses_and_doubles_nothing(ground: Ground, project: Project, begun: bool) -> None:
    if begun:
        write(project.pk, project.pk, 100)
        ground.seal()
    died = []
    for point, number in POINTS:
        write(project.pk, project.pk, 60)
        sealer = ground.start("-m", "tests.sealing.dying", point, str(number))
        output = sealer.communicate(timeout=60)[0]
        assert sealer.returncode in (0, -signal.SIGKILL), output
        if sealer.returncode:
            died.append((point, number))
    # Of the points only late calls may not be reached.
    assert len(died) >= len(POINTS) - 4
    assert {point for point, _ in died} >= {"sign", "signed", "read", "write"}
    ground.seal()
    assert Leaf.objects.count() == written()
    assert_sound(ground.published)


def test_killed_at_random_moments_it_goes_on(ground: Ground, project: Project) -> None:
    chance = random.Random(6)  # noqa: S311  a schedule, not a secret
    for _ in range(5):
        write(project.pk, project.pk, 200)
        sealer = ground.start(MANAGE, "seal")
        time.sleep(chance.uniform(0.5, 1.6))
        write(project.pk, project.pk, 50)
        time.sleep(chance.uniform(0.0, 0.3))
        sealer.kill()
        sealer.communicate(timeout=20)
    ground.seal()
    assert Leaf.objects.count() == written()
    assert_sound(ground.published)
