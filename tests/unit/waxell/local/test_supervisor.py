"""What the supervisor does about a PostgreSQL that does not start again."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from waxell.local import supervisor
from waxell.local.errors import CannotStart
from waxell.local.home import Home
from waxell.local.supervisor import Supervisor

FAILURES = 8


class DeadCluster:
    """A server that has ended, and starts only at the last of several attempts."""

    def __init__(self) -> None:
        self.attempts = 0
        self.process: Any = SimpleNamespace(poll=lambda: 1)

    def start(self) -> None:
        self.attempts += 1
        if self.attempts <= FAILURES:
            raise CannotStart("No space left on device.")
        self.process = SimpleNamespace(poll=lambda: None)


def test_postgresql_is_started_again_until_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, waited = 0.0, []
    said: list[str] = []
    cluster: Any = DeadCluster()
    watching = Supervisor(home=Home(path=tmp_path), say=said.append, cluster=cluster)

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if not waited or cluster.attempts != waited[-1][0]:
            waited.append((cluster.attempts, now))
        watching.stopping = cluster.attempts > FAILURES

    monkeypatch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))

    watching.watch()

    assert len(said) == FAILURES + 1
    assert "started again" in said[-1]
    pauses = [later - earlier for (_, earlier), (_, later) in itertools.pairwise(waited)]
    assert pauses == sorted(pauses)
    assert pauses[-1] < 16
