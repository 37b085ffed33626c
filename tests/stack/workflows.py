"""Worker workflows of the tests; each leaves a line in a file for every side effect it has."""

import os
import signal
import time
from pathlib import Path

from executions.runner.context import Run
from executions.runner.registry import workflow


@workflow("test-steps", max_attempts=3)
def take_steps(run: Run, *, name: str, steps: int = 1, seconds: float = 0.0) -> dict[str, int]:
    """Take some steps, each with a side effect and then some seconds of work."""
    for number in range(steps):
        step = {"name": name, "number": number, "attempt": run.attempt, "seconds": seconds}
        run.tool("step", step, take_step)
    return {"steps": steps}


def take_step(*, name: str, number: int, attempt: int, seconds: float) -> str:
    """Leave one line: which step, in which attempt, by which process."""
    leave_mark(name, f"{number} {attempt} {os.getpid()}")
    time.sleep(seconds)
    return "done"


@workflow("test-poison", max_attempts=3)
def die(run: Run, *, name: str) -> None:
    """Kill the process that runs this, every time."""
    run.tool("poison", {"name": name, "attempt": run.attempt}, take_poison)


def take_poison(*, name: str, attempt: int) -> None:
    leave_mark(name, f"0 {attempt} {os.getpid()}")
    os.kill(os.getpid(), signal.SIGKILL)


def leave_mark(name: str, line: str) -> None:
    """Append a line, whole or not at all, as a side effect that outlives everybody."""
    path = Path(os.environ["WAXELL_TEST_MARKS"]) / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
