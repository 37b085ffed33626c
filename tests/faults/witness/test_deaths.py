"""A witness is killed between two steps: it never forgets what it cosigned, and never cosigns twice otherwise."""

import signal
from concurrent.futures import ThreadPoolExecutor

import aics_tlog
import httpx
import pytest

from tests.witness.process import Watcher
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.domain.witnessing import Submission
from waxell.ledger.witness.store import WitnessStore

LOG = SigningKey(name="ledger.test", seed=bytes(range(32)))
TREE = aics_tlog.MerkleTree(number.to_bytes(32) for number in range(40))
FORK = aics_tlog.MerkleTree((number + 1).to_bytes(32) for number in range(40))


def asked(old: int, size: int, tree: aics_tlog.MerkleTree = TREE) -> str:
    proof = tuple(tree.consistency_proof(old, size)) if 0 < old < size else ()
    note = Checkpoint(origin="ledger.test", size=size, root=tree.root(size)).signed(LOG)
    return str(Submission(old=old, proof=proof, note=str(note)))


def held(watcher: Watcher) -> int:
    head = WitnessStore(path=watcher.path).head("ledger.test")
    return head.size if head else 0


@pytest.mark.parametrize(("point", "size"), [("judged", 10), ("kept", 20)])
def test_killed_at_each_step_it_goes_on_from_what_it_kept(watcher: Watcher, point: str, size: int) -> None:
    key = LOG.verifier
    with watcher.serving(key) as running:
        assert running.post(asked(0, 10)).status_code == 200

    with watcher.dying(point, key) as dying:
        with pytest.raises(httpx.RemoteProtocolError):
            dying.post(asked(10, 20))
        assert dying.process.wait(timeout=20) == -signal.SIGKILL

    assert held(watcher) == size
    with watcher.serving(key) as running:
        # The log does not know whether its request was served. It asks again as before, and then as it is told.
        again = running.post(asked(10, 20))
        if point == "kept":
            assert (again.status_code, again.text) == (409, "20\n")
            assert again.headers["content-type"] == "text/x.tlog.size"
            again = running.post(asked(20, 20))
        assert again.status_code == 200
        # Whatever died: nothing smaller, and no other history.
        assert running.post(asked(10, 15)).status_code == 409
        assert running.post(asked(20, 20, FORK)).status_code == 422
        assert running.post(asked(20, 30, FORK)).status_code == 422
        assert running.post(asked(20, 30)).status_code == 200


def test_two_processes_do_not_share_a_witness(watcher: Watcher) -> None:
    with (
        watcher.serving(LOG.verifier),
        pytest.raises(AssertionError, match="ended before it listened"),
        watcher.serving(LOG.verifier),
    ):
        pass


def test_many_at_once_are_judged_one_after_the_other(watcher: Watcher) -> None:
    """Whoever comes second with the same old size is told where the witness stands."""
    with watcher.serving(LOG.verifier) as running:
        running.post(asked(0, 5))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda size: (size, running.post(asked(5, size))), range(6, 22)))

    (won,) = [size for size, answer in answers if answer.status_code == 200]
    assert {answer.text for _, answer in answers if answer.status_code == 409} == {f"{won}\n"}
    assert held(watcher) == won


def test_what_is_no_request_is_answered_as_such(watcher: Watcher) -> None:
    with watcher.serving(LOG.verifier) as running:
        assert running.post(b"\xff").status_code == 400
        assert running.post(b"x" * 70_000).status_code == 413
        assert httpx.post(f"{running.url}/sign-subtree", content=asked(0, 5)).status_code == 404
        assert httpx.get(f"{running.url}/").status_code == 404
        assert httpx.get(f"{running.url}/{'0' * 64}/checkpoint").status_code == 404
        assert httpx.get(f"{running.url}/../key").status_code == 404
        running.post(asked(0, 5))
        found = httpx.get(f"{running.url}/{aics_tlog.hashing.sha256(b'ledger.test').hex()}/checkpoint")

    note = aics_tlog.parse_note(found.text)
    assert aics_tlog.parse_checkpoint(note.text).size == 5
    assert [line.name for line in note.signatures] == ["ledger.test", "witness.test"]
