"""C8: a key is replaced. What it signed stays good, and the log announces the new one before it signs."""

import io
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aics_tlog
import pytest

from governance.models import Project
from tests.factories import make_project
from tests.factories.executions import Run, start
from tests.factories.sealing import messages
from tests.sealing import journal
from tests.sealing.ground import Ground, write
from tests.sealing.recovering import bundle_of
from tests.sealing.sound import assert_sound
from waxell.ledger.domain.notes import Signature, SigningKey, VerifierKey
from waxell.ledger.models import Checkpoint, Entry
from waxell.ledger.services import keys
from waxell.ledger.services.keys import EnvironmentKeys, KeyStore
from waxell.ledger.services.sealer import SealerRound
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key, Report


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@pytest.fixture
def run(project: Project) -> Run:
    made = start(project)
    made.close()
    return made


def check(bundle: bytes, *trusted: VerifierKey, olds: tuple[str, ...] = ()) -> Report:
    return verify_bundle.verify(
        io.BytesIO(bundle),
        keys=[Key.parse(str(key)) for key in trusted],
        checkpoints=[(f"of day {day}", verify_bundle.Checkpoint.parse(old)) for day, old in enumerate(olds)],
    )


def seal_with(ground: Ground, store: KeyStore, project: Project) -> None:
    """Three rounds of writing and sealing: enough for a key to be announced, sealed and used."""
    with ground.as_sealer():
        rounds = SealerRound(keys=store, store=ground.store)
        rounds.perform()
    for _ in range(2):
        write(project.pk, project.pk)
        with ground.as_sealer():
            while rounds.perform():
                pass


def test_what_an_old_key_signed_is_good_beside_the_new_one(ground: Ground, project: Project, run: Run) -> None:
    ground.seal()
    old, then = ground.keys.current().verifier, bundle_of(run)
    monday = (ground.published / "logs/1/checkpoint").read_text()
    new = ground.keys.rotate().verifier
    seal_with(ground, ground.keys, project)
    size = int(monday.splitlines()[1])

    now = bundle_of(run, continues=[size])

    assert ground.keys.current().verifier == new
    assert messages(check(then, old)) == []
    assert messages(check(now, old, new, olds=(monday,))) == []
    assert "is not signed by a key that was given to this check" in messages(check(now, old))[0]
    assert_sound(ground.published)


def test_the_log_names_the_new_key_in_an_entry_that_the_old_one_sealed(ground: Ground, project: Project) -> None:
    ground.seal()
    old = ground.keys.current().verifier
    new = ground.keys.rotate().verifier
    seal_with(ground, ground.keys, project)

    (entry,) = Entry.objects.filter(type="ledger.key_announced")
    said = json.loads(bytes(entry.body))
    assert (said["key"], said["replaces"]) == (str(new), str(old))
    by_size = list(Checkpoint.objects.order_by("size").values_list("note", flat=True))
    signers = [aics_tlog.parse_note(note).signatures[0].key_id for note in by_size]
    assert signers == sorted(signers, key=[old.key_id, new.key_id].index)
    assert set(signers) == {old.key_id, new.key_id}


def test_keys_of_the_environment_follow_one_another(ground: Ground, project: Project) -> None:
    first, second = (SigningKey.generate("ledger.test") for _ in range(2))
    seal_with(ground, EnvironmentKeys(text=first.secret()), project)
    seal_with(ground, EnvironmentKeys(text=first.secret(), next_text=second.secret()), project)
    seal_with(ground, EnvironmentKeys(text=second.secret()), project)

    assert (ground.published / "key").read_text() == f"{first.verifier}\n{second.verifier}\n"
    newest = aics_tlog.parse_note((ground.published / "logs/1/checkpoint").read_text())
    assert aics_tlog.verify_note(newest, [aics_tlog.parse_vkey(str(second.verifier))])
    assert_sound(ground.published)


def test_a_foreign_key_in_the_environment_signs_nothing(ground: Ground, project: Project) -> None:
    seal_with(ground, ground.keys, project)
    count = Checkpoint.objects.count()

    with pytest.raises(Exception, match="not the one that the log announced"):
        seal_with(ground, EnvironmentKeys(text=SigningKey.generate("ledger.test").secret()), project)

    assert Checkpoint.objects.count() == count


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A signer whose key this process never holds: as a hardware module's, behind a process of its own."""

    secret: Path
    verifier: VerifierKey

    def sign(self, text: str) -> Signature:
        program = (
            "import sys; from pathlib import Path; from waxell.ledger.domain.notes import SigningKey;"
            "key = SigningKey.parse(Path(sys.argv[1]).read_text()); print(key.sign(sys.stdin.read()).value.hex())"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(self.secret)], input=text, capture_output=True, text=True, check=True
        )
        value = bytes.fromhex(done.stdout)
        return Signature(name=self.verifier.name, key_id=self.verifier.key_id, value=value)


@dataclass(frozen=True, slots=True)
class Module:
    signer: Elsewhere

    def current(self) -> Elsewhere:
        return self.signer

    def next(self) -> None:
        return None

    def promote(self) -> None:
        """There is no next one."""


def plugged_in() -> Module:
    """What WAXELL_LEDGER_KEY_STORE names in the test below."""
    from django.conf import settings

    secret = Path(settings.WAXELL_LEDGER_KEY_FILE)
    return Module(Elsewhere(secret, SigningKey.parse(secret.read_text().strip()).verifier))


def test_another_place_for_keys_plugs_in(ground: Ground, project: Project, settings: Any) -> None:
    settings.WAXELL_LEDGER_KEY_FILE = ground.path / "module"
    settings.WAXELL_LEDGER_KEY_FILE.write_text(SigningKey.generate("ledger.test").secret())
    settings.WAXELL_LEDGER_KEY_STORE = f"{__name__}.plugged_in"

    seal_with(ground, keys.configured(), project)

    assert Checkpoint.objects.count() == 3
    assert_sound(ground.published)


@pytest.mark.parametrize(("point", "number"), [("signed", 1), ("write", 1), ("write", 3), ("write", 5)])
def test_a_sealer_that_dies_while_a_key_changes_goes_on(
    ground: Ground, project: Project, point: str, number: int
) -> None:
    ground.seal()
    new = ground.keys.rotate().verifier
    write(project.pk, project.pk, 5)
    kept = {journal.NAME: str(ground.path / "journal")}
    sealer = ground.start("-m", "tests.sealing.dying", point, str(number), **kept)
    output = sealer.communicate(timeout=60)[0]
    assert sealer.returncode == -signal.SIGKILL, output

    seal_with(ground, ground.keys, project)

    assert (ground.keys.current().verifier, ground.keys.next()) == (new, None)
    assert Entry.objects.filter(type="ledger.key_announced").count() == 1
    assert_sound(ground.published)
