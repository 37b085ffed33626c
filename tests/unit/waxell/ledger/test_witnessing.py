"""What a witness answers to a submission, after the list in C2SP tlog-witness."""

from pathlib import Path

import aics_tlog
import pytest

from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.domain.witnessing import KnownLogs, MalformedSubmission, Refused, Submission
from waxell.ledger.witness.store import StoreUnusable, WitnessStore
from waxell.ledger.witness.witness import Witness

LOG = SigningKey(name="ledger.test", seed=bytes(range(32)))
MALLORY = SigningKey(name="ledger.test", seed=bytes(range(3, 35)))
TREE = aics_tlog.MerkleTree(number.to_bytes(32) for number in range(300))
FORK = aics_tlog.MerkleTree((number + 1).to_bytes(32) for number in range(300))


def note(size: int, *, tree: aics_tlog.MerkleTree = TREE, key: SigningKey = LOG, origin: str = "ledger.test") -> str:
    return str(Checkpoint(origin=origin, size=size, root=tree.root(size)).signed(key))


def asked(old: int, size: int, *, tree: aics_tlog.MerkleTree = TREE, **options: object) -> bytes:
    proof = tuple(tree.consistency_proof(old, size)) if 0 < old < size else ()
    return str(Submission(old=old, proof=proof, note=note(size, tree=tree, **options))).encode()  # type: ignore[arg-type]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    store = WitnessStore.create(tmp_path / "w", name="witness.test")
    return Witness(key=store.key(), store=store, logs=KnownLogs(keys=[LOG.verifier]), clock=lambda: 1_790_000_000)


def refusal(witness: Witness, body: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        witness.add_checkpoint(body)
    return caught.value.status, str(caught.value)


def test_it_cosigns_a_log_that_grows(witness: Witness) -> None:
    for old, size in ((0, 5), (5, 6), (6, 256), (256, 256), (256, 300)):
        line = witness.add_checkpoint(asked(old, size))
        assert line.startswith("\N{EM DASH} witness.test ")
        head = witness.store.head("ledger.test")
        assert head is not None
        assert head.size == size


@pytest.mark.parametrize("old", [0, 3, 101])
def test_another_old_size_is_a_conflict_that_names_the_size(witness: Witness, old: int) -> None:
    witness.add_checkpoint(asked(0, 100))

    assert refusal(witness, asked(old, 200)) == (409, "100\n")


def test_a_smaller_log_is_never_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 100))

    assert refusal(witness, asked(50, 99)) == (409, "100\n")
    assert refusal(witness, asked(100, 99))[0] == 400
    assert refusal(witness, asked(0, 99))[0] == 409


def test_another_history_is_refused_and_kept(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 100))

    assert refusal(witness, asked(100, 200, tree=FORK))[0] == 422
    assert refusal(witness, asked(100, 100, tree=FORK))[0] == 422
    kept = sorted(file.read_text() for file in (witness.store.path / "logs").rglob("refused/*"))
    assert kept == sorted([note(200, tree=FORK), note(100, tree=FORK)])
    witness.add_checkpoint(asked(100, 200))


def test_a_proof_where_none_belongs_is_refused(witness: Witness) -> None:
    body = str(Submission(old=0, proof=(bytes(32),), note=note(5))).encode()

    assert refusal(witness, body)[0] == 422


def test_an_empty_log_has_one_root(witness: Witness) -> None:
    bad = Checkpoint(origin="ledger.test", size=0, root=bytes(32)).signed(LOG)

    assert refusal(witness, str(Submission(old=0, proof=(), note=str(bad))).encode())[0] == 422
    witness.add_checkpoint(asked(0, 0))
    witness.add_checkpoint(asked(0, 5))


def test_only_keys_of_known_logs_are_believed(witness: Witness) -> None:
    assert refusal(witness, asked(0, 5, key=MALLORY))[0] == 403
    assert refusal(witness, asked(0, 5, origin="other.test"))[0] == 404
    assert refusal(witness, asked(0, 5).replace(b"\n5\n", b"\n6\n"))[0] == 403


def test_a_recovered_log_is_one_of_its_own(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 100))
    witness.add_checkpoint(asked(0, 3, origin="ledger.test/2"))

    assert refusal(witness, asked(0, 3, origin="ledger.test/1"))[0] == 404
    assert refusal(witness, asked(0, 3, origin="ledger.test/x"))[0] == 404
    assert refusal(witness, asked(0, 200)) == (409, "100\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 01\n\n" + note(5).encode(),
        b"old -1\n\n" + note(5).encode(),
        b"new 0\n\n" + note(5).encode(),
        b"old 0\nAAAA\n\n" + note(5).encode(),
        b"old 0\n" + 64 * (b"A" * 43 + b"=\n") + b"\n" + note(5).encode(),
        b"old 0\n\xff\n\n" + note(5).encode(),
    ],
)
def test_what_is_no_submission_is_refused(witness: Witness, body: bytes) -> None:
    with pytest.raises(MalformedSubmission):
        witness.add_checkpoint(body)


def test_a_submission_without_a_signature_is_refused(witness: Witness) -> None:
    unsigned = note(5).partition("\n\n")[0] + "\n"

    assert refusal(witness, f"old 0\n\n{unsigned}".encode())[0] == 400


def test_lines_of_strangers_are_not_kept(witness: Witness) -> None:
    stranger = Checkpoint(origin="ledger.test", size=5, root=TREE.root(5)).signed(LOG, MALLORY)
    witness.add_checkpoint(str(Submission(old=0, proof=(), note=str(stranger))).encode())

    (kept,) = witness.store.all_notes()
    names = [line.name for line in aics_tlog.parse_note(kept).signatures]
    assert names == ["ledger.test", "witness.test"]


def test_a_witness_that_lost_its_memory_does_not_sign(witness: Witness) -> None:
    (witness.store.path / "logs").rmdir()

    with pytest.raises(StoreUnusable, match="make one with `init`"):
        witness.store.key()


def test_a_directory_has_one_witness_and_one_process(witness: Witness) -> None:
    with pytest.raises(StoreUnusable, match="witness already"):
        WitnessStore.create(witness.store.path, name="witness.test")
    witness.store.lock()
    with pytest.raises(StoreUnusable, match="Another witness"):
        witness.store.lock()
    assert (witness.store.path / "key").stat().st_mode & 0o777 == 0o600
