"""An old dump restored: signing stops, everybody says rollback, and `recover` continues lawfully."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from governance.models import Project
from tests.factories.executions import Run
from tests.factories.sealing import messages
from tests.sealing.ground import Ground, write
from tests.sealing.recovering import bundle_of, check, recover
from tests.sealing.restored import back_up, restored
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.models import Checkpoint as Sealed
from waxell.ledger.models import Entry, Log, SealQueueItem
from waxell.ledger.services import publishing


def readiness() -> dict[str, Any]:
    answer = Client().get("/readyz")
    return {check["check"]: check for check in json.loads(answer.content)["checks"]}


def test_the_whole_way_from_an_old_dump_to_a_lawful_continuation(ground: Ground, run: Run, project: Project) -> None:
    ground.seal()
    before = bundle_of(run)
    write(project.pk, project.pk, 3)
    backup = back_up(ground)
    ground.seal()
    write(project.pk, project.pk, 300)
    ground.seal()
    published = (ground.published / "logs/1/checkpoint").read_text()
    kept = ground.path / "monday"
    kept.write_text(published)

    with restored(ground, backup) as told:
        assert "The published checkpoint is ahead of this database" in told
        with pytest.raises(publishing.Behind):
            ground.seal()
        assert readiness()["sealing"]["ok"] is False
        assert "the restore of an old backup" in readiness()["sealing"]["message"]
        assert "`manage.py recover`" in readiness()["sealing"]["message"]
        assert Client().get("/readyz").status_code == 503
        assert "the log was rolled back" in "\n".join(messages(check(ground, bundle_of(run), published)))
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("verify", "--checkpoint", str(kept), stdout=out)
        assert "the ledger was rolled back" in out.getvalue()
        assert Sealed.objects.count() == 1

        said = recover(ground, "--yes")

        here = Sealed.objects.get().size
        lost = Checkpoint.parse(published.partition("\n\n")[0] + "\n").size - here
        assert f"The database has {here} of them: {lost} are lost." in said
        assert "Of those, 3 are entries that are here and will be sealed again." in said
        ground.seal()
        assert readiness()["sealing"]["ok"] is True
        assert SealQueueItem.objects.count() == 0
        assert (ground.published / "logs/1/checkpoint").read_text() == published
        assert (ground.published / "current").read_text() == "2\nledger.test/2\n"
        report = check(ground, bundle_of(run), published)
        assert messages(report) == []
        assert "exactly this checkpoint" in "\n".join(str(note) for note in report.notes)
        assert "it goes on lawfully" in "\n".join(str(note) for note in report.notes)
        assert messages(check(ground, before)) == []
        call_command("verify", "--checkpoint", str(kept), stdout=io.StringIO())


def test_the_first_entry_names_the_old_head_and_what_is_missing(ground: Ground, project: Project) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 20)
    ground.seal()
    published = (ground.published / "logs/1/checkpoint").read_text()

    with restored(ground, backup):
        recover(ground, "--yes")
        log = Log.objects.get(number=2)
        opened = json.loads(bytes(Entry.objects.get(stream=log.id, seq=1).body))

    before = opened["previous"]
    assert (before["log"], before["note"], before["missing"]["reason"]) == (1, published, "behind")
    assert (before["missing"]["lost"], before["missing"]["waiting"]) == (20, 0)
    assert before["size"] == before["missing"]["here"] + 20
    assert before["missing"]["proof"]


def test_a_recovery_that_hides_leaves_is_told_from_a_lawful_one(ground: Ground, run: Run, project: Project) -> None:
    """An operator recovers from a smaller head than the one that an auditor holds."""
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 20)
    ground.seal()
    smaller = {file: (ground.published / file).read_bytes() for file in ("logs/1/checkpoint",)}
    write(project.pk, project.pk, 20)
    ground.seal()
    held = (ground.published / "logs/1/checkpoint").read_text()
    for file, content in smaller.items():
        (ground.published / file).write_bytes(content)

    with restored(ground, backup):
        recover(ground, "--yes")
        ground.seal()
        report = check(ground, bundle_of(run), held)

    assert "was rolled back, and the recovery does not admit to the 20 leaves after it" in "\n".join(messages(report))


def test_a_checkpoint_between_the_two_is_not_taken_on_trust(ground: Ground, run: Run, project: Project) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 20)
    ground.seal()
    between = (ground.published / "logs/1/checkpoint").read_text()
    write(project.pk, project.pk, 20)
    ground.seal()

    with restored(ground, backup):
        recover(ground, "--yes")
        ground.seal()
        (fault,) = messages(check(ground, bundle_of(run), between))

    assert "Nothing here shows that the one led to the other" in fault


def test_a_head_that_no_key_of_ours_signed_is_not_believed(ground: Ground, project: Project) -> None:
    ground.seal()
    mallory = SigningKey.generate("ledger.test")
    forged = str(Checkpoint(origin="ledger.test", size=10_000, root=bytes(32)).signed(mallory))
    file = ground.path / "forged"
    file.write_text(forged)

    with pytest.raises(CommandError, match="not signed by a key of ours"):
        recover(ground, "--yes", "--head", str(file))
    (ground.published / "logs/1/checkpoint").write_text(forged)
    with pytest.raises(CommandError, match="not signed by a key of ours"):
        recover(ground, "--yes")
    assert Log.objects.count() == 1


def test_a_head_kept_elsewhere_counts_where_the_published_one_was_lost_too(ground: Ground, project: Project) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 5)
    ground.seal()
    kept = (ground.published / "logs/1/checkpoint").rename(ground.path / "kept")
    (ground.published / "current").unlink()

    with restored(ground, backup):
        assert "5 are lost" in recover(ground, "--yes", "--head", str(kept))
        assert ground.seal() > 0
        assert Log.objects.count() == 2


def test_nothing_is_recovered_where_nothing_is_lost(ground: Ground, project: Project) -> None:
    ground.seal()

    with pytest.raises(CommandError, match="there is nothing to recover from"):
        recover(ground, "--yes")


@pytest.mark.parametrize("typed", ["", "yes", "ledger.test/2"])
def test_whoever_does_not_type_the_name_changes_nothing(
    ground: Ground, project: Project, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    ground.seal()
    backup = back_up(ground)
    write(project.pk, project.pk, 5)
    ground.seal()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))

    with restored(ground, backup):
        with pytest.raises(CommandError, match="Nothing was changed"):
            recover(ground)
        assert "5 are lost" in recover(ground, "--look")
        assert Log.objects.count() == 1
