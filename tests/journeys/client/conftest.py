"""Clients of the running stack: in this process, and programs of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.cable import Cable, lay
from tests.stack.fixtures import Bench, bench, looking, stack
from waxell_client import Client

__all__ = ["bench", "looking", "stack"]

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(__file__).parent / "programs"

MakeClient = Callable[..., Client]


@pytest.fixture
def make_client(bench: Bench) -> Iterator[MakeClient]:
    """Makes clients of the agent `scout`; takes what `Client` takes."""
    made: list[Client] = []

    def make(**options: Any) -> Client:
        given = {"url": bench.stack.ready["url"], "api_key": bench.scout.key, **options}
        made.append(Client(**given))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()


@pytest.fixture
def cable(bench: Bench) -> Iterator[Cable]:
    """A cable to the stack's web server."""
    with lay(bench.stack.ready["url"]) as cable:
        yield cable


class Program:
    """A program of `programs/` in a process of its own."""

    def __init__(self, bench: Bench, name: str, *words: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAMS / name), *words],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "client" / "src"),
                "WAXELL_URL": bench.stack.ready["url"],
                "WAXELL_API_KEY": bench.scout.key or "",
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line that the program prints."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said, self.process.communicate(timeout=20)[1]
        return said

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = 30) -> tuple[int, str]:
        """Wait for the end; its status and what it said on its error output."""
        errors = self.process.communicate(timeout=seconds)[1]
        return self.process.returncode, errors


RunProgram = Callable[..., Program]


@pytest.fixture
def run_program(bench: Bench) -> Iterator[RunProgram]:
    programs: list[Program] = []

    def run(name: str, *words: str, **environ: str) -> Program:
        programs.append(Program(bench, name, *words, **environ))
        return programs[-1]

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()
