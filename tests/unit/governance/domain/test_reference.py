"""Decisions beside a slow second opinion, and their bytes under other circumstances of the process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.reference.comparing import compare

ROOT: Final = Path(__file__).resolve().parents[4]
MANY: Final = int(os.environ.get("WAXELL_TEST_DECISIONS", "20000"))

PRINT_BYTES = """
from hashlib import sha256
from random import Random
from governance.domain import facts
from governance.domain.evaluation import decide
from tests.reference import samples
from waxell.lib import canonical
total = sha256()
for seed in range(20):
    random = Random(seed)
    state = samples.make_state(random)
    total.update(state.manifest)
    for _ in range(20):
        known = samples.make_facts(random)
        total.update(canonical.encode(facts.document(known)))
        total.update(canonical.encode(decide(state=state, facts=known).document()))
print(total.hexdigest())
"""

CIRCUMSTANCES: Final = {
    "as it is": {},
    "another order of sets": {"PYTHONHASHSEED": "1"},
    "yet another": {"PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "0"},
    "a Turkish locale, far east": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    "no locale, far west": {"LC_ALL": "C", "TZ": "America/Adak", "PYTHONHASHSEED": "7"},
}


def test_decisions_are_those_of_the_reference() -> None:
    verdicts = compare(MANY)

    # Each verdict is met often enough for the comparison to mean something.
    assert {verdict for verdict, times in verdicts.items() if times * 100 > MANY} == {"allow", "deny", "halt", "hold"}


def test_decisions_are_the_same_bytes_under_any_hash_seed_locale_and_zone() -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONHASHSEED", "LC_", "LANG"))}
    running = {
        name: subprocess.Popen(
            [sys.executable, "-c", PRINT_BYTES], cwd=ROOT, env={**bare, **given}, stdout=subprocess.PIPE, text=True
        )
        for name, given in CIRCUMSTANCES.items()
    }
    printed = {name: process.communicate(timeout=300)[0].strip() for name, process in running.items()}

    assert {process.returncode for process in running.values()} == {0}
    assert len(set(printed.values())) == 1, printed
    assert all(len(digest) == 64 for digest in printed.values())


def test_the_comparison_notices_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that agrees with anything would prove nothing."""
    monkeypatch.setattr("tests.reference.cedar.Asked.within", lambda asked, entity, group: entity == group)

    with pytest.raises(AssertionError, match="is not"):
        compare(2000)
