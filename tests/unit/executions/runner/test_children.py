"""Real processes: what matters is what the kernel does with them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from executions.runner import children
from executions.runner.children import CRASHED, fork


def test_the_status_is_what_the_target_returns() -> None:
    assert fork(lambda: 7).wait(5) == 7


def test_an_exception_is_a_crash_and_stays_inside() -> None:
    def fail() -> int:
        raise RuntimeError("inside")

    assert fork(fail).wait(5) == CRASHED


def test_a_stopped_child_may_clean_up(tmp_path: Path) -> None:
    def work() -> int:
        try:
            (tmp_path / "begun").touch()
            time.sleep(30)
        finally:
            (tmp_path / "cleaned").touch()
        return 0

    child = fork(work)
    _until((tmp_path / "begun").exists)
    child.stop()
    assert (tmp_path / "cleaned").exists()


def test_a_child_that_does_not_listen_is_killed_with_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "GRACE_SECONDS", 0.3)

    def work() -> int:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = os.fork()
        if grandchild:
            (tmp_path / "pid").write_text(str(grandchild))
        time.sleep(30)
        return 0

    child = fork(work)
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    assert child.stop() == -signal.SIGKILL
    grandchild = int((tmp_path / "pid").read_text())
    _until(lambda: _gone(grandchild))


def test_a_paused_child_hears_of_the_stop(tmp_path: Path) -> None:
    def work() -> int:
        try:
            (tmp_path / "begun").touch()
            time.sleep(30)
        finally:
            (tmp_path / "cleaned").touch()
        return 0

    child = fork(work)
    _until((tmp_path / "begun").exists)
    child.tell(signal.SIGSTOP)
    child.stop()
    assert (tmp_path / "cleaned").exists()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    def middle() -> int:
        inner = fork(lambda: time.sleep(30) or 0)
        (tmp_path / "pid").write_text(str(inner.pid))
        time.sleep(30)
        return 0

    outer = fork(middle)
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    os.kill(outer.pid, signal.SIGKILL)
    outer.wait(5)
    _until(lambda: _gone(int((tmp_path / "pid").read_text())))


def _gone(pid: int) -> bool:
    """Dead, or dead and not collected by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _until(reached: Callable[[], bool], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.02)
