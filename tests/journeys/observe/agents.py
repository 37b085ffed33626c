"""Programs that use the real client from PyPI, unmodified, in an environment and a home of their own."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.local_run import ROOT
from tests.stack.api import Api
from tests.stack.fixtures import Bench
from tests.stack.foreign import python_of

PROGRAMS = Path(__file__).parent / "programs"
SECONDS = 120


class Program:
    """A program of `programs/`, run against this server with its address and key."""

    def __init__(self, python: str, words: tuple[str, ...], environ: dict[str, str]) -> None:
        name, *rest = words
        self.process = subprocess.Popen(
            [python, str(PROGRAMS / name), *rest],
            env={
                "PATH": os.environ["PATH"],
                # It would look for a cloud around this machine.
                "WAXELL_REGION_DETECT": "0",
                # Its gates allow what they hear nothing about in two seconds, and a busy machine of tests is no outage.
                "WAXELL_GATE_TIMEOUT": "30",
                "WAXELL_CONNECT_TIMEOUT": "30",
                # For the handler that we ship; the client itself is that of the environment.
                "PYTHONPATH": str(ROOT / "client" / "src"),
                **environ,
            },
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def tell(self, line: str) -> Any:
        """Say a line and hear what the program answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """The next line that the program prints."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said, self.process.communicate(timeout=SECONDS)[1]
        return json.loads(said)

    def end(self, told: str | None = None) -> Any:
        """Say the last of what it is told, wait for the end; the last line that the program printed."""
        said, errors = self.process.communicate(told, timeout=SECONDS)
        assert self.process.returncode == 0, errors
        return json.loads(said.splitlines()[-1])


RunProgram = Callable[..., Program]


@pytest.fixture
def run_program(bench: Bench, tmp_path: Path) -> Iterator[RunProgram]:
    """Starts programs; with the agent's key where no other caller is given."""
    python = python_of("observe")
    programs: list[Program] = []

    def run(*words: str, api: Api = bench.scout, **environ: str) -> Program:
        given = {"HOME": str(tmp_path), "WAXELL_API_URL": bench.stack.ready["url"], "WAXELL_API_KEY": str(api.key)}
        programs.append(Program(python, words, given | environ))
        return programs[-1]

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()
