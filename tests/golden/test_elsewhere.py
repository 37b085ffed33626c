"""C9: the same bytes under another hash seed, another locale and another zone, in a process of its own each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "a fixed seed in Kathmandu": {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
    "another seed on the Line Islands": {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"},
    "no seed, west of everything": {"PYTHONHASHSEED": "0", "TZ": "Etc/GMT+12", "LC_ALL": "POSIX", "PYTHONUTF8": "0"},
}
# Prints each decision of each golden bundle, and whether the bytes derived now are those that were recorded.
PROGRAM = """
import sys
from pathlib import Path
import django
django.setup()
from executions.queries.bundles.replaying import replay_bundle
for path in sorted(Path(sys.argv[1]).glob("*.bundle")):
    with path.open("rb") as file:
        for one in replay_bundle(file):
            print(path.stem, one.execution, one.seq, one.replay.outcome)
"""


def derived(environment: dict[str, str]) -> str:
    """What a process with these settings derives from all golden bundles."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT / "tests" / "golden")],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "waxell.settings", "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def here() -> str:
    return derived({})


@pytest.mark.parametrize("place", ELSEWHERE)
def test_decisions_are_the_same_bytes_elsewhere(here: str, place: str) -> None:
    there = derived(ELSEWHERE[place])

    assert there == here
    assert there.count(" same\n") > 50
    assert "different" not in there
