"""Can it be proved? The ledger's page, and how safe each entry is said to be."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from executions.queries.ledger import Sealing
from executions.ui import ledger as page
from governance.domain.actors import Actor
from governance.models import Membership
from governance.services import rights
from tests.factories import make_person, make_project
from tests.factories.executions import start
from tests.factories.governance import owner_of
from tests.factories.sealing import SIGNER, Seal, seal
from tests.plugin.server import TestServer
from waxell.ledger.models import Sealer, Witness
from waxell.ledger.queries import checkpoints, growth, standings
from waxell.ledger.queries.growth import Point
from waxell.ledger.queries.sealing import Lag
from waxell.ledger.queries.standings import Standing
from waxell.lib.db.calls import call

__all__ = ["seal"]

NOW = timezone.now()
CALM = Lag(queued=0, seconds=0.0)


ALARM = Witness(name="witness.example.org", state="alarm", detail="size 9", log=1, vkey="w")


def said(state: str, reason: str = "", detail: str = "") -> Sealer:
    return Sealer(state=state, reason=reason, detail=detail, changed_at=NOW, seen_at=NOW)


def sign(server: TestServer, log: int, size: int) -> None:
    """Let a witness have seen a checkpoint, as the sealer notes it."""
    name, key = "witness.example.org", "witness.example.org+00000000+key"
    server.become("sealer")
    try:
        cosigned = (log, size, key, name, f"\u2014 {name} c2lnbmVk\n", NOW)
        call("SELECT ledger_cosign_v1(%s::integer, %s, %s, %s, %s, %s)", cosigned)
        call("SELECT ledger_witness_report_v1(%s::integer, %s, %s, 'cosigning', '')", (log, key, name))
    finally:
        server.become("app")


@pytest.mark.parametrize(
    ("sealing", "tone", "words"),
    [
        (Sealing(lag=CALM, said=said("sealing"), sealed_at=NOW), "success", "Everything written is sealed"),
        (Sealing(lag=CALM, said=None, sealed_at=None), "info", "Nothing is sealed yet"),
        (Sealing(lag=Lag(queued=3, seconds=0.4), said=said("sealing"), sealed_at=NOW), "success", "the last moments"),
        (Sealing(lag=Lag(queued=9, seconds=60.0), said=said("sealing"), sealed_at=NOW), "error", "Nobody seals"),
        (
            Sealing(lag=CALM, said=said("stopped", "ledger_behind", "12 of 9"), sealed_at=NOW),
            "error",
            "Signing has stopped",
        ),
        (Sealing(lag=CALM, said=said("stopped", "unheard_of"), sealed_at=NOW), "error", "Signing has stopped"),
        (Sealing(lag=CALM, said=said("sealing"), sealed_at=NOW, alarms=(ALARM,)), "error", "A witness contradicts"),
    ],
)
def test_how_sealing_does_is_told_in_a_sentence(sealing: Sealing, tone: str, words: str) -> None:
    told = page.answer(sealing)

    assert told.tone == tone
    assert words in told.title


def test_why_signing_stopped_says_what_to_do() -> None:
    told = page.answer(Sealing(lag=CALM, said=said("stopped", "ledger_behind", "12 of 9"), sealed_at=NOW))

    assert "manage.py recover" in told.text
    assert told.detail == "12 of 9"


def test_growth_is_drawn_between_the_first_seal_and_the_last() -> None:
    hour = timedelta(hours=1)
    drawn = page.chart((Point(at=NOW, size=5), Point(at=NOW + hour, size=5), Point(at=NOW + 2 * hour, size=10)))

    assert drawn is not None
    assert drawn.line == "0.0,50.0 300.0,50.0 600.0,50.0 600.0,0.0"
    assert page.chart((Point(at=NOW, size=5),)) is None


@pytest.mark.django_db(transaction=True)
def test_growth_takes_few_points_and_ends_with_the_newest(seal: Seal) -> None:
    project = make_project()
    for _ in range(5):
        start(project)
        seal()
    head = checkpoints.newest()
    assert head is not None

    points = growth.of(head)

    assert points[-1] == Point(at=head.signed_at, size=head.size)
    assert [point.size for point in points] == sorted({point.size for point in points})
    assert len(points) == 5


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_written_then_sealed(seal: Seal) -> None:
    run = start(make_project())
    assert standings.of_entries(run.id, [1]) == {1: Standing.WRITTEN}

    seal()
    run.close()

    assert standings.of_entries(run.id, [1, 2]) == {1: Standing.SEALED, 2: Standing.WRITTEN}


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_a_witness_saw_is_witnessed_elsewhere(
    seal: Seal, database_server: TestServer, client: Client
) -> None:
    project = make_project()
    run = start(project)
    seal()
    head = checkpoints.newest()
    assert head is not None
    sign(database_server, head.log, head.size)
    run.close()
    seal()

    assert standings.of_entries(run.id, [1, 2]) == {1: Standing.WITNESSED, 2: Standing.SEALED}
    client.force_login(owner_of(project))
    record = client.get(f"/p/{project.slug}/executions/{run.id}/").text
    assert record.count('class="seal" data-tone="success"') == 1
    assert record.count('class="badge" data-tone="info"') == 1
    seen = client.get(f"/p/{project.slug}/ledger/").text
    assert "witness.example.org" in seen
    assert f"saw the first {head.size} entries" in seen


@pytest.mark.django_db(transaction=True)
def test_the_record_says_how_safe_it_is_and_each_entry_how_safe_that_one_is(seal: Seal, client: Client) -> None:
    project = make_project()
    client.force_login(owner_of(project))
    run = start(project)
    address = f"/p/{project.slug}/executions/{run.id}/"
    before = client.get(address, headers={"HX-Request": "true"})
    assert before.text.count("Sealed here") == 0

    seal()

    after = client.get(address, headers={"HX-Request": "true", "If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after.text.count('class="badge" data-tone="info"') == 1
    assert after.text.count('class="seal" data-tone="info"') == 1


@pytest.mark.django_db(transaction=True)
def test_seals_keys_and_logs_are_shown_to_auditors_and_counts_to_viewers(seal: Seal, client: Client) -> None:
    project = make_project()
    start(project)
    seal()
    viewer = make_person("Victor")
    rights.grant_role(project=project, person=viewer, role=Membership.Role.VIEWER, actor=Actor(system="test"))
    address = f"/p/{project.slug}/ledger/"

    client.force_login(viewer)
    seen = client.get(address).text
    assert "In this project" in seen
    assert str(SIGNER.verifier) not in seen
    assert "Newest seals" not in seen

    client.force_login(owner_of(project))
    seen = client.get(address).text
    assert str(SIGNER.verifier) in seen.replace("&#x2B;", "+")
    assert "Log 1" in seen
