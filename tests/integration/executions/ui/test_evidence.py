"""Taking evidence along and checking it, as an auditor does in a browser."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from executions.models import Execution
from governance.domain.actors import Actor
from governance.models import Membership, Project
from governance.services import rights
from tests.factories import make_person, make_project
from tests.factories.executions import start
from tests.factories.governance import owner_of
from tests.factories.sealing import SIGNER, Seal, bundle_of, check, messages, seal
from waxell.ledger.domain.cosignatures import CosigningKey
from waxell.ledger.models import Entry
from waxell.ledger.services import verifying
from waxell.lib import uploads

__all__ = ["seal"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(seal: Seal) -> Project:
    """A project with one closed and sealed execution, in which something private was said."""
    made = make_project()
    run = start(made, input="private words")
    run.close()
    seal()
    return made


@pytest.fixture
def row(project: Project) -> Execution:
    return Execution.objects.get(project_id=project.pk)


@pytest.fixture
def owner(project: Project, client: Client) -> Client:
    client.force_login(owner_of(project))
    return client


def member(project: Project, role: str) -> Client:
    person = make_person("Bob")
    rights.grant_role(project=project, person=person, role=role, actor=Actor(system="test"))
    browser = Client()
    browser.force_login(person)
    return browser


def at(project: Project, rest: str) -> str:
    return f"/p/{project.slug}/{rest}"


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("some.bundle", content)


def test_an_execution_is_exported_by_its_button_and_verifies(owner, project, row):
    page = owner.get(at(project, f"executions/{row.pk}/")).text
    assert f'action="/p/{project.slug}/executions/{row.pk}/export/"' in page

    answer = owner.post(at(project, f"executions/{row.pk}/export/"))

    report = check(b"".join(answer))
    assert answer["Content-Disposition"] == f'attachment; filename="{row.pk}.bundle"'
    assert (messages(report), report.summary["payloads"]) == ([], 1)


def test_an_auditor_gets_commitments_without_contents(project, row):
    auditor = member(project, Membership.Role.AUDITOR)

    bundle = b"".join(auditor.post(at(project, f"executions/{row.pk}/export/")))

    assert b"private words" not in bundle
    assert check(bundle).summary["withheld"] == 1
    period = auditor.post(
        at(project, "ledger/export/"), {"first": "2020-01-01", "last": "2099-01-01", "contents": "on"}
    )
    assert b"private words" not in b"".join(period)


def test_a_period_is_streamed_and_verifies(owner, project):
    given = {"first": "2020-01-01", "last": "2099-01-01", "contents": "on"}

    answer = owner.post(at(project, "ledger/export/"), given)

    assert answer.streaming
    report = check(b"".join(answer))
    assert (messages(report), report.summary["executions"]) == ([], 1)


def test_a_period_with_nothing_in_it_says_so_and_is_not_recorded(owner, project, seal):
    later = make_project(owner_of(project))
    seal()

    answer = owner.post(at(later, "ledger/export/"), {"first": "2020-01-01", "last": "2020-02-01"})

    assert answer.status_code == 404
    assert "Nothing was sealed in this period." in answer.text
    assert not Entry.objects.filter(type="ledger.exported").exists()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"first": "2020-02-01", "last": "2020-01-01"},
        {"first": "2098-01-01", "last": "2099-01-01"},
        {"first": "x", "last": "y"},
    ],
)
def test_days_that_make_no_period_are_refused(owner, project, given):
    assert owner.post(at(project, "ledger/export/"), {**given, "contents": ""}).status_code == 422


def test_what_is_not_sealed_is_not_handed_out(owner, project):
    late = start(project)

    answer = owner.post(at(project, f"executions/{late.id}/export/"), follow=True)

    assert "not sealed yet" in answer.text
    assert not Entry.objects.filter(type="ledger.exported").exists()


@pytest.mark.parametrize("rest", ["ledger/export/", "ledger/verify/", "ledger/key/"])
def test_evidence_is_for_those_who_may_audit(project, rest):
    assert member(project, Membership.Role.VIEWER).get(at(project, rest)).status_code == 403
    assert member(project, Membership.Role.AUDITOR).get(at(project, rest)).status_code == 200


def test_an_execution_is_checked_and_what_was_and_was_not_checked_is_said(owner, project, row):
    page = owner.post(at(project, "ledger/verify/"), {"execution": str(row.pk)}).text

    assert "Everything holds" in page
    assert "The seal is genuine: it is signed with the key of ledger.example.org" in page
    assert "1 record is closed" in page
    assert "Whether the key is the right one" in page
    assert "python verify_bundle.py" in page


def test_a_file_is_checked_with_a_key_of_ones_own(owner, project, row):
    given = {"bundle": upload(bundle_of(row)), "keys": str(SIGNER.verifier)}

    page = owner.post(at(project, "ledger/verify/"), given).text

    assert "Everything holds" in page
    assert "Whether the key is the right one" not in page


def test_an_older_seal_must_be_continued(owner, project, row, seal):
    note = seal()
    bundle = bundle_of(row)

    page = owner.post(at(project, "ledger/verify/"), {"bundle": upload(bundle), "checkpoint": note}).text

    assert "The ledger continues the older seal that you gave" in page


def test_a_witness_that_is_asked_for_must_have_cosigned(owner, project, row):
    witness = CosigningKey.generate("witness.example.org").verifier
    unasked = owner.post(at(project, "ledger/verify/"), {"bundle": upload(bundle_of(row))}).text

    asked = {"bundle": upload(bundle_of(row)), "witnesses": f" {witness}\r\n"}
    page = owner.post(at(project, "ledger/verify/"), asked).text

    assert "give the key of a witness" in unasked
    assert "It does not hold" in page
    assert "no checkpoint of the bundle is cosigned by the witness witness.example.org" in page


def test_a_ledgers_key_is_no_witnesss(owner, project, row):
    given = {"bundle": upload(bundle_of(row)), "witnesses": str(SIGNER.verifier)}

    answer = owner.post(at(project, "ledger/verify/"), given)

    assert answer.status_code == 422
    assert "This is no key of a witness." in answer.text


def test_a_changed_file_does_not_hold_and_each_change_is_named(owner, project, row):
    bundle = bundle_of(row).replace(b"private words", b"harmless text")

    answer = owner.post(at(project, "ledger/verify/"), {"bundle": upload(bundle)})

    assert answer.status_code == 200
    assert "It does not hold" in answer.text
    assert "What was checked" not in answer.text
    assert "of the file" in answer.text


@pytest.mark.parametrize("content", [b"", b"<script>alert(1)</script>", b"\x00\xff" * 1000, b"[" * 100_000])
def test_a_file_that_is_no_bundle_is_told_apart(owner, project, content):
    answer = owner.post(at(project, "ledger/verify/"), {"bundle": upload(content)})

    assert answer.status_code == 200
    assert "It does not hold" in answer.text
    assert "<script>alert" not in answer.text


def test_a_file_that_is_too_long_is_not_kept(owner, project, row, monkeypatch):
    monkeypatch.setattr(uploads, "AT_MOST", 1000)

    answer = owner.post(at(project, "ledger/verify/"), {"bundle": upload(bundle_of(row))})

    assert answer.status_code == 413
    assert "is checked with the program itself" in answer.text


@pytest.mark.parametrize(
    "given",
    [{}, {"execution": "x"}, {"execution": "01970000-0000-7000-8000-000000000001", "keys": "no key"}],
)
def test_what_cannot_be_checked_is_refused_on_the_form(owner, project, given):
    assert owner.post(at(project, "ledger/verify/"), {**given, "checkpoint": ""}).status_code == 422


def test_an_execution_of_another_project_is_not_there(owner, project, seal):
    foreign = start(make_project())
    foreign.close()
    seal()

    answer = owner.post(at(project, "ledger/verify/"), {"execution": str(foreign.id)})

    assert answer.status_code == 404
    assert "Everything holds" not in answer.text


def test_checks_beyond_a_few_at_once_are_put_off(owner, project, row, monkeypatch):
    monkeypatch.setattr(verifying, "_running", threading.BoundedSemaphore(1))
    verifying._running.acquire()

    answer = owner.post(at(project, "ledger/verify/"), {"execution": str(row.pk)})

    assert answer.status_code == 503
    assert "Others are checking bundles" in answer.text


@pytest.mark.parametrize("limit", [{"SECONDS": 0}, {"MEMORY_BYTES": 32 * 1024 * 1024}, {"ANSWER_BYTES": 10}])
def test_a_check_is_bounded_in_time_memory_and_answer(owner, project, row, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setattr(verifying, name, value)

    answer = owner.post(at(project, "ledger/verify/"), {"execution": str(row.pk)})

    assert answer.status_code == 413
    assert "more time or memory" in answer.text


def test_program_and_key_that_the_page_offers_check_the_same_bundle(owner, project, row, tmp_path: Path):
    (tmp_path / "verify_bundle.py").write_bytes(owner.get("/api/v1/ledger/verifier").content)
    (tmp_path / "waxell-key.txt").write_bytes(owner.get(at(project, "ledger/key/")).content)
    (tmp_path / "FILE.bundle").write_bytes(b"".join(owner.post(at(project, f"executions/{row.pk}/export/"))))
    page = owner.get(at(project, "ledger/verify/")).text
    command = page.partition("python verify_bundle.py")[2].partition("\n")[0].split()

    done = subprocess.run(
        [sys.executable, "-I", "verify_bundle.py", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
