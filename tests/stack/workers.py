"""More workers than a local run has."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stack.running import ROOT, Stack, wait_until


@contextmanager
def second_worker(stack: Stack, processes: int = 2) -> Iterator[None]:
    """Another worker beside the stack's own, with the same command and environment, for as many executions at once."""
    master = stack.processes("worker")[0]
    command = master.cmdline()
    command[command.index("--concurrency") + 1] = str(processes)
    mark = stack.run.home / "second.ready"
    mark.unlink(missing_ok=True)
    worker = subprocess.Popen(
        command,
        env=master.environ() | {"WAXELL_READY_FILE": str(mark)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(mark.exists, 30)
        yield
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
