"""A witness as a process of its own, with nothing of Waxell's environment."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from waxell.ledger.domain.cosignatures import CosignerKey
from waxell.ledger.domain.notes import VerifierKey
from waxell.ledger.witness.store import WitnessStore

ROOT = Path(__file__).resolve().parents[2]
ALONE = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    process: subprocess.Popen[str]
    url: str

    def post(self, body: str | bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A witness's directory, and how to start it."""

    path: Path

    @classmethod
    def make(cls, path: Path, name: str = "witness.test") -> "Watcher":
        WitnessStore.create(path, name=name)
        return cls(path=path)

    @property
    def key(self) -> CosignerKey:
        return WitnessStore(path=self.path).key().verifier

    def setting(self, running: Running) -> str:
        """What WAXELL_WITNESSES says of it."""
        return f"{running.url} {self.key}"

    @contextmanager
    def serving(self, *keys: VerifierKey | str) -> Iterator[Running]:
        words = [word for key in keys for word in ("--log", str(key))]
        with _running("waxell.ledger.witness", "serve", str(self.path), "--port", "0", *words) as running:
            yield running

    @contextmanager
    def dying(self, point: str, key: VerifierKey) -> Iterator[Running]:
        with _running("tests.witness.dying", point, str(self.path), str(key)) as running:
            yield running


@contextmanager
def _running(module: str, *words: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=ALONE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"listening at (http://\S+?),", line):
                yield Running(process=process, url=found[1])
                break
        else:
            raise AssertionError("the witness ended before it listened")
    finally:
        process.terminate()
        process.communicate(timeout=20)
