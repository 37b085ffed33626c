"""A sealer's surroundings for one test: its key, where it publishes, and how to start one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from django.db import connections

from tests.plugin.server import TestServer
from waxell.ledger.models import Entry
from waxell.ledger.services import appending
from waxell.ledger.services.keys import FileKeys
from waxell.ledger.services.sealer import SealerRound
from waxell.ledger.services.stores.directory import DirectoryStore
from waxell.lib import ids

MANAGE = str(Path(__file__).resolve().parents[2] / "manage.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    server: TestServer
    path: Path

    @property
    def published(self) -> Path:
        return self.path / "published"

    @property
    def keys(self) -> FileKeys:
        return FileKeys(path=self.path / "keys" / "ledger.ed25519")

    @property
    def store(self) -> DirectoryStore:
        return DirectoryStore(path=self.published)

    def round(self) -> SealerRound:
        return SealerRound(keys=self.keys, store=self.store)

    @contextmanager
    def as_sealer(self) -> Iterator[None]:
        """Log in as the sealer inside the block; as the application again after it."""
        self.server.become("sealer")
        try:
            yield
        finally:
            self.server.become("app")

    def seal(self) -> int:
        """Seal and publish until nothing waits; returns how many entries that were."""
        total = 0
        with self.as_sealer():
            rounds = self.round()
            while sealed := rounds.perform():
                total += sealed
        return total

    def start(self, *command: str, database: str | None = None, **more: str) -> subprocess.Popen[str]:
        """Start a process that can log in as the sealer and as nobody else; `more` joins its environment."""
        name = database or connections["default"].settings_dict["NAME"]
        hidden = {"WAXELL_DATABASE_URL", "WAXELL_OWNER_DATABASE_URL"}
        environment = {key: value for key, value in os.environ.items() if key not in hidden} | {
            "DJANGO_SETTINGS_MODULE": "waxell.settings",
            "WAXELL_DATABASE_AS": "sealer",
            "WAXELL_SEALER_DATABASE_URL": self.server.address("sealer", name=name).url(),
            "WAXELL_PUBLISH_DIR": str(self.published),
            "WAXELL_LEDGER_KEY_FILE": str(self.keys.path),
            **more,
        }
        return subprocess.Popen(
            [sys.executable, *command], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def owner(self) -> psycopg.Connection:
        name = connections["default"].settings_dict["NAME"]
        return psycopg.connect(self.server.address("owner", name=name).conninfo(), autocommit=True)

    def open_stream(self, project: UUID) -> UUID:
        """Open one more governance stream; the application may not do that by itself."""
        stream = ids.uuid7()
        with self.owner() as connection:
            connection.execute("SELECT ledger_stream_open_v1(%s, %s, 'governance', NULL)", [project, stream])
        return stream


def write(project: UUID, stream: UUID, count: int = 1) -> None:
    """Append entries to a stream."""
    for number in range(count):
        appending.append(project=project, stream=stream, type="test.noted", state=None, members={"number": number})


def written() -> int:
    return Entry.objects.count()
