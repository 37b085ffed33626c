"""Sealing in a test, with a key that is no secret, and bundles with the verifier's word on them."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from executions.models import Execution
from executions.queries.bundles import write_execution
from tests.plugin.server import TestServer
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.queries import checkpoints
from waxell.ledger.services import logs, sealing
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key, Report

MADE_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SIGNER = SigningKey(name="ledger.example.org", seed=bytes(range(32)))

type Seal = Callable[[], str]


@pytest.fixture
def seal(transactional_db: None, database_server: TestServer) -> Iterator[Seal]:
    """Seals everything that waits, as the sealer's role, and returns the newest checkpoint's note."""

    def seal_all() -> str:
        database_server.become("sealer")
        try:
            log = checkpoints.newest_log() or logs.open_log(SIGNER)
            sealing.seal_batch(sealing.read(log), SIGNER)
            newest = checkpoints.newest()
            assert newest is not None
            return newest.note
        finally:
            database_server.become("app")

    yield seal_all
    database_server.become("app")


def bundle_of(row: Execution, **options: Any) -> bytes:
    """The bundle of an execution."""
    file = io.BytesIO()
    write_execution(file, row, **{"contents": True, "made_at": MADE_AT, **options})
    return file.getvalue()


def check(bundle: bytes, **options: Any) -> Report:
    """What the verifier finds with the key of these tests."""
    return verify_bundle.verify(io.BytesIO(bundle), keys=[Key.parse(str(SIGNER.verifier))], **options)


def messages(report: Report) -> list[str]:
    """The faults as the verifier prints them."""
    return [str(fault) for fault in report.faults]
