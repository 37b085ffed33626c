"""Recovering in a test, and what a stranger finds who holds the key and older checkpoints."""

import io
from typing import Any

from django.core.management import call_command

from executions.queries.bundles import write_execution
from tests.factories.executions import Run
from tests.factories.sealing import MADE_AT
from tests.sealing.ground import Ground
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key, Report


def recover(ground: Ground, *words: str) -> str:
    out = io.StringIO()
    with ground.as_sealer():
        call_command("recover", *words, stdout=out)
    return out.getvalue()


def bundle_of(run: Run, **options: Any) -> bytes:
    file = io.BytesIO()
    run.row.refresh_from_db()
    write_execution(file, run.row, contents=True, made_at=MADE_AT, **options)
    return file.getvalue()


def check(ground: Ground, bundle: bytes, *olds: str) -> Report:
    """What a stranger finds who holds the key and the checkpoints `olds`."""
    return verify_bundle.verify(
        io.BytesIO(bundle),
        keys=[Key.parse(str(ground.keys.current().verifier))],
        checkpoints=[("of Monday", verify_bundle.Checkpoint.parse(old)) for old in olds],
    )
