"""The sealer and a witness in a process of its own: cosignatures everywhere, and no rollback unnoticed."""

import io
import shutil
import time
from pathlib import Path
from typing import Any

import aics_tlog
import pytest
from django.core.management import call_command
from django.test import Client

from executions.queries.bundles import write_execution
from governance.models import Project
from tests.factories.executions import start
from tests.factories.sealing import MADE_AT, messages
from tests.sealing.ground import MANAGE, Ground, write, written
from tests.sealing.restored import back_up, restored
from tests.witness.process import Running, Watcher
from waxell.ledger.domain.cosignatures import CosigningKey
from waxell.ledger.models import Checkpoint, Cosignature, Log, Witness
from waxell.ledger.queries import checkpoints, cosignatures, observations, proofs, trees
from waxell.ledger.services import verifying
from waxell.ledger.services.witnessing import WitnessAlarm, WitnessRound
from waxell.ledger.verifier import verify_bundle
from waxell.ledger.verifier.verify_bundle import Key


def seal(ground: Ground) -> None:
    """Seal, have it cosigned, and publish that: what `seal --once` does."""
    with ground.as_sealer():
        rounds = ground.round()
        while rounds.perform():
            pass
        rounds.witnesses.perform()
        rounds.perform()


def accepted_by_others(note: str, watcher: Watcher) -> int:
    """Up to which size an independent C2SP reader finds the log's and the witness's signature under a note."""
    parsed = aics_tlog.parse_note(note)
    said = aics_tlog.parse_checkpoint(parsed.text)
    key = aics_tlog.parse_vkey(str(watcher.key))
    (line,) = [one for one in parsed.signatures if one.key_id == key.key_id]
    assert aics_tlog.verify_cosignature(line.signature, key.name, key.public_key, said.origin, said.size, said.root)
    return int(said.size)


def test_what_is_cosigned_is_published_proved_and_bundled(
    ground: Ground, project: Project, running: Running, watcher: Watcher, tmp_path: Path
) -> None:
    run = start(project)
    run.close()
    seal(ground)
    newest = Checkpoint.objects.get()

    for name in ("checkpoint", f"checkpoints/{newest.size}", "witnessed"):
        assert accepted_by_others((ground.published / "logs/1" / name).read_text(), watcher) == newest.size
    assert accepted_by_others(proofs.prove(run.id, 1).checkpoint, watcher) == newest.size
    assert cosignatures.witnessed_size(1) == newest.size
    assert cosignatures.is_witnessed(run.id, 1)
    assert not Cosignature.objects.filter(published_at=None).exists()
    assert observations.look_at_witnesses().holds

    key = Key.parse(str(ground.keys.current().verifier))
    theirs = Key.parse(str(watcher.key))
    report = verify_bundle.verify(io.BytesIO(bundle_of(run)), keys=[key], witnesses=[theirs])
    assert messages(report) == []
    assert report.summary["witnesses"] == ["witness.test"]
    assert [seen["size"] for seen in report.summary["cosignatures"]] == [newest.size]

    kept = tmp_path / "kept.bundle"
    kept.write_bytes(bundle_of(run))
    own = str(ground.keys.current().verifier)
    assert verifying.check(kept, keys=own, witnesses=str(watcher.key)).summary["witnesses"] == ["witness.test"]


def bundle_of(run: Any) -> bytes:
    file = io.BytesIO()
    run.row.refresh_from_db()
    write_execution(file, run.row, contents=True, made_at=MADE_AT)
    return file.getvalue()


def test_a_cosignature_of_yesterday_does_not_vouch_for_today(
    ground: Ground, project: Project, running: Running, watcher: Watcher, settings: Any
) -> None:
    first = start(project)
    first.close()
    seal(ground)
    settings.WAXELL_WITNESSES = []
    second = start(project)
    second.close()
    seal(ground)
    key, theirs = Key.parse(str(ground.keys.current().verifier)), Key.parse(str(watcher.key))

    def against(run: Any) -> list[str]:
        return messages(verify_bundle.verify(io.BytesIO(bundle_of(run)), keys=[key], witnesses=[theirs]))

    assert against(first) == []
    (fault,) = against(second)
    assert "it has not seen all of them" in fault
    assert not cosignatures.is_witnessed(second.id, 1)


def test_a_bundle_without_a_cosignature_fails_where_one_is_asked_for(
    ground: Ground, project: Project, watcher: Watcher
) -> None:
    run = start(project)
    run.close()
    seal(ground)

    report = verify_bundle.verify(
        io.BytesIO(bundle_of(run)),
        keys=[Key.parse(str(ground.keys.current().verifier))],
        witnesses=[Key.parse(str(watcher.key))],
    )

    assert messages(report) == ["no checkpoint of the bundle is cosigned by the witness witness.test"]


def test_a_rollback_of_database_and_publication_together_is_noticed(
    ground: Ground, project: Project, running: Running, watcher: Watcher
) -> None:
    """Nothing on this machine remembers; the witness does."""
    run = start(project)
    run.close()
    seal(ground)
    backup = back_up(ground)
    shutil.copytree(ground.published, ground.path / "published then")
    write(project.pk, project.pk, 40)
    seal(ground)
    witnessed = Checkpoint.objects.order_by("-size")[0].size
    shutil.rmtree(ground.published)
    shutil.copytree(ground.path / "published then", ground.published)

    with restored(ground, backup) as told:
        assert "Nothing that was published is missing" in told
        write(project.pk, project.pk)
        with pytest.raises(WitnessAlarm, match=f"it cosigned {witnessed} leaves"):
            seal(ground)
        assert Checkpoint.objects.count() == 1
        assert [alarm.name for alarm in cosignatures.alarms()] == ["witness.test"]
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert "it was rolled back or rewritten" in answer.content.decode()
        gauges = {gauge.name: gauge.values for gauge in observations.witness_gauges()}
        assert gauges["waxell_witness_alarm"] == {("witness.test",): 1.0}

        out = io.StringIO()
        with ground.as_sealer():
            call_command("recover", "--yes", stdout=out)
        assert f"{witnessed} leaves (the witness witness.test)" in out.getvalue()
        seal(ground)

        assert Log.objects.order_by("-number")[0].origin == "ledger.test/2"
        assert observations.look_at_sealing().holds
        assert observations.look_at_witnesses().holds
        assert cosignatures.witnessed_size(2) > 0


def test_a_log_that_was_sealed_on_from_an_old_copy_contradicts_the_witness(
    ground: Ground, project: Project, running: Running, watcher: Watcher, settings: Any
) -> None:
    start(project).close()
    seal(ground)
    backup = back_up(ground)
    shutil.copytree(ground.published, ground.path / "published then")
    write(project.pk, project.pk, 5)
    seal(ground)
    shutil.rmtree(ground.published)
    shutil.copytree(ground.path / "published then", ground.published)

    with restored(ground, backup):
        asked, settings.WAXELL_WITNESSES = settings.WAXELL_WITNESSES, []
        write(project.pk, project.pk, 50)
        seal(ground)
        settings.WAXELL_WITNESSES = asked
        with pytest.raises(WitnessAlarm, match="does not lead to"):
            seal(ground)
        kept = list((watcher.path / "logs").rglob("refused/*"))
        assert len(kept) == 1
        assert aics_tlog.verify_note(
            aics_tlog.parse_note(kept[0].read_text()), [aics_tlog.parse_vkey(str(ground.keys.current().verifier))]
        )


def test_a_witness_that_is_away_or_refuses_stops_nothing(
    ground: Ground, project: Project, running: Running, watcher: Watcher, settings: Any
) -> None:
    stranger = Watcher.make(ground.path / "stranger", name="stranger.test")
    settings.WAXELL_WITNESSES = [
        f"http://127.0.0.1:9 {watcher.key}",
        f"{running.url} {stranger.key}",
    ]
    write(project.pk, project.pk, 3)

    seal(ground)

    found = observations.look_at_witnesses()
    assert (found.holds, found.fails) == (False, False)
    states = dict(Witness.objects.values_list("name", "state"))
    assert states == {"witness.test": "unreachable", "stranger.test": "refusing"}
    assert observations.look_at_sealing().holds
    assert Cosignature.objects.count() == 0


def test_a_witness_that_is_not_asked_any_more_is_retired(
    ground: Ground, project: Project, running: Running, settings: Any
) -> None:
    seal(ground)
    settings.WAXELL_WITNESSES = []
    seal(ground)

    assert list(cosignatures.witnesses()) == []
    assert Witness.objects.get().state == Witness.State.RETIRED


def test_the_sealers_process_asks_beside_sealing(
    ground: Ground, project: Project, running: Running, watcher: Watcher
) -> None:
    sealer = ground.start(MANAGE, "seal", WAXELL_WITNESSES=watcher.setting(running), WAXELL_WITNESS_SECONDS="0.2")
    try:
        for _ in range(3):
            write(project.pk, project.pk, 5)
            until = time.monotonic() + 30
            while cosignatures.witnessed_size(1) < written():
                assert time.monotonic() < until, "nobody cosigned"
                time.sleep(0.1)
        until = time.monotonic() + 30
        while Cosignature.objects.filter(published_at=None).exists():
            assert time.monotonic() < until, "cosignatures were not published"
            time.sleep(0.1)
    finally:
        sealer.terminate()
        sealer.communicate(timeout=20)
    assert accepted_by_others((ground.published / "logs/1/checkpoint").read_text(), watcher) == written()


def test_a_witness_whose_answer_was_lost_is_asked_again(
    ground: Ground, project: Project, watcher: Watcher, settings: Any
) -> None:
    key = ground.keys.current().verifier
    with watcher.dying("kept", key) as dying:
        settings.WAXELL_WITNESSES = [watcher.setting(dying)]
        seal(ground)
    assert Witness.objects.get().state == Witness.State.UNREACHABLE
    with watcher.serving(key) as running:
        settings.WAXELL_WITNESSES = [watcher.setting(running)]
        with ground.as_sealer():
            WitnessRound().perform()

    assert Witness.objects.get().state == Witness.State.COSIGNING
    assert cosignatures.witnessed_size(1) == Checkpoint.objects.get().size


def test_cosignatures_are_evidence_for_every_role(ground: Ground, project: Project, running: Running) -> None:
    seal(ground)
    with ground.owner() as owner:
        for change in ("DELETE FROM ledger_cosignature", "UPDATE ledger_cosignature SET line = line || line"):
            with pytest.raises(Exception, match="its rows are evidence"):
                owner.execute(change)
    for role in ("app", "sealer"):
        ground.server.become(role)
        with pytest.raises(Exception, match="permission denied"):
            Cosignature.objects.all().delete()
    ground.server.become("app")
    assert Cosignature.objects.count() == 1


def test_a_touched_cosignature_is_named(ground: Ground, project: Project, running: Running) -> None:
    seal(ground)
    log, ours = Log.objects.get(), checkpoints.keys()
    assert list(trees.examine(log, ours)) == []
    stranger = CosigningKey.generate("witness.test")
    with ground.owner() as owner:
        owner.execute("ALTER TABLE ledger_cosignature DISABLE TRIGGER ledger_cosignature_append_only")
        try:
            owner.execute("UPDATE ledger_cosignature SET vkey = %s", [str(stranger.verifier)])
        finally:
            owner.execute("ALTER TABLE ledger_cosignature ENABLE ALWAYS TRIGGER ledger_cosignature_append_only")

    (fault,) = trees.examine(log, ours)

    assert fault.message == "the cosignature of witness.test is not by its key"
