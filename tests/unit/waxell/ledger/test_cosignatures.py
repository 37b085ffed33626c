"""Cosignatures against somebody else's implementation of C2SP tlog-cosignature, both ways."""

import aics_tlog
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waxell.ledger.domain import cosignatures, notes
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.cosignatures import CosignerKey, CosigningKey
from waxell.ledger.domain.notes import MalformedKey, SigningKey, UntrustedNote

LOG = SigningKey(name="ledger.test", seed=bytes(range(32)))
WITNESS = CosigningKey(name="witness.test", seed=bytes(range(1, 33)))
CHECKPOINT = Checkpoint(origin="ledger.test", size=7, root=bytes(32))
AT = 1_790_000_000


def cosigned() -> str:
    note = str(CHECKPOINT.signed(LOG))
    return cosignatures.with_lines(note, [WITNESS.cosign(str(CHECKPOINT), at=AT).line()])


def test_an_independent_reader_accepts_our_cosignature_and_the_logs_signature_beside_it() -> None:
    note = aics_tlog.parse_note(cosigned())
    theirs = aics_tlog.parse_vkey(str(WITNESS.verifier))
    line = next(one for one in note.signatures if one.key_id == WITNESS.verifier.key_id)

    assert aics_tlog.verify_note(note, [aics_tlog.parse_vkey(str(LOG.verifier))])
    assert aics_tlog.verify_cosignature(line.signature, "witness.test", theirs.public_key, "ledger.test", 7, bytes(32))
    assert not aics_tlog.verify_cosignature(
        line.signature, "witness.test", theirs.public_key, "ledger.test", 8, bytes(32)
    )


def test_we_accept_an_independent_cosignature() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
    _, line = aics_tlog.sign_cosignature(private, "theirs.test", AT, "ledger.test", 7, bytes(32))
    key = CosignerKey(name="theirs.test", public=private.public_key().public_bytes_raw())
    made = notes.Signature(name=line.name, key_id=line.key_id, value=line.signature)
    note = notes.parse(str(CHECKPOINT.signed(LOG)) + made.line())

    found = key.find(note)

    assert found is not None
    assert found.cosigned_at == AT


def test_a_key_reads_back_what_it_wrote() -> None:
    assert CosigningKey.parse(WITNESS.secret()) == WITNESS
    assert CosignerKey.parse(str(WITNESS.verifier)) == WITNESS.verifier
    assert aics_tlog.parse_vkey(str(WITNESS.verifier)).key_id == WITNESS.verifier.key_id


@pytest.mark.parametrize("text", [str(LOG.verifier), str(WITNESS.verifier).replace("test+", "test+0"), "w+00000000+"])
def test_other_keys_are_no_cosigners(text: str) -> None:
    with pytest.raises(MalformedKey):
        CosignerKey.parse(text)


def test_a_false_cosignature_is_told_from_a_missing_one() -> None:
    other = Checkpoint(origin="ledger.test", size=7, root=bytes([1]) * 32)
    note = notes.parse(str(CHECKPOINT.signed(LOG)) + WITNESS.cosign(str(other), at=AT).line())

    with pytest.raises(UntrustedNote, match="does not hold"):
        WITNESS.verifier.find(note)
    assert WITNESS.verifier.find(notes.parse(str(CHECKPOINT.signed(LOG)))) is None


def test_a_time_that_was_changed_does_not_hold() -> None:
    made = WITNESS.cosign(str(CHECKPOINT), at=AT)
    later = notes.Signature(name=made.name, key_id=made.key_id, value=(AT + 1).to_bytes(8) + made.value[8:])

    with pytest.raises(UntrustedNote, match="does not hold"):
        WITNESS.verifier.find(notes.parse(str(CHECKPOINT.signed(LOG)) + later.line()))


def test_a_line_is_joined_once() -> None:
    line = WITNESS.cosign(str(CHECKPOINT), at=AT).line()

    assert cosignatures.with_lines(cosigned(), [line]) == cosigned()
