"""C3 and C4: a superuser rewrites what lies in the database; `verify` and the next bundle name each change."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from governance.domain.actors import Actor
from governance.models import Project
from governance.services.recording import record
from tests.factories.executions import Run, start
from tests.factories.sealing import SIGNER, Seal, bundle_of, check, messages
from tests.faults.bundles.conftest import Rewrite, verified
from tests.plugin.server import TestServer
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.ledger.queries import checkpoints
from waxell.ledger.queries.proofs import NotSealed
from waxell.ledger.services import logs

MALLORY = SigningKey(name=SIGNER.name, seed=bytes(32))


def test_untouched_database_verifies(run: Run) -> None:
    out = io.StringIO()

    call_command("verify", "--key", str(SIGNER.verifier), stdout=out)

    assert "Everything holds." in out.getvalue()


def test_edited_entry_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite(
        "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), 'search', 'google'), 'UTF8')"
        " WHERE stream = %s AND seq = 2",
        run.id,
    )
    rewrite("UPDATE ledger_entry SET digest = sha256(body) WHERE stream = %s AND seq = 2", run.id)

    assert f"stream {run.id} entry 2: the entry is not the one that was sealed as leaf" in verified()
    assert f"stream {run.id} entry 2" in "\n".join(messages(check(bundle_of(run.row))))


def test_deleted_entry_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite("DELETE FROM ledger_entry WHERE stream = %s AND seq = 2", run.id)

    assert f"stream {run.id} entry 2: the entry was sealed as leaf" in verified()
    assert "entry 2 is missing: entry 3 follows entry 1" in "\n".join(messages(check(bundle_of(run.row))))


def test_entry_put_in_behind_the_gate_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite(
        "INSERT INTO ledger_entry SELECT project_id, stream, 99, sha256('x'), body, type, verdict, state, about, cites,"
        " decided_at FROM ledger_entry WHERE stream = %s AND seq = 2",
        run.id,
    )

    assert f"stream {run.id} entry 99" in verified()


def test_swapped_payload_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite("UPDATE ledger_payload SET content = 'bye' WHERE stream = %s AND name = 'input'", run.id)

    assert f"stream {run.id} entry 1: the payload input is not what the entry commits to" in verified()
    assert "the payload input is not the one that the entry commits to" in "\n".join(
        messages(check(bundle_of(run.row)))
    )


def test_deleted_payload_is_missing_and_not_erased(run: Run, rewrite: Rewrite) -> None:
    rewrite("DELETE FROM ledger_payload WHERE stream = %s AND name = 'input'", run.id)

    assert "the payload input is missing, and no entry says that it was erased" in "\n".join(
        messages(check(bundle_of(run.row)))
    )


def test_rewritten_policy_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite("UPDATE governance_policyversion SET text = text || ' // more'")

    assert "the policy's text is not the one that" in "\n".join(messages(check(bundle_of(run.row))))


def test_tree_signed_again_with_another_key_is_named(run: Run, rewrite: Rewrite) -> None:
    log = Checkpoint(origin=SIGNER.name, size=1, root=bytes(32))
    rewrite("UPDATE ledger_checkpoint SET root = %s, note = %s", bytes(32), str(log.signed(MALLORY)))
    rewrite("UPDATE ledger_key SET vkey = %s", str(MALLORY.verifier))

    told = verified("--key", str(SIGNER.verifier))

    assert "its note does not hold: No known key has signed this note." in told
    assert "the leaves give another root than it" in told


def test_cut_tail_of_the_tree_is_named(run: Run, rewrite: Rewrite) -> None:
    rewrite("DELETE FROM ledger_leaf WHERE index >= (SELECT max(index) FROM ledger_leaf)")

    assert "it commits to more leaves than the" in verified()


def test_database_behind_a_checkpoint_kept_elsewhere_was_rolled_back(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "monday"
    kept.write_text(str(Checkpoint(origin=SIGNER.name, size=1000, root=bytes(32)).signed(SIGNER)))
    forked = tmp_path / "tuesday"
    forked.write_text(str(Checkpoint(origin=SIGNER.name, size=2, root=bytes(32)).signed(SIGNER)))

    told = verified("--checkpoint", str(kept), "--checkpoint", str(forked))

    assert "the ledger was rolled back" in told
    assert "it commits to another history than the one that is here" in told


def test_erased_payload_is_told_from_a_missing_one(run: Run, rewrite: Rewrite, seal: Seal) -> None:
    project = run.row.project_id
    erased = [{"stream": str(run.id), "seq": 1, "name": "input"}, {"stream": str(run.id), "seq": 2, "name": "args"}]
    receipt = record(project_id=project, actor=Actor(system="test"), type="payloads.erased", members={"erased": erased})
    rewrite("DELETE FROM ledger_payload WHERE stream = %s", run.id)
    with pytest.raises(NotSealed):
        bundle_of(run.row)
    seal()

    report = check(bundle_of(run.row))

    by = f"was erased, by entry {receipt.seq} of stream {project}"
    assert [note.message for note in report.notes] == [f"the payload input {by}", f"the payload args {by}"]
    (missing,) = messages(report)
    assert missing.startswith(f"stream {run.id} entry 3, line ")
    assert missing.endswith(": the payload args is missing, and no entry says that it was erased")


def test_record_that_began_before_a_recovery_is_proved_in_both_logs(
    project: Project, seal: Seal, database_server: TestServer
) -> None:
    begun = start(project)
    seal()
    database_server.become("sealer")
    newest = checkpoints.newest()
    assert newest is not None
    lost = logs.Lost(origin=SIGNER.name, size=newest.size, root=bytes(newest.root), note=newest.note, missing={})
    logs.open_log(SIGNER, previous=lost)
    database_server.become("app")
    begun.close()
    seal()

    report = check(bundle_of(begun.row))

    assert messages(report) == []
    assert [head["origin"] for head in report.summary["checkpoints"]] == [SIGNER.name, f"{SIGNER.name}/2"]
    assert any("log 2 goes on where log 1 had" in note.message for note in report.notes)
