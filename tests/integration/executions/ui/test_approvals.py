"""The inbox, and the page of one approval: everything that somebody needs who answers for it."""

import pytest

from executions.services import approvals
from executions.services.callers import Caller
from governance.domain.facts import Estimate
from governance.models import Approval, Membership
from governance.services import groups, rights
from tests.factories import make_budget, make_person, make_policy, make_tool
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

HOLD = """
@id("ask-first") @message("A person looks at mail first.") @effect("hold") {more}
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


@pytest.fixture
def hold(bench):
    """Let all mail wait for a person, with more annotations."""
    make_tool(bench.project, "mail")

    def publish(more=""):
        make_policy(bench.project, HOLD.format(more=more))

    return publish


@pytest.fixture
def charlie(bench):
    """Somebody who may decide and does not answer for the agent."""
    return member(bench, "Charlie", Membership.Role.APPROVER)


def member(bench, name, role):
    person = make_person(name)
    rights.grant_role(project=bench.project, person=person, role=role, actor=bench.actor)
    return person


def ask(bench, to="bob@example.org", **more):
    """A mail that waits; returns its approval."""
    run = bench.start()
    run.asks(resource="search")
    answer = run.asks(resource="mail", args={"to": to}, **more)
    return Approval.objects.get(pk=answer["approval"]["id"])


def vote(bench, person, approval, decision="grant", comment=""):
    return approvals.decide_approval(
        approval_id=approval.pk,
        caller=Caller(project_id=bench.project.pk, person_id=person.pk),
        person_id=person.pk,
        decision=decision,
        comment=comment,
    )


@pytest.mark.parametrize("page", ["approvals/", "approvals/{}/"])
def test_it_says_who_asks_for_what_why_at_what_cost_and_how_long_is_left(bench, client, hold, charlie, page):
    hold('@quorum("2")')
    make_budget(bench.project, slug="money", unit="usd", limit=10_000_000, default_reservation=500_000)
    approval = ask(bench, estimate=Estimate(usd_micros=400_000))
    client.force_login(charlie)

    shown = client.get(bench.url(page.format(approval.pk))).text

    for words in (
        "scout",
        "Alice",
        "tool.call",
        "bob@example.org",
        "A person looks at mail first.",
        "ask-first",
        "$0.40",
        "limit $10.00",
        "left",
        "0 of 2",
    ):
        assert words in shown


@pytest.mark.parametrize("page", ["approvals/", "approvals/{}/"])
def test_what_was_sent_is_for_those_who_may_see_contents(bench, client, hold, charlie, page):
    hold()
    approval = ask(bench)
    vote(bench, charlie, ask(bench, to="carol@example.org"), comment="I know Carol.")
    client.force_login(member(bench, "Vera", Membership.Role.VIEWER))

    shown = client.get(bench.url(page.format(approval.pk))).text

    assert "A person looks at mail first." in shown
    assert "bob@example.org" not in shown


def test_a_comment_stands_beside_the_vote_for_those_who_may_see_contents(bench, client, hold, charlie):
    hold()
    approval = ask(bench)
    vote(bench, charlie, approval, comment="I know <Bob>.")
    url = bench.url(f"approvals/{approval.pk}/")

    client.force_login(charlie)
    assert "I know &lt;Bob&gt;." in client.get(url).text
    client.force_login(member(bench, "Vera", Membership.Role.VIEWER))
    assert "I know" not in client.get(url).text


def test_it_shows_what_the_execution_did_and_how_the_like_was_answered(bench, alice, hold, charlie):
    hold()
    for decision in ("grant", "grant", "refuse"):
        vote(bench, charlie, ask(bench), decision)
    approval = ask(bench)

    shown = alice.get(bench.url(f"approvals/{approval.pk}/"))

    assert [step.what for step in shown.context["steps"]] == ["execution.start errand", "tool.call search"]
    assert "2 granted, 1 refused" in shown.text
    assert len(shown.context["answered"]) == 3
    assert "2 granted, 1 refused" in alice.get(bench.url("approvals/")).text


def test_the_inbox_is_narrowed_to_what_waits_for_me(bench, client, hold, charlie):
    hold('@quorum("2")')
    dora = member(bench, "Dora", Membership.Role.APPROVER)
    approval = ask(bench)

    def mine(person):
        client.force_login(person)
        return [card.approval.pk for card in client.get(bench.url("approvals/?show=mine")).context["cards"]]

    assert (mine(charlie), mine(dora)) == ([approval.pk], [approval.pk])
    assert mine(bench.owner) == []  # answers for the agent
    assert mine(member(bench, "Vera", Membership.Role.VIEWER)) == []
    vote(bench, charlie, approval)
    assert (mine(charlie), mine(dora)) == ([], [approval.pk])


def test_what_a_group_is_asked_waits_for_its_people(bench, client, hold, charlie):
    dora = member(bench, "Dora", Membership.Role.APPROVER)
    groups.define(project=bench.project, slug="legal", name="Legal", people=[dora], actor=bench.actor)
    hold('@approvers("legal")')
    ask(bench)

    def mine(person):
        client.force_login(person)
        return len(client.get(bench.url("approvals/?show=mine")).context["cards"])

    assert (mine(charlie), mine(dora)) == (0, 1)


def test_the_inbox_is_narrowed_to_what_was_decided(bench, alice, hold, charlie):
    hold()
    vote(bench, charlie, ask(bench))
    ask(bench)

    shown = alice.get(bench.url("approvals/?show=decided")).context

    assert (len(shown["cards"]), len(shown["decided"])) == (0, 1)
    assert alice.get(bench.url("approvals/?show=nonsense")).status_code == 400


def test_who_comes_by_a_link_signs_in_and_returns_to_it(bench, client, hold, charlie):
    """A link in a message carries no right: it leads to the sign-in, and from there back."""
    hold()
    url = bench.url(f"approvals/{ask(bench).pk}/")
    charlie.set_password("correct horse battery")
    charlie.save()

    asked = client.get(url)
    came = client.post(asked["Location"], {"email": charlie.email, "password": "correct horse battery"})

    assert asked.status_code == 302
    assert came["Location"] == url
    assert "Grant" in client.get(url).text


def test_several_that_are_alike_are_decided_in_one_go(bench, client, hold, charlie):
    hold()
    first, second, late = (ask(bench, to=to) for to in ("bob", "carol", "dave"))
    vote(bench, charlie, late, "refuse")
    other = ask(bench, to="eve")
    url = bench.url(f"approvals/{first.pk}/alike/")
    client.force_login(charlie)
    assert {card.approval.pk for card in client.get(url).context["cards"]} == {first.pk, second.pk, other.pk}
    assert f"{first.pk}/alike/" in client.get(bench.url("approvals/")).text

    chosen = [first.pk, second.pk, late.pk]
    told = client.post(url, {"decision": "grant", "comment": "I know them.", "chosen": chosen})

    states = dict(Approval.objects.values_list("pk", "state"))
    assert states == {first.pk: "granted", second.pk: "granted", late.pk: "refused", other.pk: "pending"}
    assert [(row.pk, bool(problem)) for row, problem in told.context["outcomes"]] == [
        (first.pk, False),
        (second.pk, False),
        (late.pk, True),
    ]
    assert "decided already" in told.text
    assert sorted(entries(second)) == sorted(entries(first)) == ["approval.decided"]


def entries(approval):
    """Types of the entries that speak of the held action."""
    rows = Entry.objects.filter(stream=approval.execution_id, about=approval.action_seq)
    return list(rows.values_list("type", flat=True))


def test_nothing_is_decided_where_nothing_is_chosen_or_what_is_not_alike(bench, client, hold, charlie):
    hold()
    first = ask(bench)
    make_tool(bench.project, "fax")
    make_policy(bench.project, HOLD.format(more="").replace('"mail"', '"fax"'), slug="faxes")
    fax = Approval.objects.get(pk=bench.start().asks(resource="fax")["approval"]["id"])
    url = bench.url(f"approvals/{first.pk}/alike/")
    client.force_login(charlie)

    answers = [client.post(url, {"decision": "grant", "chosen": chosen}) for chosen in ([], [fax.pk], ["nonsense"])]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert not Approval.objects.exclude(state="pending").exists()


def test_who_only_looks_decides_nothing_in_one_go(bench, client, hold):
    hold()
    client.force_login(member(bench, "Vera", Membership.Role.VIEWER))
    assert client.post(bench.url(f"approvals/{ask(bench).pk}/alike/"), {"decision": "grant"}).status_code == 403
