"""Bundles that Waxell once wrote verify and replay, whatever the code has become."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest

from executions.domain.replaying import Outcome
from executions.queries.bundles.replaying import replay_bundle
from tests.factories.sealing import check, messages
from tests.factories.tampering import Tampered

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())
BUNDLES = sorted(HERE.glob("*.bundle"), key=lambda path: path.stem)


def test_every_bundle_is_expected() -> None:
    assert [path.stem for path in BUNDLES] == sorted(EXPECTED)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_golden_bundle_verifies(path: Path) -> None:
    report = check(path.read_bytes(), unfinished=path.stem == "live")

    assert messages(report) == []
    assert {name: report.summary[name] for name in EXPECTED[path.stem]} == EXPECTED[path.stem]


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_golden_bundle_replays(path: Path) -> None:
    with path.open("rb") as file:
        replays = list(replay_bundle(file))

    outcomes = Counter(one.replay.outcome for one in replays)
    assert [one for one in replays if one.replay.outcome is Outcome.DIFFERENT] == []
    assert outcomes[Outcome.SAME] > 0
    assert bool(outcomes[Outcome.ERASED]) == (path.stem == "withheld")


def test_replaying_notices_another_verdict() -> None:
    bundle = Tampered.read(HERE / "halted-by-rule.bundle")
    bundle.edit(2, lambda entry: entry["decision"].update(verdict="allow"))

    replays = list(replay_bundle(io.BytesIO(bundle.written())))

    assert [(one.seq, one.replay.detail) for one in replays if one.replay.outcome is Outcome.DIFFERENT] == [
        (2, "the same facts now give another decision")
    ]
