"""The verifier's own canonical JSON, tree and keys agree with ours, and with nobody's but the standard."""

import ast
import base64
import hashlib
import struct
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from waxell.ledger import verifier
from waxell.ledger.domain import merkle, ranges
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key, Malformed, RangeFits, Unreadable
from waxell.lib import canonical

LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(70)]
HASHES = [merkle.hash_leaf(leaf) for leaf in LEAVES]
SIGNER = SigningKey(name="ledger.example.org", seed=bytes(range(32)))

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def node(level: int, index: int) -> bytes:
    return merkle.root_of_hashes(HASHES[index << level : (index + 1) << level])


def test_the_file_needs_nothing_but_cryptography_and_python_3_10() -> None:
    tree = ast.parse(verifier.SOURCE.read_text(), feature_version=(3, 10))

    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else name.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


@given(VALUES)
def test_canonical_json_is_ours(value: object) -> None:
    encoded = canonical.encode(value)

    assert verify_bundle.encode_canonical(value) == encoded
    assert canonical.encode(verify_bundle.parse_canonical(encoded)) == encoded


@pytest.mark.parametrize(
    ("bits", "text"),
    # RFC 8785, appendix B.
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_rfc_8785_says(bits: str, text: str) -> None:
    assert verify_bundle.encode_canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a": 1}', b'{"a":1.0}', b'{"a":1e2}', b'"\\u0061"', b"NaN", b"1 ",
        b'{"a":9007199254740993}', b'"\\ud800"', b'"\xed\xa0\x80"', b"[" * 100_000, b"-0", b'"\\/"', b"",
    ],
)  # fmt: skip
def test_other_spellings_are_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        verify_bundle.parse_canonical(content)


def test_paths_lead_where_ours_lead() -> None:
    for size in (1, 2, 3, 7, 8, 33, 70):
        root = merkle.root_of(size, node)
        for index in range(size):
            path = merkle.prove_inclusion(index=index, size=size, node=node)
            assert verify_bundle.root_from_path(HASHES[index], index, size, path) == root
            assert verify_bundle.root_from_path(HASHES[index], index, size, [*path, root]) is None
            assert verify_bundle.root_from_path(HASHES[index], index + 1, size, path) != root


def test_extensions_hold_where_ours_hold() -> None:
    for new in (2, 5, 8, 31, 70):
        for old in range(1, new + 1):
            path = merkle.prove_consistency(old=old, new=new, node=node)
            before, after = merkle.root_of(old, node), merkle.root_of(new, node)
            assert verify_bundle.extends(old, before, new, after, path)
            assert not verify_bundle.extends(old, after if old != new else bytes(32), new, after, path)
            assert not verify_bundle.extends(old, before, new, after, [*path, bytes(32)])


def test_ranges_give_the_root_and_nothing_can_be_left_out() -> None:
    for size in (1, 2, 5, 8, 21, 64, 70):
        root = merkle.root_of(size, node)
        for start in range(size):
            for end in range(start + 1, size + 1):
                outside = ranges.prove_range(start=start, end=end, size=size, node=node)
                leaves = dict(enumerate(LEAVES[:size]))
                assert verify_bundle.root_from_range(start, end, size, leaves, outside) == root
                with pytest.raises(RangeFits):
                    verify_bundle.root_from_range(start, end, size, leaves, [*outside, root])
                leaves[start] = bytes(32)
                assert verify_bundle.root_from_range(start, end, size, leaves, outside) != root


def test_ranges_outside_of_the_tree_are_none() -> None:
    with pytest.raises(ValueError, match="no range"):
        ranges.prove_range(start=3, end=80, size=70, node=node)


def test_keys_and_checkpoints_are_read_as_we_write_them() -> None:
    key = Key.parse(str(SIGNER.verifier))
    note = str(Checkpoint(origin=SIGNER.name, size=70, root=merkle.root_of(70, node)).signed(SIGNER))

    found = verify_bundle.Checkpoint.parse(note)

    assert (key.name, key.id, key.public) == (SIGNER.name, SIGNER.verifier.key_id, SIGNER.verifier.public)
    assert (found.size, found.root, found.signed_by([key])) == (70, merkle.root_of(70, node), [key])
    with pytest.raises(Malformed, match="was changed after"):
        verify_bundle.Checkpoint.parse(note.replace("\n70\n", "\n71\n")).signed_by([key])


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AAAA", "name+00000000+" + base64.b64encode(bytes(33)).decode()]
)
def test_damaged_keys_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Key.parse(text)


def test_witness_cosigns_with_its_time() -> None:
    seed = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    public = seed.public_key().public_bytes_raw()
    witness = Key("witness.example.org", verify_bundle.COSIGNATURE, public)
    note = str(Checkpoint(origin=SIGNER.name, size=1, root=bytes(32)).signed(SIGNER))
    text = note.partition("\n\n")[0] + "\n"
    # C2SP tlog-cosignature, cosignature/v1.
    moment = (1_700_000_000).to_bytes(8, "big")
    signed = moment + seed.sign(b"cosignature/v1\ntime 1700000000\n" + text.encode())
    line = f"\N{EM DASH} {witness.name} {base64.b64encode(witness.id + signed).decode()}\n"

    assert verify_bundle.Checkpoint.parse(note + line).signed_by([witness]) == [witness]
    assert verify_bundle.Checkpoint.parse(note).signed_by([witness]) == []
