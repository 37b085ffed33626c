"""Workflows for the tests of the worker."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from executions.runner.context import Run
from executions.runner.interruptions import ActionRefused
from executions.runner.registry import workflow


@workflow("t-add")
def add(run: Run, *, left: int, right: int) -> int:
    return run.tool("adder", {"left": left, "right": right}, lambda left, right: left + right)


@workflow("t-mail")
def mail(run: Run, *, careful: bool = True) -> str:
    try:
        run.tool("mail", {"to": "bob"}, lambda to: "sent")
    except ActionRefused:
        if not careful:
            raise
        return "did without"
    return "sent"


@workflow("t-stubborn", max_attempts=2)
def stubborn(run: Run, *, mark: str) -> None:
    """Swallows every Exception there is, and works on."""
    Path(mark).touch()
    while True:
        try:
            run.tool("nap", {}, lambda: time.sleep(0.05))
        except Exception:  # noqa: S112 - that is its point
            continue


@workflow("t-silent")
def silent(run: Run, *, mark: str) -> None:
    Path(mark).touch()
    time.sleep(60)


@workflow("t-suicide", max_attempts=2)
def die(run: Run) -> str:
    if run.attempt == 1:
        run.tool("pull", {}, lambda: os.kill(os.getpid(), signal.SIGKILL))
    return "survived"


@workflow("t-broken")
def broken(run: Run, **given: Any) -> Any:
    def divide(by: int) -> float:
        return 1 / by

    return run.tool("divide", {"by": 0}, divide)


@workflow("t-opaque")
def opaque(run: Run) -> object:
    return run.tool("make", {}, object)


@workflow("t-nap")
def nap(run: Run, *, mark: str) -> None:
    def sleep(mark: str) -> None:
        Path(mark).touch()
        time.sleep(60)

    run.tool("nap", {"mark": mark}, sleep)
