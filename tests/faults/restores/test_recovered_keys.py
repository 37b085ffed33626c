"""Recoveries where keys were lost or replaced, logs are gone whole, or nothing was ever sealed."""

import io

import pytest
from django.core.management import CommandError, call_command

from governance.models import Project
from tests.factories.executions import Run
from tests.factories.sealing import messages
from tests.sealing.ground import Ground, write
from tests.sealing.recovering import bundle_of, recover
from tests.sealing.restored import back_up, restored
from waxell.ledger.models import Log
from waxell.ledger.services import publishing
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key


def test_a_lost_key_is_followed_by_a_new_one_in_a_new_log(ground: Ground, run: Run, project: Project) -> None:
    ground.seal()
    old = ground.keys.current().verifier
    ground.keys.path.unlink()
    ground.keys.create("ledger.test")
    before = (ground.published / "logs/1/checkpoint").read_text()

    recover(ground, "--yes")
    ground.seal()

    new = ground.keys.current().verifier
    assert (ground.published / "key").read_text() == f"{old}\n{new}\n"
    report = verify_bundle.verify(
        io.BytesIO(bundle_of(run)),
        keys=[Key.parse(str(old)), Key.parse(str(new))],
        checkpoints=[("of Monday", verify_bundle.Checkpoint.parse(before))],
    )
    assert messages(report) == []


def test_a_database_from_before_an_earlier_recovery_passes_over_its_number(ground: Ground, project: Project) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 5)
    ground.seal()
    with restored(ground, backup):
        recover(ground, "--yes")
        write(project.pk, project.pk, 5)
        ground.seal()
    with restored(ground, backup):
        with pytest.raises(publishing.Behind):
            ground.seal()
        assert "from before that log was opened" in recover(ground, "--yes")
        ground.seal()
        assert list(Log.objects.order_by("number").values_list("number", "origin")) == [
            (1, "ledger.test"),
            (3, "ledger.test/3"),
        ]
        assert (ground.published / "current").read_text() == "3\nledger.test/3\n"


def test_a_database_that_was_never_sealed_goes_on_from_what_was_published(ground: Ground, project: Project) -> None:
    backup = back_up(ground)
    ground.seal()

    with restored(ground, backup):
        with pytest.raises(publishing.Behind):
            ground.seal()
        recover(ground, "--yes")
        ground.seal()
        assert Log.objects.get().number == 2


def test_a_key_replaced_after_the_backup_is_still_our_own(ground: Ground, project: Project) -> None:
    ground.seal()
    ground.keys.rotate()
    backup = back_up(ground)
    ground.seal()
    write(project.pk, project.pk)
    ground.seal()
    assert ground.keys.next() is None

    with restored(ground, backup):
        recover(ground, "--yes")
        assert ground.seal() > 0


def test_a_key_announced_and_not_yet_sealed_at_the_backup_may_sign_the_next_log(
    ground: Ground, project: Project
) -> None:
    ground.seal()
    ground.keys.rotate()
    with ground.as_sealer():
        rounds = ground.round()
        rounds._begin()
        rounds._signer(Log.objects.get())
    backup = back_up(ground)
    ground.seal()
    write(project.pk, project.pk)
    ground.seal()

    with restored(ground, backup):
        recover(ground, "--yes")
        write(project.pk, project.pk)
        assert ground.seal() > 0


def test_the_command_is_for_who_has_the_key_and_the_login(ground: Ground, project: Project) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk)
    ground.seal()

    with restored(ground, backup):
        with pytest.raises(CommandError, match="permission denied"):
            call_command("recover", "--yes", stdout=io.StringIO())
        away = ground.keys.path.rename(ground.path / "away")
        with pytest.raises(CommandError, match="no key to sign"):
            recover(ground, "--yes")
        away.rename(ground.keys.path)
        assert Log.objects.count() == 1
