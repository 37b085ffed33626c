"""Sealing, publishing and keys, as the sealer's own login does them."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection
from psycopg import sql

from governance.models import Project
from tests.factories import make_project
from tests.sealing.ground import Ground, write, written
from tests.sealing.sound import assert_sound
from waxell.ledger.models import Checkpoint, Entry, Leaf, Log, LogKey, Sealer
from waxell.ledger.queries import checkpoints, proofs, sealing
from waxell.ledger.services import keys, publishing
from waxell.ledger.services.sealer import KeyUnknown


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


def test_everything_written_is_sealed_and_published(ground: Ground, project: Project) -> None:
    for _ in range(3):
        write(project.pk, project.pk, 120)
        ground.seal()
    assert Leaf.objects.count() == written()
    assert_sound(ground.published)
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert len(sizes) == 3
    assert not Checkpoint.objects.filter(published_at=None).exists()
    # The partial tiles that the first full one outgrew are gone, the newest is there.
    tiles = {str(file.relative_to(ground.published / "logs/1/tile")) for file in _files(ground)}
    partial = f"001.p/{sizes[-1] - 256}"
    assert tiles == {"0/000", f"0/{partial}", "entries/000", f"entries/{partial}", "1/000.p/1"}
    seen = sealing.sealer()
    assert seen is not None
    assert (seen.state, seen.reason) == (Sealer.State.SEALING, "")
    assert sealing.lag().queued == 0


def test_the_first_leaf_opens_the_log_and_names_its_key(ground: Ground, project: Project) -> None:
    write(project.pk, project.pk, 5)
    ground.seal()
    log = Log.objects.get()
    first = Leaf.objects.get(index=0)
    assert (first.stream, first.seq, first.project_id.int) == (log.id, 1, 0)
    entry = Entry.objects.get(stream=log.id, seq=1)
    assert entry.type == "ledger.opened"
    assert str(ground.keys.current().verifier).encode() in bytes(entry.body)


def test_every_entry_can_be_proved(ground: Ground, project: Project) -> None:
    write(project.pk, project.pk, 300)
    ground.seal()
    for entry in Entry.objects.all():
        proof = proofs.prove(entry.stream, entry.seq)
        assert proof.verify(bytes(entry.digest), checkpoints.keys()).size == written()
    write(project.pk, project.pk)
    with pytest.raises(proofs.NotSealed):
        proofs.prove(project.pk, Entry.objects.filter(stream=project.pk).count())


def test_nothing_new_makes_no_new_checkpoint(ground: Ground, project: Project) -> None:
    assert ground.seal() > 0
    assert ground.seal() == 0
    assert Checkpoint.objects.count() == 1


def test_a_lost_publication_is_made_again(ground: Ground, project: Project) -> None:
    write(project.pk, project.pk, 260)
    ground.seal()
    elsewhere = Ground(server=ground.server, path=ground.path / "elsewhere")
    elsewhere.keys.path.parent.mkdir(parents=True)
    elsewhere.keys.path.write_text(ground.keys.path.read_text())
    elsewhere.seal()
    assert_sound(elsewhere.published)


def test_a_new_key_is_announced_before_it_signs(ground: Ground, project: Project) -> None:
    ground.seal()
    old = ground.keys.current().verifier
    new = ground.keys.rotate().verifier
    ground.seal()
    write(project.pk, project.pk)
    ground.seal()
    assert_sound(ground.published)
    announced = LogKey.objects.get(vkey=str(new))
    place = Leaf.objects.get(stream=Log.objects.get().id, seq=announced.seq).index
    for checkpoint in Checkpoint.objects.order_by("size"):
        covers_before = Checkpoint.objects.filter(size__lt=checkpoint.size, size__gt=place).exists()
        assert bytes(checkpoint.key_id) == (new if covers_before else old).key_id
    assert bytes(Checkpoint.objects.order_by("-size")[0].key_id) == new.key_id
    assert (ground.keys.current().verifier, ground.keys.next()) == (new, None)
    assert (ground.published / "key").read_text() == f"{old}\n{new}\n"


def test_a_key_that_the_log_does_not_know_signs_nothing(ground: Ground, project: Project) -> None:
    ground.seal()
    ground.keys.path.unlink()
    write(project.pk, project.pk)
    with pytest.raises(keys.KeyMissing):
        ground.seal()
    ground.keys.create("ledger.test")
    with pytest.raises(KeyUnknown):
        ground.seal()
    seen = sealing.sealer()
    assert seen is not None
    assert (seen.state, seen.reason) == (Sealer.State.STOPPED, "key_unknown")
    assert Checkpoint.objects.count() == 1


def test_a_foreign_or_spoilt_publication_stops_sealing(ground: Ground, project: Project) -> None:
    ground.seal()
    note = ground.published / "logs/1/checkpoint"
    good = note.read_text()
    other = keys.SigningKey.generate("ledger.test")
    write(project.pk, project.pk)
    head = checkpoints.newest()
    assert head is not None
    for bad in (
        good.replace("\n— ledger.test ", "\n— ledger.test A"),
        good.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n"),
        str(publishing.notes.Checkpoint.parse(good.split("\n\n")[0] + "\n").signed(other)),
        "",
    ):
        note.write_text(bad)
        with pytest.raises(publishing.Inconsistent):
            ground.seal()
    note.write_text(good)
    assert ground.seal() == 1


@pytest.mark.parametrize("table", ["ledger_log", "ledger_leaf", "ledger_checkpoint", "ledger_key"])
def test_what_was_sealed_is_evidence_for_every_role(ground: Ground, project: Project, table: str) -> None:
    ground.seal()
    with ground.owner() as owner, pytest.raises(Exception, match="its rows are evidence"):
        owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    for role in ("app", "sealer"):
        ground.server.become(role)
        try:
            with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        finally:
            ground.server.become("app")


def test_only_publishing_may_mark_a_checkpoint(ground: Ground, project: Project) -> None:
    ground.seal()
    with ground.owner() as owner:
        owner.execute("UPDATE ledger_checkpoint SET published_at = now()")
        with pytest.raises(Exception, match="its rows are evidence"):
            owner.execute("UPDATE ledger_checkpoint SET root = sha256('x')")


def test_the_sealer_reads_no_entry_and_the_application_seals_nothing(ground: Ground, project: Project) -> None:
    with ground.as_sealer(), pytest.raises(ProgrammingError, match="permission denied"):
        Entry.objects.count()
    with pytest.raises((ProgrammingError, IntegrityError), match="permission denied"):
        ground.round().perform()


def _files(ground: Ground) -> list[object]:
    return [file for file in (ground.published / "logs/1/tile").rglob("*") if file.is_file()]
