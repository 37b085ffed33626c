"""Erasing, holding and keeping for a time from the console."""

import pytest

from executions.queries.erasable import Choice
from executions.services import erasing
from governance.models import EndUser, LegalHold, Membership, RetentionRule
from governance.services import legal_holds, rights
from tests.factories import make_person, make_policy, make_project, make_tool
from tests.factories.executions import lines
from tests.integration.executions.ui.test_acting import HOLD, approval_of
from waxell.ledger.models import Payload

pytestmark = pytest.mark.django_db

TOKEN = "flu-7f3a"


@pytest.fixture
def done(bench):
    """An execution that has ended, with an input and arguments."""
    run = bench.start(input={"who": TOKEN}, end_user="Zoe Example")
    run.asks(args={"q": TOKEN})
    run.closes()
    return run


@pytest.fixture
def sign_in(bench, client):
    """The browser of somebody with a role."""

    def enter(role):
        person = make_person("Bob")
        rights.grant_role(project=bench.project, person=person, role=role, actor=bench.actor)
        client.force_login(person)
        return client

    return enter


def erase(bench, run, **choice):
    return erasing.erase(
        Choice(project_id=bench.project.pk, execution=run.id, **choice), actor=bench.actor, reason="Zoe asked."
    )


def hold(bench, run):
    return legal_holds.place(
        project_id=bench.project.pk, actor=bench.actor, scope_type="execution", scope_value=run.id, reason="A claim."
    )


def filled(bench, **values):
    return {"reason": "Zoe asked.", "confirm": bench.project.slug, **values}


def page_of(run, rest=""):
    return f"executions/{run.id}/{rest}"


def test_owner_erases_and_the_record_says_when_by_which_entry_and_why(bench, alice, done):
    url = bench.url(page_of(done))
    assert TOKEN in (before := alice.get(url).text)
    assert 'data-dialog-open="erase"' in before

    answer = alice.post(f"{url}erase/", filled(bench))

    assert (answer.status_code, answer["Location"]) == (303, url)
    assert not Payload.objects.filter(stream=done.id).exists()
    shown = alice.get(url).text
    (entry,) = [line for line in lines(bench.project.pk) if line["type"] == "payloads.erased"]
    assert TOKEN not in shown
    assert "Arguments: " in shown
    assert f"?before={entry['seq'] + 1}" in shown
    assert f"entry #{entry['seq']}" in shown
    assert "Zoe asked." in shown
    assert "2 contents erased." in shown


@pytest.mark.parametrize("given", [{"confirm": "yes"}, {"reason": ""}, {"reason": "  "}])
def test_erasing_needs_a_reason_and_the_projects_name(bench, alice, done, given):
    assert alice.post(bench.url(page_of(done, "erase/")), filled(bench, **given)).status_code == 422
    assert Payload.objects.filter(stream=done.id).count() == 2


def test_reason_is_for_those_who_see_contents(bench, done, sign_in):
    erase(bench, done)

    for role, reads in ((Membership.Role.VIEWER, False), (Membership.Role.APPROVER, True)):
        browser = sign_in(role)
        for url in (page_of(done), "retention/"):
            shown = browser.get(bench.url(url)).text
            assert ("Zoe asked." in shown) is reads, (role, url)
    assert "erased on" in browser.get(bench.url(page_of(done))).text


@pytest.mark.parametrize("role", [role for role in Membership.Role if role is not Membership.Role.OWNER])
def test_who_may_not_erase_is_offered_nothing_and_refused(bench, done, sign_in, role):
    placed = hold(bench, done)
    browser = sign_in(role)

    assert "Erase contents" not in browser.get(bench.url(page_of(done))).text
    assert "New legal hold" not in browser.get(bench.url("retention/")).text
    for rest in (
        page_of(done, "erase/"),
        "retention/end-user/",
        "retention/holds/new/",
        f"retention/holds/{placed.pk}/lift/",
    ):
        assert browser.get(bench.url(rest)).status_code == 403, rest
        assert browser.post(bench.url(rest), filled(bench)).status_code == 403, rest
    assert browser.post(bench.url("retention/"), {"payload": "all", "days": "1"}).status_code == 403
    assert not RetentionRule.objects.exists()
    assert LegalHold.objects.get().lifted_at is None
    assert Payload.objects.filter(stream=done.id).count() == 2


def test_strangers_find_nothing(bench, done, client):
    client.force_login(make_person("Mallory"))

    for rest in (page_of(done, "erase/"), "retention/", "retention/end-user/", "retention/holds/new/"):
        assert client.get(bench.url(rest)).status_code == 404
        assert client.post(bench.url(rest), filled(bench)).status_code == 404


def test_what_lives_or_is_held_is_not_erased(bench, alice, done):
    live = bench.start(input={"who": TOKEN})
    hold(bench, done)

    for run, words in ((live, "still lives"), (done, "legal hold keeps")):
        url = bench.url(page_of(run, "erase/"))
        assert words in alice.get(url).text
        assert alice.post(url, filled(bench)).status_code == 409
    assert Payload.objects.filter(stream__in=[live.id, done.id]).count() == 3


def test_end_user_is_erased_by_name(bench, alice, done):
    url = bench.url("retention/end-user/")
    unknown = alice.post(url, filled(bench, end_user="Nobody"))
    assert (unknown.status_code, "Nobody of this name" in unknown.text) == (422, True)

    alice.post(url, filled(bench, end_user="Zoe Example"))

    assert not EndUser.objects.exists()
    assert not Payload.objects.filter(stream=done.id).exists()
    assert "and a name" in alice.get(bench.url("retention/")).text


def test_hold_is_placed_shown_and_lifted(bench, alice, done):
    wanted = {"scope_type": "end_user", "scope_value": "Zoe Example", "reason": "A claim."}
    assert alice.post(bench.url("retention/holds/new/"), {**wanted, "scope_value": ""}).status_code == 422
    assert alice.post(bench.url("retention/holds/new/"), {**wanted, "scope_value": "Nobody"}).status_code == 422
    assert alice.post(bench.url("retention/holds/new/"), wanted).status_code == 303
    placed = LegalHold.objects.get()

    shown = alice.get(bench.url("retention/")).text
    assert "Zoe Example" in shown
    assert "A claim." in shown

    lift = bench.url(f"retention/holds/{placed.pk}/lift/")
    assert "A claim." in alice.get(lift).text
    assert alice.post(lift, {"reason": ""}).status_code == 422
    assert alice.post(lift, {"reason": "Settled."}).status_code == 303
    assert alice.post(lift, {"reason": "Again."}).status_code == 409
    assert LegalHold.objects.get().lifted_by == bench.owner


def test_another_projects_hold_is_not_there(bench, alice, done):
    theirs = make_project(make_person("Dora")).pk
    foreign = legal_holds.place(
        project_id=theirs, actor=bench.actor, scope_type="project", scope_value=theirs, reason="Not yours."
    )

    assert alice.get(bench.url(f"retention/holds/{foreign.pk}/lift/")).status_code == 404
    assert "Not yours." not in alice.get(bench.url("retention/")).text


def test_retention_is_set_and_taken_away(bench, alice):
    url = bench.url("retention/")
    assert "For ever" in alice.get(url).text

    assert alice.post(url, {"payload": "args", "days": "30"}).status_code == 303
    assert "30 days after the end" in alice.get(url).text
    assert alice.post(url, {"payload": "args", "days": "0"}).status_code == 422
    assert alice.post(url, {"payload": "args", "days": ""}).status_code == 303
    assert "For ever" in alice.get(url).text


def test_activity_tells_of_erasures_holds_and_retention(bench, alice, done):
    alice.post(bench.url("retention/"), {"payload": "all", "days": "30"})
    erase(bench, done)
    hold(bench, done)

    shown = alice.get(bench.url("activity/")).text
    for word in ("Contents erased", "Legal hold placed", "Retention changed", "all contents: 30 days"):
        assert word in shown


def test_approval_says_that_its_arguments_were_erased(bench, alice):
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD)
    run = bench.start()
    run.asks(resource="mail", args={"to": TOKEN})
    url = bench.url(f"approvals/{approval_of(run).pk}/")
    assert TOKEN in alice.get(url).text
    alice.post(bench.url(page_of(run, "cancel/")), {"reason": "No."})

    erase(bench, run)

    shown = alice.get(url).text
    assert "erased on" in shown
    assert TOKEN not in shown
