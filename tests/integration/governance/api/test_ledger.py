"""The ledger over REST: what an auditor's key reads, and who may not."""

from collections.abc import Callable

import aics_tlog
import pytest
from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.models import Membership, Project
from governance.services import rights
from tests.factories import make_agent, make_key, make_person, make_project
from tests.factories.governance import owner_of
from tests.sealing.fixtures import ground
from tests.sealing.ground import Ground, write
from waxell.ledger.domain.notes import VerifierKey
from waxell.ledger.domain.proofs import Proof
from waxell.ledger.models import Entry, Log

__all__ = ["ground"]

type Api = Callable[[str], APIClient]


@pytest.fixture
def sealed(ground: Ground, project: Project, governor: APIClient) -> Ground:
    write(project.pk, project.pk, 300)
    ground.seal()
    return ground


@pytest.fixture
def auditor(sealed: Ground, governor: APIClient) -> APIClient:
    return governor


def test_an_auditor_rebuilds_the_whole_log_from_tiles(auditor: APIClient) -> None:
    key = aics_tlog.parse_vkey(auditor.get("/api/v1/ledger/key").content.decode().strip())
    answer = auditor.get("/api/v1/ledger/checkpoint")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    note = aics_tlog.parse_note(answer.content)
    assert aics_tlog.verify_note(note, [key])
    head = aics_tlog.parse_checkpoint(note.text)
    edge = head.size - 256
    names = ["0/000", f"0/001.p/{edge}", "1/000.p/1", "entries/000", f"entries/001.p/{edge}"]
    got = {f"tile/{name}": auditor.get(f"/api/v1/ledger/tile/{name}").content for name in names}
    report = aics_tlog.audit_tiles(aics_tlog.MemoryTileReader(got), head.size, head.root)
    assert report.size == head.size == Entry.objects.count()
    assert auditor.get(f"/api/v1/ledger/logs/1/tile/{names[0]}").content == got["tile/0/000"]
    assert auditor.get("/api/v1/ledger/logs/1/checkpoint").content == answer.content


@pytest.mark.parametrize("name", ["0/002", "0/001", "0/001.p/255", "7/000", "00/000", "0/000.p/0", "entries/999", "x"])
def test_tiles_that_no_checkpoint_covers_do_not_exist(auditor: APIClient, name: str) -> None:
    assert auditor.get(f"/api/v1/ledger/tile/{name}").status_code == 404


def test_a_proof_holds_and_unsealed_entries_say_when_to_ask_again(auditor: APIClient, project: Project) -> None:
    keys = [VerifierKey.parse(line) for line in auditor.get("/api/v1/ledger/key").content.decode().splitlines()]
    entry = Entry.objects.get(stream=project.pk, seq=7)
    proof = Proof.parse(auditor.get(f"/api/v1/ledger/proof/{project.pk}/7").content.decode())
    assert proof.verify(bytes(entry.digest), keys).size == Entry.objects.count()
    assert auditor.get(f"/api/v1/ledger/proof/{Log.objects.get().id}/1").status_code == 200

    write(project.pk, project.pk)
    last = Entry.objects.filter(stream=project.pk).count()
    waiting = auditor.get(f"/api/v1/ledger/proof/{project.pk}/{last}")
    assert (waiting.status_code, waiting.json()["code"], waiting["Retry-After"]) == (409, "not_sealed", "1")


def test_what_belongs_to_others_has_no_proof(auditor: APIClient, sealed: Ground) -> None:
    other = make_project()
    sealed.seal()
    for place in (f"{other.pk}/1", f"{sealed.open_stream(other.pk)}/1"):
        assert auditor.get(f"/api/v1/ledger/proof/{place}").status_code == 404


@pytest.mark.parametrize("call", ["checkpoint", "key", "tile/0/000", "logs/1/checkpoint"])
def test_only_whoever_may_audit_sees_the_log(sealed: Ground, project: Project, api: Api, call: str) -> None:
    viewer = make_person("Bob")
    rights.grant_role(
        project=project, person=viewer, role=Membership.Role.VIEWER, actor=Actor(person=owner_of(project).pk)
    )
    seen_by_viewer = api(make_key(project, accountable=viewer, scopes=("read",)).plain)
    seen_by_agent = api(make_key(project, make_agent(project)).plain)
    assert seen_by_viewer.get(f"/api/v1/ledger/{call}").status_code == 403
    assert seen_by_agent.get(f"/api/v1/ledger/{call}").status_code == 403
    assert APIClient().get(f"/api/v1/ledger/{call}").status_code == 401


def test_before_the_first_checkpoint_there_is_nothing(ground: Ground, governor: APIClient) -> None:
    assert governor.get("/api/v1/ledger/checkpoint").status_code == 404
    assert governor.get("/api/v1/ledger/tile/0/000").status_code == 404
    assert governor.get("/api/v1/ledger/key").content == b""
