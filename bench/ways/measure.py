"""Runs the programs of the ways in, one after the other, and reads what they measured."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.running import Running
from bench.stage import ROOT, Stage

WAYS: Final = {
    "plain REST": ("rest", ".venv"),
    "Python client": ("client", ".venv"),
    "waxell-observe, a tool's gate": ("observe", ".venv-observe"),
}
"""By name: the program in this folder, and the environment that has what it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Medians in ms of one call, plain and governed."""

    way: str
    plain: float
    governed: float
    calls: int

    @property
    def ratio(self) -> float:
        return self.governed / self.plain


def measure(built: Stage, running: Running, *, seconds: float, say: Callable[[str], None]) -> list[Added]:
    """Measure every way whose environment is there; `say` is told of each, also of those that are not."""
    added = []
    with working() as work:
        environ = _environ(built, running, work, seconds)
        for way, (program, environment) in WAYS.items():
            python = ROOT / environment / "bin" / "python"
            if not python.exists():
                say(f"{way}: left out, {environment} is not there (`make foreign`)")
                continue
            added.append(_run(way, python, program, environ))
            say(f"{way}: {added[-1].calls} calls")
    return added


@contextmanager
def working() -> Iterator[str]:
    """The work on a free port, until the block ends; gives its address."""
    command = [sys.executable, "-m", "bench.ways.work"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _environ(built: Stage, running: Running, work: str, seconds: float) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        # A clean home: nothing that a client keeps there is from elsewhere.
        "HOME": str(built.home.path),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client' / 'src'}",
        "BENCH_WORK": work,
        "BENCH_SECONDS": str(seconds),
        "WAXELL_URL": built.url,
        "WAXELL_API_URL": built.url,
        "WAXELL_API_KEY": running.key,
        # waxell-observe would look for a cloud around this machine.
        "WAXELL_REGION_DETECT": "0",
    }


def _run(way: str, python: Path, program: str, environ: dict[str, str]) -> Added:
    command = [str(python), "-m", f"bench.ways.{program}"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} could not be measured: {done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Added(way=way, plain=median(told["plain"]), governed=median(told["governed"]), calls=len(told["governed"]))
