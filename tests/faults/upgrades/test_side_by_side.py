"""Old and new web processes side by side on a database that the release before made; its bundles verify."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from executions.domain.replaying import Outcome
from executions.models import Execution
from executions.queries.bundles.replaying import replay_bundle
from executions.queries.invariants import check_invariants
from tests.factories.executions import lines
from tests.factories.sealing import SIGNER, bundle_of, check, messages
from tests.faults.upgrades.conftest import Upgrade
from tests.faults.upgrades.release import BUNDLE
from waxell.ledger.models import Checkpoint, SealQueueItem, Stream
from waxell.ledger.verifier import verify_bundle

pytestmark = pytest.mark.process


def of_label(number: int) -> Execution:
    """An execution that the release before began, by the label it was given."""
    return Execution.objects.get(project__slug="first", labels={"n": str(number)})


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_old_process_is_answered_before_during_and_after(upgrade: Upgrade) -> None:
    states = {number: of_label(number).state for number in range(1, 6)}

    assert upgrade.old.said > 300
    assert states == {1: "completed", 2: "halted", 3: "completed", 4: "completed", 5: "halted"}
    types = [entry["type"] for entry in lines(of_label(4).pk)]
    assert types.count("action.decided") == 10
    assert types[-1] == "execution.closed"
    assert Stream.objects.filter(subject=of_label(4).pk).count() == 1


def test_new_process_works_beside_the_old_one_and_after_it(upgrade: Upgrade) -> None:
    assert upgrade.new.state == "completed"
    assert [entry["type"] for entry in upgrade.new.entries].count("action.decided") == 6
    assert upgrade.continued.state == "completed"
    assert len(upgrade.continued.entries) == 5


def test_nothing_that_the_old_process_uses_is_taken_from_it(upgrade: Upgrade) -> None:
    before, after = upgrade.before, upgrade.after

    assert {name: kind for name, kind in before.columns.items() if after.columns.get(name) != kind} == {}
    assert before.rights - after.rights == set()
    tables = {name.partition(".")[0] for name in before.columns}
    # A new column of a table that the old process fills has a default, or may stay empty.
    assert {name for name in after.required - before.required if name.partition(".")[0] in tables} == set()


def test_every_invariant_holds(upgrade: Upgrade) -> None:
    assert [str(violation) for violation in check_invariants()] == []


def test_database_verifies_under_the_old_key(upgrade: Upgrade, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text(Checkpoint.objects.earliest("size").note)

    said = told("verify", "--key", str(SIGNER.verifier), "--checkpoint", str(old), "--unpublished")

    assert "Everything holds." in said
    assert SealQueueItem.objects.count() == 0
    assert Checkpoint.objects.count() == 2


def test_old_bundle_verifies_offline(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{SIGNER.verifier}\n")

    command = [sys.executable, "-I", verify_bundle.__file__, str(BUNDLE), "--key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_new_bundle_of_an_old_execution_verifies_and_continues_the_old_log(upgrade: Upgrade) -> None:
    first = Checkpoint.objects.earliest("size")
    old = verify_bundle.Checkpoint.parse(first.note)

    for number in range(1, 7):
        report = check(bundle_of(of_label(number), continues=[first.size]), checkpoints=[("before", old)])
        assert messages(report) == []


def test_entries_of_the_old_bundle_are_in_the_new_one(upgrade: Upgrade) -> None:
    def bodies(bundle: bytes) -> list[str]:
        records = (json.loads(line) for line in bundle.splitlines())
        return [record["body"] for record in records if record["kind"] == "entry"]

    assert set(bodies(BUNDLE.read_bytes())) <= set(bodies(bundle_of(of_label(1))))


def test_decisions_of_both_replay_to_the_same_bytes(upgrade: Upgrade) -> None:
    said = told("replay", "--since", "2020-01-01T00:00:00Z")
    with BUNDLE.open("rb") as file:
        outcomes = {one.replay.outcome for one in replay_bundle(file)}

    assert ", 0 different, 0 whose facts are gone." in said
    assert int(said.partition(" ")[0]) > 25
    assert outcomes == {Outcome.SAME}
