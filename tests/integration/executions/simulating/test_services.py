"""Drafts tried on decisions that the gate made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions.domain.simulating import Draft
from executions.queries import decisions
from executions.queries.erasable import Choice
from executions.services import approvals, erasing, simulating
from executions.services.callers import Caller
from executions.services.simulating import EXAMPLES_EACH, Simulation
from governance.domain.actors import Actor
from governance.models import Approval, Membership, Policy, Project
from governance.services import rights
from governance.services.policies import PolicyInvalid
from tests.factories import make_person, make_policy, make_project, make_tool
from tests.factories.drafts import SCHEMA, rule
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def tried(policy: Policy, **given: Any) -> Simulation:
    """The draft of `policy` tried on all there is."""
    text = given.pop("text", policy.draft_text)
    known = {"since": LONG_AGO, "contents": True, **given}
    return simulating.simulate(
        project_id=policy.project_id, draft=Draft(slug=policy.slug, text=text, mode=policy.mode), **known
    )


def counts(found: Simulation) -> dict[str, int]:
    return {str(transition): many for transition, many in found.by_transition.items()}


def test_a_new_rule_stops_what_was_allowed(draft: Callable[..., Policy], run: Run) -> None:
    run.ask("mail")
    run.ask("search")
    run.ask("mail")

    found = tried(draft(rule(effect="halt")))

    assert (found.decisions, found.unjudged, found.changed, found.more) == (4, 0, 2, False)
    assert counts(found) == {"allow->halt": 2}
    newest, older = found.examples
    assert (newest.recorded.execution, newest.recorded.seq) == (run.id, 4)
    assert older.recorded.seq == 2
    assert newest.tried.was is None
    assert newest.tried.reason is not None
    assert (newest.tried.reason["rule"], newest.tried.reason["message"]) == ("no-mail", "Not mail.")


def test_what_would_newly_be_let_through_comes_first(project: Project) -> None:
    policy = make_policy(project, rule("mail"))
    run = start(project)
    run.ask("mail")
    run.ask("search")

    found = tried(policy, text=rule("search", name="no-search", effect="hold"))

    assert list(counts(found).items()) == [("deny->allow", 1), ("allow->hold", 1)]
    first, second = found.examples
    assert first.tried.reason is None
    assert first.tried.was is not None
    assert first.tried.was["rule"] == "no-mail"
    assert second.tried.reason is not None
    assert second.tried.reason["rule"] == "no-search"


def test_it_says_whose_decisions_would_change_and_to_whom_more_is_allowed_first(project: Project) -> None:
    policy = make_policy(project, rule("mail"))
    for workflow, resources in {"much": ("search", "search", "search"), "newly": ("mail",), "none": ("read",)}.items():
        run = start(project, workflow=workflow)
        for resource in resources:
            run.ask(resource)

    found = tried(policy, text=rule("search", name="no-search", effect="hold"))

    assert [(one.workflow, one.changed, one.let_through) for one in found.affected] == [
        ("newly", 1, 1),
        ("much", 3, 0),
    ]
    assert sum(one.changed for one in found.affected) == found.changed


def test_the_text_of_then_changes_nothing_though_people_agreed_under_it(project: Project) -> None:
    person = make_person("Ada")
    rights.grant_role(project=project, person=person, role=Membership.Role.APPROVER, actor=Actor(system="test"))
    policy = make_policy(project, rule(effect="hold"))
    run = start(project)
    run.ask("mail", args={"to": "bob"})
    approvals.decide_approval(
        approval_id=Approval.objects.get(project=project).pk,
        caller=Caller(project_id=project.pk, person_id=person.pk),
        person_id=person.pk,
        decision="grant",
    )
    assert run.ask("mail", args={"to": "bob"}).body["verdict"] == "allow"

    assert counts(tried(policy)) == {}
    assert counts(tried(policy, text=rule(effect="deny"))) == {"allow->deny": 1, "hold->deny": 1}


def test_a_draft_on_trial_changes_nothing_and_marks(draft: Callable[..., Policy], run: Run) -> None:
    run.ask("mail")

    found = tried(draft(rule(effect="halt"), mode=Policy.Mode.SHADOW))

    assert (found.decisions, found.changed, found.marked, found.examples) == (2, 0, 1, ())


def test_a_flag_changes_nothing_and_marks(draft: Callable[..., Policy], run: Run) -> None:
    run.ask("mail")
    run.ask("search")

    found = tried(draft(rule(effect="flag")))

    assert (found.changed, found.marked) == (0, 1)


def test_each_decision_is_judged_under_the_rules_of_its_time(project: Project, draft: Callable[..., Policy]) -> None:
    early = start(project)
    early.ask("mail")
    make_policy(project, rule("mail", name="later"))
    late = start(project)
    late.ask("mail")

    found = tried(draft(rule("mail", effect="halt")))

    assert counts(found) == {"allow->halt": 1, "deny->halt": 1}


@pytest.fixture
def paid(project: Project) -> Run:
    """An execution that paid 5 and 500 with a tool whose arguments rules can read."""
    make_tool(project, "pay", schema=SCHEMA)
    run = start(project)
    run.ask("pay", args={"amount": 5})
    run.ask("pay", args={"amount": 500})
    return run


COSTLY = """@id("costly") @message("Too much.") @effect("deny")
forbid (principal, action == Action::"tool.call/pay", resource) when { context.args.amount > 100 };"""


def test_rules_read_the_arguments_of_then(paid: Run, draft: Callable[..., Policy]) -> None:
    found = tried(draft(COSTLY))

    assert (counts(found), found.unjudged) == ({"allow->deny": 1}, 0)
    assert found.examples[0].recorded.seq == 3


def test_erased_arguments_leave_a_decision_unjudged(paid: Run, project: Project, draft: Callable[..., Policy]) -> None:
    paid.close()
    choice = Choice(project_id=project.pk, execution=paid.id)
    erasing.erase(choice, actor=Actor(person=owner_of(project).pk), reason="asked for")

    found = tried(draft(COSTLY))

    assert (found.decisions, found.unjudged, found.changed) == (3, 2, 0)


def test_who_may_not_see_contents_learns_nothing_of_them(paid: Run, draft: Callable[..., Policy]) -> None:
    found = tried(draft(COSTLY), contents=False)

    assert (found.decisions, found.unjudged, found.changed) == (3, 2, 0)


def test_a_wrong_text_is_refused_with_what_is_wrong(draft: Callable[..., Policy]) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        tried(draft("forbid (principal, action, resource);"))

    assert refused.value.members["errors"][0]["line"] == 1


def test_the_newest_are_looked_at_and_it_says_that_there_are_more(
    draft: Callable[..., Policy], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "AT_ONCE", 2)
    for _ in range(4):
        run.ask("mail")
    policy = draft(rule())

    some, all_of_them = tried(policy, limit=3), tried(policy, limit=5)

    assert (some.decisions, some.changed, some.more) == (3, 3, True)
    assert (all_of_them.decisions, all_of_them.changed, all_of_them.more) == (5, 4, False)
    assert [example.recorded.seq for example in some.examples] == [5, 4, 3]


def test_batches_meet_without_a_gap(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        run = start(project)
        run.ask("mail")
        run.ask("search")
    known = [(row.execution, row.seq) for row in decisions.recorded(project.pk, since=LONG_AGO, limit=100)]

    for size in (1, 2, 4, 6):
        monkeypatch.setattr(decisions, "AT_ONCE", size)
        again = [(row.execution, row.seq) for row in decisions.recorded(project.pk, since=LONG_AGO, limit=100)]
        assert again == known
    assert len(known) == 6


def test_a_period_leaves_out_what_was_before(draft: Callable[..., Policy], run: Run) -> None:
    run.ask("mail")
    between = Entry.objects.filter(stream=run.id).latest("seq").decided_at + timedelta(microseconds=1)
    run.ask("mail")

    found = tried(draft(rule()), since=between)

    assert (found.decisions, found.changed) == (1, 1)


def test_examples_are_some_of_each_kind(draft: Callable[..., Policy], run: Run) -> None:
    for number in range(EXAMPLES_EACH + 1):
        run.ask("mail", args={"number": number})

    found = tried(draft(rule()))

    assert (found.changed, len(found.examples)) == (EXAMPLES_EACH + 1, EXAMPLES_EACH)


def test_nothing_is_written_and_another_project_is_not_read(
    draft: Callable[..., Policy], run: Run, project: Project
) -> None:
    run.ask("mail")
    policy = draft(rule())

    foreign = simulating.simulate(
        project_id=start(make_project()).row.project_id,
        draft=Draft(slug="mine", text='@id("all") permit (principal, action, resource);', mode="enforced"),
        since=LONG_AGO,
        contents=True,
    )
    assert foreign.decisions == 1

    written = Entry.objects.count()
    assert tried(policy).changed == 1
    assert Entry.objects.count() == written


def test_many_decisions_cost_as_many_queries_as_few(draft: Callable[..., Policy], run: Run) -> None:
    policy = draft(rule())
    run.ask("mail")
    tried(policy)
    with CaptureQueriesContext(connection) as few:
        tried(policy)
    for number in range(10):
        run.ask("search", args={"number": number})
    with CaptureQueriesContext(connection) as many:
        tried(policy)

    assert len(many) == len(few)
