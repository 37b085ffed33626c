"""Erasing: contents go with salt and copies, by reason and entry, and never under a legal hold."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from executions.queries.erasable import Choice
from executions.services import erasing, retention
from executions.services.appending import ExecutionClosed, IdempotencyKeyReused
from governance.domain.actors import Actor
from governance.domain.requests import retry_of
from governance.models import EndUser, LegalHold, Project, RetentionRule, StoredAnswer
from governance.services import legal_holds
from governance.services.retention import RetentionInvalid, keep_for
from tests.factories import make_project, make_tool
from tests.factories.executions import Run, lines, start
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry, Erasure, Payload
from waxell.lib.errors import NotFound


@pytest.fixture
def actor(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)


@pytest.fixture
def run(project: Project) -> Run:
    """Ended: input, arguments, a result, and a late result in its addenda."""
    make_tool(project, "search")
    return _run(project)


def _run(project: Project, *, end_user: str | None = "Zoe Example") -> Run:
    run = start(project, input={"who": "Zoe"}, end_user=end_user)
    seq = run.ask("search", args={"q": "Zoe's diagnosis"}).body["seq"]
    late = run.ask("search", args={"q": "again"}).body["seq"]
    run.report(seq, output={"found": "flu"})
    run.close()
    with pytest.raises(ExecutionClosed):
        run.report(late, output={"found": "cold"})
    return run


def _contents(project: Project) -> set[str]:
    """Everything that lies beside the entries of executions."""
    rows = Payload.objects.filter(project_id=project.pk).exclude(stream=project.pk)
    return {bytes(row.content).decode() for row in rows}


def _choice(project: Project, run: Run, **values: object) -> Choice:
    return Choice(project_id=project.pk, execution=run.id, **values)  # type: ignore[arg-type]


def test_contents_and_salts_go_and_entries_stay(project: Project, run: Run, actor: Actor) -> None:
    before = {(row.stream, row.seq): bytes(row.body) for row in Entry.objects.filter(project_id=project.pk)}

    done = erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    assert _contents(project) == set()
    after = {(row.stream, row.seq): bytes(row.body) for row in Entry.objects.filter(project_id=project.pk)}
    assert before.items() <= after.items()
    (entry,) = [line for line in lines(project.pk) if line["type"] == "payloads.erased"]
    assert entry["actor"] == {"person": str(actor.person)}
    assert entry["seq"] == done.entries[0].seq
    listed = sorted((item["stream"] == str(run.id), item["seq"], item["name"]) for item in entry["erased"])
    assert listed == [
        (False, 1, "result"),
        (True, 1, "input"),
        (True, 2, "args"),
        (True, 3, "args"),
        (True, 4, "result"),
    ]
    assert len(entry["erased"]) == done.payloads == Erasure.objects.count()
    assert "Zoe" not in str(entry)
    assert bytes(Payload.objects.get(stream=project.pk, seq=entry["seq"], name="reason").content) == b"Zoe asked."


def test_addenda_are_erased_with_their_execution(project: Project, run: Run, actor: Actor) -> None:
    (addendum,) = run.addenda
    assert Payload.objects.filter(stream=UUID(addendum["stream"])).exists()

    erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    assert not Payload.objects.filter(stream=UUID(addendum["stream"])).exists()


def test_other_executions_keep_their_contents(project: Project, run: Run, actor: Actor) -> None:
    other = _run(project)

    erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    assert not Payload.objects.filter(stream=run.id).exists()
    assert Payload.objects.filter(stream=other.id).exists()


def test_only_contents_of_one_name_go_where_one_is_named(project: Project, run: Run, actor: Actor) -> None:
    names = set(Payload.objects.filter(stream=run.id).values_list("name", flat=True))

    erasing.erase(_choice(project, run, payload="args"), actor=actor, reason="Too much.")

    assert set(Payload.objects.filter(stream=run.id).values_list("name", flat=True)) == names - {"args"}


def test_erasing_again_finds_nothing(project: Project, run: Run, actor: Actor) -> None:
    erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")
    again = erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    assert (again.payloads, again.entries) == (0, ())


def test_a_reason_is_needed(project: Project, run: Run, actor: Actor) -> None:
    with pytest.raises(legal_holds.ReasonMissing):
        erasing.erase(_choice(project, run), actor=actor, reason="  ")
    assert _contents(project)


def test_a_live_execution_keeps_what_it_needs(project: Project, actor: Actor) -> None:
    live = start(project, input={"who": "Zoe"})

    with pytest.raises(erasing.ExecutionLive):
        erasing.erase(_choice(project, live), actor=actor, reason="Zoe asked.")
    assert _contents(project) == {'{"who":"Zoe"}'}


def test_many_contents_take_one_entry_for_each_batch(
    project: Project, run: Run, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "IN_ONE_ENTRY", 2)

    done = erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    assert _contents(project) == set()
    assert len(done.entries) == (done.payloads + 1) // 2 > 1


def test_stored_answers_say_nothing_and_still_happen_once(project: Project, actor: Actor) -> None:
    make_tool(project, "search")
    run = start(project)
    body = {"kind": "tool.call", "resource": "search", "args": {"q": "Zoe"}}
    retry = retry_of(caller=str(run.caller.key_id), path="/x/", key="once", body=body)
    run.ask("search", args={"q": "Zoe"}, retry=retry)
    run.close()
    kept = StoredAnswer.objects.get(key="once")

    erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")

    emptied = StoredAnswer.objects.get(key="once")
    assert bytes(emptied.body) == b"{}"
    assert bytes(emptied.body_digest) != bytes(kept.body_digest)
    with pytest.raises(IdempotencyKeyReused):
        run.ask("search", args={"q": "Zoe"}, retry=retry)


def test_an_end_user_is_left_as_a_pseudonym(project: Project, run: Run, actor: Actor) -> None:
    other = _run(project, end_user="Yuri")
    zoe = EndUser.objects.get(project=project, name="Zoe Example")

    done = erasing.erase_end_user(project_id=project.pk, end_user=zoe.pk, actor=actor, reason="Zoe asked.")

    assert not EndUser.objects.filter(pk=zoe.pk).exists()
    assert run.row.end_user == zoe.pk
    assert not Payload.objects.filter(stream=run.id).exists()
    assert Payload.objects.filter(stream=other.id).exists()
    first = lines(project.pk)[done.entries[0].seq - 1]
    assert (first["erased"], first["end_users"]) == ([], [str(zoe.pk)])
    assert "Zoe Example" not in "".join(bytes(entry.body).decode() for entry in Entry.objects.all())
    with pytest.raises(NotFound):
        erasing.erase_end_user(project_id=make_project().pk, end_user=zoe.pk, actor=actor, reason="Of another project.")


def test_what_still_runs_for_an_end_user_is_named(project: Project, run: Run, actor: Actor) -> None:
    live = start(project, end_user="Zoe Example", input={"who": "Zoe"})
    zoe = EndUser.objects.get(project=project, name="Zoe Example")

    done = erasing.erase_end_user(project_id=project.pk, end_user=zoe.pk, actor=actor, reason="Zoe asked.")
    live.close()
    again = erasing.erase_end_user(project_id=project.pk, end_user=zoe.pk, actor=actor, reason="The rest.")

    assert done.waiting == (live.id,)
    assert again.payloads > 0
    assert _contents(project) == set()


@pytest.mark.parametrize("scope", list(LegalHold.Scope))
def test_a_legal_hold_refuses_and_is_named(project: Project, run: Run, actor: Actor, scope: LegalHold.Scope) -> None:
    zoe = EndUser.objects.get(project=project, name="Zoe Example").pk
    value = {"project": project.pk, "execution": run.id, "end_user": zoe}[scope]
    contents = _contents(project)
    hold = legal_holds.place(project_id=project.pk, actor=actor, scope_type=scope, scope_value=value, reason="A claim.")

    with pytest.raises(erasing.LegalHoldInForce) as refused:
        erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")
    with pytest.raises(erasing.LegalHoldInForce):
        erasing.erase_end_user(project_id=project.pk, end_user=zoe, actor=actor, reason="Zoe asked.")

    assert str(hold.pk) in str(refused.value)
    assert refused.value.members["hold"] == str(hold.pk)
    assert _contents(project) == contents
    assert EndUser.objects.filter(pk=zoe).exists()

    legal_holds.lift(hold=hold, actor=actor, reason="Settled.")
    erasing.erase(_choice(project, run), actor=actor, reason="Zoe asked.")
    assert _contents(project) == set()
    kinds = [line["type"] for line in lines(project.pk) if line["type"].startswith("legal_hold")]
    assert kinds == ["legal_hold.placed", "legal_hold.lifted"]


def test_a_hold_is_lifted_once(project: Project, actor: Actor) -> None:
    hold = legal_holds.place(
        project_id=project.pk, actor=actor, scope_type="project", scope_value=project.pk, reason="A claim."
    )
    legal_holds.lift(hold=hold, actor=actor, reason="Settled.")

    with pytest.raises(legal_holds.LegalHoldNotInForce):
        legal_holds.lift(hold=hold, actor=actor, reason="Again.")


def test_a_hold_on_one_execution_leaves_others_alone(project: Project, run: Run, actor: Actor) -> None:
    other = _run(project, end_user=None)
    legal_holds.place(project_id=project.pk, actor=actor, scope_type="execution", scope_value=run.id, reason="A claim.")

    erasing.erase(_choice(project, other), actor=actor, reason="Not needed.")

    assert not Payload.objects.filter(stream=other.id).exists()
    assert Payload.objects.filter(stream=run.id).exists()


def test_nothing_is_forgotten_without_a_rule(project: Project, run: Run) -> None:
    assert retention.erase_expired() == 0
    assert _contents(project)


def test_retention_erases_what_is_over_and_not_held(project: Project, run: Run, actor: Actor) -> None:
    held, young = _run(project, end_user=None), _run(project, end_user=None)
    legal_holds.place(
        project_id=project.pk, actor=actor, scope_type="execution", scope_value=held.id, reason="A claim."
    )
    keep_for(project_id=project.pk, actor=actor, days=30, payload="")
    choice = Choice(project_id=project.pk, before=timezone.now() - timedelta(days=30), held=False)
    assert retention.erase_expired() == 0

    # The same choice with a time that has passed for all but the youngest.
    done = erasing.erase(
        Choice(project_id=choice.project_id, before=young.row.started_at, held=False),
        actor=Actor(system="retention"),
        reason="Retention.",
    )

    assert done.payloads > 0
    kept = set(
        Payload.objects.filter(project_id=project.pk).exclude(stream=project.pk).values_list("stream", flat=True)
    )
    assert {held.id, young.id} <= kept
    assert run.id not in kept


def test_rules_of_retention_are_entries(project: Project, actor: Actor) -> None:
    keep_for(project_id=project.pk, actor=actor, days=30, payload="args")
    keep_for(project_id=project.pk, actor=actor, days=30, payload="args")
    keep_for(project_id=project.pk, actor=actor, days=None, payload="args")

    said = [line for line in lines(project.pk) if line["type"] == "retention.changed"]
    assert [(line["payload"], line["days"], line["before"]) for line in said] == [
        ("args", 30, None),
        ("args", None, 30),
    ]
    assert not RetentionRule.objects.exists()
    with pytest.raises(RetentionInvalid):
        keep_for(project_id=project.pk, actor=actor, days=0)
