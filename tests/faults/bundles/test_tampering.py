"""C4 and C5: whatever is done to a bundle, the verifier refuses it and names the place."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories.sealing import SIGNER, check, messages
from tests.factories.tampering import Tampered
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.verifier import verify_bundle
from waxell.lib import canonical

GOLDEN = Path(__file__).parents[2] / "golden"
MALLORY = SigningKey(name=SIGNER.name, seed=bytes(32))
type Change = Callable[[Tampered], object]


@pytest.fixture
def bundle() -> Tampered:
    return Tampered.read(GOLDEN / "completed.bundle")


@pytest.fixture
def period() -> Tampered:
    return Tampered.read(GOLDEN / "period.bundle")


def found(tampered: Tampered | bytes) -> str:
    """The faults, one a line; the bundle is refused."""
    report = check(tampered if isinstance(tampered, bytes) else tampered.written())
    assert not report.holds
    return "\n".join(messages(report))


def place(tampered: Tampered, seq: int) -> str:
    return f"stream {tampered.of('stream')[0]['stream']} entry {seq}"


def test_the_bundle_is_good_before_anybody_touches_it(bundle: Tampered, period: Tampered) -> None:
    assert messages(check(bundle.written())) == []
    assert messages(check(period.written())) == []


def test_resealing_with_the_true_key_is_what_only_its_holder_can_do(bundle: Tampered) -> None:
    bundle.reseal()

    assert messages(check(bundle.written())) == []


def backdate(entry: dict[str, object]) -> None:
    entry["at"] = "2020-01-01T00:00:00.000000Z"


def test_edited_entry_is_named_with_the_one_behind_it(bundle: Tampered) -> None:
    bundle.edit(4, backdate)

    text = found(bundle)

    assert f"{place(bundle, 4)}, line" in text
    assert "is not the one that was sealed" in text
    assert f"{place(bundle, 5)}, line" in text
    assert "does not follow entry 4" in text
    assert place(bundle, 3) not in text


def test_edit_with_its_hash_fixed_is_named(bundle: Tampered) -> None:
    bundle.edit(4, backdate)
    bundle.rechain(upto=5)

    sealed = [line for line in found(bundle).splitlines() if "was sealed" in line]

    assert [line.split(",")[0] for line in sealed] == [place(bundle, 4), place(bundle, 5)]


def test_rebuilt_chain_is_named_from_the_edit_on(bundle: Tampered) -> None:
    bundle.edit(4, backdate)
    bundle.rechain()

    lines = found(bundle).splitlines()

    assert [line.split(",")[0] for line in lines] == [place(bundle, seq) for seq in range(4, len(bundle.own()) + 1)]


def test_rebuilt_tree_has_no_signature(bundle: Tampered) -> None:
    signed = bundle.of("checkpoint")[0]["note"].partition("\n\n")[2]
    bundle.edit(4, backdate)
    bundle.rechain()
    bundle.reseal()
    note = bundle.of("checkpoint")[0]
    note["note"] = note["note"].partition("\n\n")[0] + "\n\n" + signed

    assert "line 2: the checkpoint was changed after ledger.example.org signed it" in found(bundle)


def test_another_key_of_the_same_name_is_refused(bundle: Tampered) -> None:
    bundle.edit(4, backdate)
    bundle.rechain()
    bundle.reseal(MALLORY)

    assert "line 2: the checkpoint is not signed by a key that was given to this check" in found(bundle)


def test_other_log_of_the_same_key_is_refused(bundle: Tampered) -> None:
    bundle.reseal(origin="other.example.org")

    assert "line 2: the checkpoint is of another log: other.example.org" in found(bundle)


def test_checkpoint_of_another_bundle_does_not_fit(bundle: Tampered) -> None:
    other = Checkpoint(origin=SIGNER.name, size=9, root=bytes(32)).signed(SIGNER)
    bundle.of("checkpoint")[0]["note"] = str(other)

    assert "its proof does not lead to the checkpoint" in found(bundle)


def test_stripped_signature_is_refused(bundle: Tampered) -> None:
    note = bundle.of("checkpoint")[0]
    note["note"] = note["note"].partition("\n\n")[0] + "\n"

    assert "line 2: the checkpoint is not signed" in found(bundle)


def test_bundle_without_checkpoint_is_refused(bundle: Tampered) -> None:
    bundle.remove(bundle.of("checkpoint")[0])

    assert "nothing in it is signed" in found(bundle)


def test_dropped_tail_is_seen(bundle: Tampered) -> None:
    many = len(bundle.own())
    bundle.remove(bundle.own()[-1])
    assert f"the stream has {many - 1} entries here and says it has {many}" in found(bundle)
    bundle.recount()

    assert f"no closing entry: it is known up to entry {many - 1}, and nothing shows that none follows" in found(bundle)


def test_dropped_entry_leaves_a_gap(bundle: Tampered) -> None:
    bundle.remove(bundle.own()[3])
    bundle.recount()

    assert "entry 4 is missing: entry 5 follows entry 3" in found(bundle)


def test_dropped_and_renumbered_is_seen_from_there_on(bundle: Tampered) -> None:
    bundle.remove(bundle.own()[3])
    bundle.recount()
    bundle.renumber()
    bundle.rechain()

    text = found(bundle)

    assert f"{place(bundle, 4)}, line" in text
    assert "is not the one that was sealed" in text


def test_reordered_entries_are_seen(bundle: Tampered) -> None:
    first, second = bundle.own()[3:5]
    here, there = bundle.records.index(first), bundle.records.index(second)
    bundle.records[here], bundle.records[there] = second, first

    text = found(bundle)

    assert "entry 4 is missing: entry 5 follows entry 3" in text
    assert "entries are out of order, or twice: entry 4 follows entry 5" in text


def test_repeated_entry_is_seen(bundle: Tampered) -> None:
    entry = bundle.own()[3]
    bundle.records.insert(bundle.records.index(entry), dict(entry))

    text = found(bundle)

    assert "entries are out of order, or twice" in text
    assert "is given twice" in text


def test_operator_who_holds_the_key_cannot_make_totals_lie(bundle: Tampered) -> None:
    bundle.edit(len(bundle.own()), lambda entry: entry["totals"].update(actions=1, tool_calls=0))
    bundle.rechain()
    bundle.reseal()

    text = found(bundle)

    assert f"{place(bundle, len(bundle.own()))}, line" in text
    assert "says actions 1, and the entries add up to" in text


def test_operator_who_holds_the_key_cannot_drop_an_action(bundle: Tampered) -> None:
    bundle.remove(bundle.own()[2])
    bundle.recount()
    bundle.renumber()
    bundle.rechain()
    bundle.reseal()

    assert "and the entries add up to" in found(bundle)


def test_unknown_versions_are_refused(bundle: Tampered) -> None:
    bundle.edit(2, lambda entry: entry.update(v=2))
    assert "the entry is of an unknown version (2)" in found(bundle)

    bundle.records[0]["format"] = "waxell-bundle/2"
    assert "line 1: this is not a bundle of a version that is known here" in found(bundle)


PADDINGS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "bytes behind the end": (lambda raw: raw + b"x", "something follows the end"),
    "an empty line behind the end": (lambda raw: raw + b"\n", "something follows the end"),
    "the whole twice": (lambda raw: raw + raw, "something follows the end"),
    "cut in a line": (lambda raw: raw[:-20], "the line is cut off"),
    "cut at a line": (lambda raw: raw[: raw.rindex(b"\n", 0, -1) + 1], "it was cut off"),
    "nothing": (lambda raw: b"", "the bundle is empty"),
    "a space": (lambda raw: raw.replace(b'"kind":"state"', b'"kind": "state"'), "is not in canonical form"),
    "an escape": (lambda raw: raw.replace(b'"kind":"state"', b'"kind":"st\\u0061te"'), "is not in canonical form"),
    "a key twice": (
        lambda raw: raw.replace(b'"kind":"state"', b'"kind":"state","kind":"state"'),
        "has the member 'kind' twice",
    ),
    "carriage returns": (lambda raw: raw.replace(b"\n", b"\r\n"), "is not in canonical form"),
    "a byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, "line 1: the line is not JSON"),
    "not UTF-8": (lambda raw: raw.replace(b'"kind":"state"', b'"kind":"\xff"'), "is not UTF-8"),
    "a zip": (lambda raw: b"PK\x03\x04" + raw, "line 1: the line is not"),
}


@pytest.mark.parametrize("name", PADDINGS)
def test_padded_and_cut_files_are_refused(bundle: Tampered, name: str) -> None:
    change, reason = PADDINGS[name]

    assert reason in found(change(bundle.written()))


def add(record: dict[str, object]) -> Change:
    return lambda tampered: tampered.records.insert(1, record)


SHAPES: dict[str, tuple[Change, str]] = {
    "unknown line": (add({"kind": "advert", "text": "buy"}), "line 2: a line of an unknown kind"),
    "second beginning": (lambda it: it.records.insert(1, it.records[0]), "line 2: a line of kind bundle is out"),
    "unknown member": (lambda it: it.of("state")[0].update(more=1), "has what no such line has: more"),
    "missing member": (lambda it: it.of("entry")[0].pop("index"), "lacks index"),
    "wrong type": (lambda it: it.of("entry")[0].update(index="7"), "index is not what it should be"),
    "negative": (lambda it: it.of("entry")[0].update(index=-1), "index is not what it should be"),
    "no proof": (lambda it: it.of("entry")[0].pop("path"), "comes without a proof that it was sealed"),
    "stream twice": (lambda it: it.records.append(dict(it.of("stream")[0])), "the stream is given twice"),
    "log unknown": (lambda it: it.of("entry")[0].update(log=2), "no checkpoint of log 2 covers the entry"),
    "state twice": (lambda it: it.records.insert(2, it.of("state")[0]), "the state is given twice"),
    "foreign project": (
        lambda it: it.of("bundle")[0]["scope"].update(project="01970000-0000-7000-8000-000000000000"),
        "is of another project than the bundle's",
    ),
    "foreign execution": (
        lambda it: it.of("bundle")[0]["scope"].update(execution="01970000-0000-7000-8000-000000000000"),
        "is not in its own bundle",
    ),
    "excerpt of an execution": (lambda it: it.of("stream")[0].update(part="excerpt"), "is not given whole"),
    "lines of a period": (
        add({"kind": "hidden", "log": 1, "first": 0, "digests": []}),
        "a line of kind checkpoint is out of its order",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_misshapen_bundles_are_refused(bundle: Tampered, name: str) -> None:
    change, reason = SHAPES[name]
    change(bundle)

    assert reason in found(bundle)


def payload(tampered: Tampered, name: str) -> dict[str, object]:
    return next(entry["payloads"][name] for entry in tampered.own() if name in entry["payloads"])


def swap(tampered: Tampered) -> None:
    first, second = [entry["payloads"] for entry in tampered.own() if "result" in entry["payloads"]][:2]
    first["result"], second["result"] = second["result"], first["result"]


CONTENTS: dict[str, tuple[Change, str]] = {
    "edited": (lambda it: payload(it, "input").update(text="{}"), "the payload input is not the one"),
    "swapped": (swap, "the payload result is not the one that the entry commits to"),
    "other salt": (lambda it: payload(it, "input").update(salt="A" * 22 + "=="), "the payload input is not the one"),
    "dropped": (lambda it: it.own()[0]["payloads"].clear(), "the payload input is missing, and no entry says"),
    "said missing": (lambda it: it.own()[0].update(payloads={"input": {"missing": True}}), "input is missing"),
    "added": (lambda it: it.own()[1]["payloads"].update(note={"withheld": True}), "a payload note is here that"),
    "said erased": (
        lambda it: it.own()[0].update(
            payloads={"input": {"erased": {"stream": it.of("stream")[-2]["stream"], "seq": 1}}}
        ),
        "is said to be erased by entry 1 of stream",
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_payloads_that_are_not_the_ones_are_refused(bundle: Tampered, name: str) -> None:
    change, reason = CONTENTS[name]
    change(bundle)

    assert reason in found(bundle)


RULES: dict[str, tuple[Change, str]] = {
    "policy edited": (
        lambda it: it.of("policy")[0].update(text="permit (principal, action, resource);"),
        "is not the one",
    ),
    "policy dropped": (lambda it: it.remove(it.of("policy")[0]), "is not in the bundle"),
    "policy added": (
        lambda it: it.records.insert(
            it.records.index(it.of("policy")[0]), {"kind": "policy", "digest": "x", "text": ""}
        ),
        "it was put in",
    ),
    "state dropped": (lambda it: it.remove(it.of("state")[0]), "that the entry names is not in the bundle"),
    "state edited": (
        lambda it: it.of("state")[0].update(manifest=it.of("state")[0]["manifest"].replace("1000", "9000")),
        "the governance state is not the one that",
    ),
    "publications dropped": (
        lambda it: [it.remove(record) for record in it.of("entry") if '"published"' in record["body"]],
        "no entry of the bundle publishes the governance state",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_that_are_not_the_ones_are_refused(bundle: Tampered, name: str) -> None:
    change, reason = RULES[name]
    change(bundle)

    assert reason in found(bundle)


def test_older_checkpoints_show_a_rollback_and_a_rewriting(bundle: Tampered) -> None:
    raw = bundle.written()
    newer = Checkpoint(origin=SIGNER.name, size=10_000, root=bytes(32)).signed(SIGNER)
    forked = Checkpoint(origin=SIGNER.name, size=5, root=bytes(32)).signed(SIGNER)
    forged = Checkpoint(origin=SIGNER.name, size=5, root=bytes(32)).signed(MALLORY)

    def against(note: object) -> str:
        old = verify_bundle.Checkpoint.parse(str(note))
        return "\n".join(messages(check(raw, checkpoints=[("monday", old)])))

    assert "the log was rolled back" in against(newer)
    assert "does not show that its log continues the checkpoint monday" in against(forked)
    assert "the checkpoint monday is not signed by a key" in against(forged)


def test_forked_history_does_not_continue_an_old_checkpoint() -> None:
    raw = (GOLDEN / "continued.bundle").read_bytes()
    honest = verify_bundle.Checkpoint.parse(Tampered.read(GOLDEN / "continued.bundle").of("checkpoint")[1]["note"])
    forked = Checkpoint(origin=SIGNER.name, size=honest.size, root=bytes(32)).signed(SIGNER)

    good = check(raw, checkpoints=[("monday", honest)])
    bad = check(raw, checkpoints=[("monday", verify_bundle.Checkpoint.parse(str(forked)))])

    assert messages(good) == []
    assert messages(bad) == ["the bundle's log does not continue the checkpoint monday: the history was rewritten"]


def test_execution_left_out_of_a_period_is_found(period: Tampered) -> None:
    stream = period.of("stream")[2]
    here = period.records.index(stream)
    indexes = [record["index"] for record in period.records[here + 1 : here + 1 + stream["entries"]]]
    del period.records[here : here + 1 + stream["entries"]]

    text = found(period)

    assert indexes
    assert all(f"leaf {index} of log 1 is left out" in text for index in indexes)


def test_execution_cannot_hide_in_a_bundle_that_says_it_hides_nothing(period: Tampered) -> None:
    place = period.records.index(period.of("range")[0]) + 1
    period.records.insert(place, {"kind": "hidden", "log": 1, "first": 3, "digests": ["A" * 43 + "="]})

    assert "the hidden leaves are in a bundle that says it hides nothing" in found(period)


def test_narrowed_period_is_found(period: Tampered) -> None:
    period.of("range")[0]["start"] += 8

    text = found(period)

    assert "is of the period and its leaf is outside of its ranges" in text
    assert "the leaves of the period are not those that were sealed" in text


def test_range_larger_than_its_file_takes_no_memory(period: Tampered) -> None:
    period.of("range")[0]["end"] = 2**53 - 1

    assert "claims more leaves than a file of this size can hold" in found(period)


@pytest.mark.parametrize("name", ["completed", "late", "period-of-one-project", "continued"])
def test_no_changed_byte_goes_unnoticed(name: str) -> None:
    tampered = Tampered.read(GOLDEN / f"{name}.bundle")
    raw = tampered.written()
    # The first line is nobody's word: when the bundle was made, and of what it claims to be one.
    start, end = raw.index(b"\n") + 1, raw.rindex(b"\n", 0, -1) + 1
    unnoticed = []
    for position in range(start, end, max(1, (end - start) // 400)):
        for flip in (0x01, 0x20):
            body = raw[:position] + bytes([raw[position] ^ flip]) + raw[position + 1 : end]
            if check(with_end(body)).holds:
                unnoticed.append((position, raw[position - 20 : position + 20]))

    assert unnoticed == []


def with_end(body: bytes) -> bytes:
    """The lines with an end that agrees with them, however many they have become."""
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    return body + canonical.encode({"kind": "end", "lines": body.count(b"\n") + 1, "digest": digest}) + b"\n"
