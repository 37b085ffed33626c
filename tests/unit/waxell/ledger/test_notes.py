"""Notes, checkpoints and proofs: the specification's own examples, and another reader's opinion."""

import aics_tlog
import pytest

from waxell.ledger.domain import checkpoints, merkle, notes
from waxell.ledger.domain.checkpoints import Checkpoint, MalformedCheckpoint
from waxell.ledger.domain.notes import MalformedKey, MalformedNote, SigningKey, UntrustedNote, VerifierKey
from waxell.ledger.domain.proofs import MalformedProof, Proof, ProofFails

# From C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
KEY = SigningKey(name="ledger.example/1", seed=bytes(range(32)))
OTHER = SigningKey(name="ledger.example/1", seed=bytes(range(1, 33)))
HEAD = Checkpoint(origin="ledger.example/1", size=1, root=merkle.hash_leaf(b"d" * 32))
NOTE = str(HEAD.signed(KEY))


def test_the_specifications_example_holds() -> None:
    key = VerifierKey.parse(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    assert notes.open_note(EXAMPLE_NOTE, [key]).text == "This is an example message.\n"
    assert str(notes.parse(EXAMPLE_NOTE)) == EXAMPLE_NOTE


def test_another_reader_accepts_our_checkpoints_and_we_its() -> None:
    their_key = aics_tlog.parse_vkey(str(KEY.verifier))
    assert (their_key.name, their_key.key_id) == (KEY.name, KEY.verifier.key_id)
    assert aics_tlog.verify_note(aics_tlog.parse_note(NOTE), [their_key])
    accepted = aics_tlog.verify_checkpoint(aics_tlog.parse_note(NOTE), their_key, expected_origin=HEAD.origin)
    assert accepted.ok, accepted
    their_note = aics_tlog.sign_checkpoint(
        aics_tlog.Checkpoint(origin=HEAD.origin, size=HEAD.size, root=HEAD.root), _private(KEY), KEY.name
    )
    # Ed25519 is deterministic: the same text and key give the same note.
    assert str(notes.parse(NOTE).signatures[0].value) == str(their_note.signatures[0].signature)


def test_another_reader_refuses_what_we_refuse() -> None:
    stranger = aics_tlog.parse_vkey(str(OTHER.verifier))
    assert not aics_tlog.verify_note(aics_tlog.parse_note(NOTE), [stranger])
    with pytest.raises(UntrustedNote):
        notes.open_note(NOTE, [OTHER.verifier])


def test_a_signing_key_is_read_as_it_is_written() -> None:
    key = SigningKey.generate("a.example")
    assert SigningKey.parse(key.secret()) == key
    assert key.secret() not in repr(key)
    assert key.seed.hex() not in repr(key)


def test_signatures_of_strangers_are_passed_over_and_failing_ones_are_not() -> None:
    both = str(HEAD.signed(OTHER, KEY))
    assert checkpoints.open_checkpoint(both, [KEY.verifier]) == HEAD
    forged = both.replace("\n1\n", "\n2\n")
    with pytest.raises(UntrustedNote):
        checkpoints.open_checkpoint(forged, [KEY.verifier])
    with pytest.raises(UntrustedNote):
        checkpoints.open_checkpoint(both, [])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        str(HEAD).encode(),
        NOTE.rstrip("\n").encode(),
        NOTE.replace("— ", "- ").encode(),
        NOTE.replace("\n\n", "\n\x00\n\n").encode(),
        NOTE.encode() + b"\xff\n",
        (NOTE + "— ledger.example/1 AAAA\n").encode(),
        (NOTE + "— ledger.example/1 not base64\n").encode(),
        (NOTE + NOTE.split("\n\n")[1] * 100).encode(),
    ],
)
def test_what_is_not_a_note_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedNote):
        notes.parse(raw)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "thin\u2009space"])
def test_a_name_that_a_note_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(MalformedKey):
        SigningKey.generate(name)


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("+AeK", "+BeK").replace("+Aek", "+Bek"),
        EXAMPLE_KEY[:-1],
        "example.com/foo",
        "",
    ],
)
def test_what_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedKey):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\n{root}\n",
        "a\n-1\n{root}\n",
        "a\n1\nAAAA\n",
        "a\n1\n{root}\n\n",
        "\n1\n{root}\n",
        "a\n1\n{root}",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    root = str(HEAD).split("\n")[2]
    with pytest.raises(MalformedCheckpoint):
        Checkpoint.parse(text.replace("{root}", root))


def test_extension_lines_are_kept() -> None:
    head = Checkpoint(origin="a", size=0, root=merkle.EMPTY_ROOT, extensions=("one", "two"))
    assert Checkpoint.parse(str(head)) == head


def test_a_proof_is_read_as_written_and_binds_its_leaf() -> None:
    leaves = [bytes([place]) * 32 for place in range(5)]
    hashes = [merkle.hash_leaf(leaf) for leaf in leaves]
    head = Checkpoint(origin=KEY.name, size=5, root=merkle.root_of_hashes(hashes))
    path = merkle.prove_inclusion(
        index=3, size=5, node=lambda level, index: merkle.root_of_hashes(hashes[index << level : (index + 1) << level])
    )
    proof = Proof(index=3, path=path, checkpoint=str(head.signed(KEY)))
    again = Proof.parse(str(proof))
    assert again == proof
    assert again.verify(leaves[3], [KEY.verifier]) == head
    with pytest.raises(ProofFails):
        again.verify(leaves[2], [KEY.verifier])
    assert Proof.parse(str(proof).replace("index 3", "extra AAAA\nindex 3")) == proof
    assert str(proof).startswith("c2sp.org/tlog-proof@v1\nindex 3\n")


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v2\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 00\n\nx"])
def test_what_is_not_a_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedProof):
        Proof.parse(text)


def _private(key: SigningKey) -> object:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key.seed)
