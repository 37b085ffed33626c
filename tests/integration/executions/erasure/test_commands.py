"""`manage.py erase`, `legal_hold` and `retention`: by a person who may, and said in an entry."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from executions.management.commands import sweep
from executions.services import retention
from governance.domain.actors import Actor
from governance.models import LegalHold, Membership, Project
from governance.services.retention import keep_for
from tests.factories.executions import Run, lines
from tests.factories.governance import owner_of
from tests.integration.executions.erasure.conftest import Join, ended
from waxell.ledger.models import Payload


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def email(project: Project) -> str:
    return owner_of(project).email


def test_erase_says_by_which_entry_and_for_whom(project: Project, run: Run, email: str) -> None:
    output = told("erase", project.slug, "--end-user", "Zoe Example", "--reason", "Zoe asked.", "--as", email)

    entries = [line for line in lines(project.pk) if line["type"] == "payloads.erased"]
    assert output.splitlines()[-1] == "3 contents erased."
    assert [line.split()[1] for line in output.splitlines()[:-1]] == [str(entry["seq"]) for entry in entries]
    assert {entry["actor"]["person"] for entry in entries} == {str(owner_of(project).pk)}
    assert not Payload.objects.filter(stream=run.id).exists()


def test_erase_is_refused_to_who_may_not(project: Project, run: Run, join: Join) -> None:
    auditor = join(Membership.Role.AUDITOR)

    for email in (auditor.email, "nobody@example.org"):
        with pytest.raises(CommandError, match="no right"):
            told("erase", project.slug, "--execution", str(run.id), "--reason", "r", "--as", email)
    assert Payload.objects.filter(stream=run.id).count() == 3


def test_a_hold_placed_by_command_refuses_erase_until_it_is_lifted(project: Project, run: Run, email: str) -> None:
    erase = ("erase", project.slug, "--execution", str(run.id), "--reason", "r", "--as", email)

    told("legal_hold", "place", project.slug, "--reason", "A claim.", "--as", email)
    hold = LegalHold.objects.get()
    with pytest.raises(CommandError, match=str(hold.pk)):
        told(*erase)
    assert told("legal_hold", "list", project.slug).startswith(str(hold.pk))

    told("legal_hold", "lift", project.slug, str(hold.pk), "--reason", "Settled.", "--as", email)
    assert told("legal_hold", "list", project.slug) == ""
    assert "lifted" in told("legal_hold", "list", project.slug, "--lifted")
    assert told(*erase).endswith("3 contents erased.\n")


def test_retention_is_set_listed_and_taken_away(project: Project, run: Run, email: str) -> None:
    assert told("retention", "list", project.slug) == "Everything is kept.\n"
    told("retention", "set", project.slug, "--days", "30", "--payload", "args", "--as", email)
    assert told("retention", "list", project.slug) == "args: 30 days\n"
    assert told("retention", "run", project.slug) == "0 contents erased.\n"
    assert told("retention", "set", project.slug, "--forever", "--payload", "args", "--as", email).startswith("Every")


def test_retention_erases_what_is_over_and_passes_over_what_is_held(project: Project, run: Run, actor: Actor) -> None:
    held = ended(project, end_user=None)
    told("legal_hold", "place", project.slug, "--execution", str(held.id), "--reason", "r", "--as", _email(project))
    keep_for(project_id=project.pk, actor=actor, days=30, payload="args")
    now = timezone.now()

    assert retention.erase_expired_at(now + timedelta(days=29)) == 0
    assert retention.erase_expired_at(now + timedelta(days=31)) == 1

    kept = {(row.stream, row.name) for row in Payload.objects.filter(stream__in=[run.id, held.id])}
    assert kept == {(run.id, "input"), (run.id, "result"), *((held.id, name) for name in ("input", "args", "result"))}
    (entry,) = [line for line in lines(project.pk) if line["type"] == "payloads.erased"]
    assert entry["actor"] == {"system": "retention"}
    assert retention.erase_expired_at(now + timedelta(days=31)) == 0


def test_retention_of_one_project_leaves_others_alone(project: Project, run: Run, actor: Actor) -> None:
    keep_for(project_id=project.pk, actor=actor, days=1)
    later = timezone.now() + timedelta(days=2)

    assert retention.erase_expired_at(later, project_id=actor.person) == 0
    assert retention.erase_expired_at(later, project_id=project.pk) == 3


def test_the_sweeper_sees_to_retention() -> None:
    assert retention.erase_expired in {duty.act for duty in sweep.duties()}


def _email(project: Project) -> str:
    return owner_of(project).email
