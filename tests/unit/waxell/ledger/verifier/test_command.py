"""The command as an auditor types it."""

import json
from pathlib import Path

import pytest

from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.verifier.verify_bundle import main

GOLDEN = Path(__file__).parents[4] / "golden"
KEY = str(SigningKey(name="ledger.example.org", seed=bytes(range(32))).verifier)


@pytest.fixture
def bundle() -> str:
    return str(GOLDEN / "completed.bundle")


def test_good_bundle_ends_with_0(bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")

    assert main([bundle, "--key", KEY]) == 0
    assert main([bundle, "--key", str(tmp_path / "key")]) == 0
    assert "EVERYTHING HOLDS." in capsys.readouterr().out


def test_answer_as_json(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([bundle, "--key", KEY, "--json"])

    answer = json.loads(capsys.readouterr().out)
    assert (answer["holds"], answer["faults"], answer["checked"]["closed"]) == (True, [], 1)


def test_bad_bundle_ends_with_1_and_says_where(bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad"
    path.write_bytes(Path(bundle).read_bytes().replace(b"bob", b"bib"))

    assert main([str(path), "--key", KEY, "--json"]) == 1
    first = json.loads(capsys.readouterr().out)["faults"][0]
    assert (set(first), first["entry"]) == ({"message", "line", "stream", "entry"}, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere", "--key", KEY],
        ["{bundle}", "--key", "nonsense"],
        ["{bundle}", "--key", KEY, "--checkpoint", "{bundle}"],
    ],
)
def test_what_cannot_be_read_ends_with_2(bundle: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument.format(bundle=bundle) for argument in arguments]) == 2
    assert capsys.readouterr().err.startswith("Nothing was checked: ")


def test_unfinished_record_must_be_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    live = str(GOLDEN / "live.bundle")

    assert main([live, "--key", KEY]) == 1
    assert main([live, "--key", KEY, "--unfinished"]) == 0


def test_hidden_leaves_can_be_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOLDEN / "period-of-one-project.bundle"), "--key", KEY, "--nothing-hidden"]) == 1
    assert main([str(GOLDEN / "period.bundle"), "--key", KEY, "--nothing-hidden"]) == 0


def test_missing_witness_is_a_fault(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([bundle, "--key", KEY, "--witness", KEY]) == 0
    other = str(SigningKey(name="witness.example.org", seed=bytes(32)).verifier)

    assert main([bundle, "--key", KEY, "--witness", other]) == 1
    assert "no checkpoint of the bundle is cosigned by the witness witness.example.org" in capsys.readouterr().out


def test_nothing_in_a_bundle_moves_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad"
    escape = '{"\\u001b[2J":1,"format":"waxell-bundle/1","kind":"bundle","made_at":"x","scope":{}}\n'
    path.write_text(escape)

    assert main([str(path), "--key", KEY]) == 1
    assert "\x1b" not in capsys.readouterr().out
