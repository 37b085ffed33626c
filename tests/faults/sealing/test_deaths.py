"""Fault A6 for the sealer: killed at every named point and at random moments, it goes on as if nothing had been."""

import itertools
import random
import signal
import time

import pytest

from governance.models import Project
from tests.factories import make_project
from tests.sealing import journal
from tests.sealing.ground import MANAGE, Ground, write, written
from tests.sealing.sound import assert_sound
from waxell.ledger.domain import merkle
from waxell.ledger.domain.checkpoints import open_checkpoint
from waxell.ledger.models import Leaf
from waxell.ledger.queries import checkpoints, proofs

# Calls in one sealing of 300 entries: enough to die between each two steps of it.
POINTS = [
    ("sign", 1),
    ("signed", 1),
    *(("read", number) for number in (1, 2, 3, 4)),
    *(("write", number) for number in range(1, 10)),
    ("publish", 1),
    ("published", 1),
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
        sealer = ground.start(
            "-m", "tests.sealing.dying", point, str(number), **{journal.NAME: str(ground.path / "journal")}
        )
        output = sealer.communicate(timeout=60)[0]
        assert sealer.returncode in (0, -signal.SIGKILL), output
        if sealer.returncode:
            died.append((point, number))
    # Of the points only late calls may not be reached.
    assert len(died) >= len(POINTS) - 4
    assert {point for point, _ in died} >= {"sign", "signed", "read", "write", "publish", "published"}
    ground.seal()
    assert Leaf.objects.count() == written()
    assert_sound(ground.published)
    _assert_agree(journal.read(ground.path / "journal"))


def _assert_agree(notes: list[str]) -> None:
    """Each two of these notes agree, those too that were lost on the way out: one root for each size, one history."""
    roots: dict[int, set[bytes]] = {}
    for text in notes:
        said = open_checkpoint(text, checkpoints.keys())
        roots.setdefault(said.size, set()).add(said.root)
    assert len(roots) >= 2
    assert {size: len(found) for size, found in roots.items() if len(found) > 1} == {}
    sizes = sorted(roots)
    for old, new in itertools.pairwise(sizes):
        proof = proofs.prove_extension(1, old=old, new=new)
        (before,), (after,) = roots[old], roots[new]
        assert merkle.extends(old=old, new=new, old_root=before, new_root=after, proof=proof)


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
