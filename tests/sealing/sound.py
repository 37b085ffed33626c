"""Is a ledger sound? Asked of the database by our own examination, of what was published by another's code."""

from pathlib import Path

import aics_tlog

from waxell.ledger.domain import checkpoints as notes
from waxell.ledger.domain import merkle
from waxell.ledger.models import Checkpoint, Leaf, Log, SealQueueItem
from waxell.ledger.queries import checkpoints, proofs, trees


def assert_sound(published: Path) -> None:
    """Every entry is a leaf, once; every note ever signed agrees with every other; the published log is whole."""
    for log in Log.objects.order_by("number"):
        assert list(trees.examine(log, checkpoints.keys())) == []
        _assert_notes_agree(log, published / "logs" / str(log.number))
    assert SealQueueItem.objects.count() == 0
    assert Leaf.objects.values("stream", "seq").distinct().count() == Leaf.objects.count()


def _assert_notes_agree(log: Log, directory: Path) -> None:
    ours = checkpoints.keys()
    keys = [aics_tlog.parse_vkey(str(key)) for key in ours]
    newest = aics_tlog.parse_note((directory / "checkpoint").read_text())
    assert any(aics_tlog.verify_note(newest, [key]) for key in keys)
    head = aics_tlog.parse_checkpoint(newest.text)
    reader = aics_tlog.FileSystemTileReader(directory)
    assert aics_tlog.audit_tiles(reader, head.size, head.root).size == head.size
    whole = aics_tlog.MerkleTree(aics_tlog.read_entry(reader, index, head.size) for index in range(head.size))

    kept = {int(file.name): file.read_text() for file in (directory / "checkpoints").iterdir()}
    stored = dict(Checkpoint.objects.filter(log=log.number).values_list("size", "note"))
    assert kept.keys() <= stored.keys()
    for size, text in {**stored, **kept}.items():
        said = notes.open_checkpoint(text, ours)
        assert (said.origin, said.size) == (log.origin, size)
        assert said.root == whole.root(size)
        proof = proofs.prove_extension(log.number, old=size, new=head.size)
        assert merkle.extends(old=size, new=head.size, old_root=said.root, new_root=head.root, proof=proof)
