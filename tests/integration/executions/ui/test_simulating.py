"""Trying a draft in the browser."""

import pytest

from executions.models import Simulation
from executions.services import simulations
from governance.access import Permission
from governance.models import Membership
from governance.services import object_rights, rights
from tests.factories import make_person, make_policy, make_tool
from tests.factories.drafts import rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(bench):
    make_tool(bench.project, "mail")
    return make_policy(bench.project, rule(effect="halt"), publish=False)


@pytest.fixture
def address(bench, policy):
    return bench.url(f"policies/{policy.slug}/try/")


def work():
    """Do what workers would."""
    for simulation in Simulation.objects.all():
        for part in simulation.parts.all():
            while simulations.go_on(part.pk):
                pass


def test_a_person_tries_waits_and_reads_what_would_change(bench, alice, policy, address):
    run = bench.start()
    run.asks(resource="mail")
    assert "Nothing tried yet" in alice.get(address).text

    begun = alice.post(address, {"period": "day", "against": "then"})
    waiting = alice.get(begun.url).text
    assert "Waiting for a worker" in waiting
    assert "data-live" in waiting
    work()
    page = alice.get(begun.url).text

    assert "data-live" not in page
    assert "What would change" in page
    assert "Whose decisions would change" in page
    assert f'href="/p/{bench.project.slug}/executions/{run.id}/"' in page
    assert f"{policy.slug}/no-mail" in page
    assert begun.url in alice.get(address).text


def test_the_poll_renders_nothing_while_nothing_moved(bench, alice, address):
    bench.start()
    begun = alice.post(address, {"period": "day", "against": "in_force"})
    first = alice.get(begun.url, headers={"HX-Request": "true"})
    assert "<html" not in first.text

    again = alice.get(begun.url, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    work()
    done = alice.get(begun.url, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})

    assert (again.status_code, done.status_code) == (304, 200)
    assert "No verdict would have been another" in done.text


def test_examples_are_those_of_one_change_one_actor_and_one_page(bench, alice, address, monkeypatch):
    monkeypatch.setattr("executions.ui.simulations.EXAMPLES_SHOWN", 2)
    for workflow in ("errand", "other"):
        run = bench.start(workflow)
        for _ in range(2):
            run.asks(resource="mail")
            if run.answers[-1]["state"] != "running":
                break
    begun = alice.post(address, {"period": "day", "against": "then"})
    work()

    def rows(query=""):
        return alice.get(begun.url + query).text.count("no-mail</span>")

    assert rows() == 2
    assert rows("?change=allow-%3Ehalt&agent=scout&workflow=other") == 2
    assert rows("?change=deny-%3Eallow") == 2, "a change that did not happen shows the first that did"
    assert alice.get(begun.url + "?cursor=junk").status_code == 400
    page = alice.get(begun.url).text
    assert 'rel="next"' in page


def test_cancelling_says_so_and_is_said_again_afterwards(bench, alice, address):
    bench.start()
    begun = alice.post(address, {"period": "week", "against": "then"})

    cancelled = alice.post(f"{begun.url}cancel/", follow=True).text
    again = alice.post(f"{begun.url}cancel/", follow=True).text

    assert "Cancelled. What was found until then is below." in cancelled
    assert "It had ended before you cancelled it." in again
    assert "data-live hx-get" not in alice.get(begun.url).text.partition('id="result"')[2][:200]


def test_a_lost_one_says_so(bench, alice, address):
    begun = alice.post(address, {"period": "week", "against": "then"})
    Simulation.objects.update(state="lost", ended_at=Simulation.objects.get().began_at)

    assert "It did not get to its end" in alice.get(begun.url).text


def test_a_broken_draft_a_wrong_period_and_too_many_are_refused(bench, alice, address):
    broken = make_policy(bench.project, "forbid", publish=False)
    wanted = {"period": "day", "against": "then"}

    refused = alice.post(bench.url(f"policies/{broken.slug}/try/"), wanted)
    assert (refused.status_code, "This draft cannot be tried" in refused.text) == (422, True)
    assert alice.post(address, {"period": "ever", "against": "then"}).status_code == 422
    assert [alice.post(address, wanted).status_code for _ in range(3)] == [303, 303, 409]


def test_publishing_shows_what_would_change(bench, alice, policy, address):
    bench.start().asks(resource="mail")

    assert f'hx-get="{address}?glance"' in alice.get(bench.url(f"policies/{policy.slug}/publish/")).text
    assert f'href="{address}"' in alice.get(bench.url(f"policies/{policy.slug}/")).text
    glance = alice.get(f"{address}?glance").text
    assert "1 decision of the last day would change." in glance
    assert "Allowed" in glance
    assert "Stopped" in glance
    assert "<html" not in glance


def test_only_who_may_author_and_see_the_project_tries(bench, client, policy, address):
    viewer, editor = make_person("Victor"), make_person("Ed")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    object_rights.give(obj=policy, person=editor, permission=Permission.AUTHOR_POLICIES, actor=bench.actor)

    client.force_login(viewer)
    assert client.get(address).status_code == 403
    client.force_login(editor)
    assert client.get(address).status_code == 403
    assert client.post(address, {"period": "day", "against": "then"}).status_code == 403
    assert client.get(f"{address}?glance").status_code == 204


def test_what_one_tried_another_does_not_see_nor_who_may_no_longer_read(bench, alice, client, address):
    begun = alice.post(address, {"period": "day", "against": "then"})
    author = make_person("Arthur")
    rights.grant_role(project=bench.project, person=author, role=Membership.Role.AUTHOR, actor=bench.actor)

    client.force_login(author)
    assert client.get(begun.url).status_code == 404
    assert client.post(f"{begun.url}cancel/").status_code == 404
    Simulation.objects.update(person=author)
    assert client.get(begun.url).status_code == 404, "it saw arguments, which this author may not"
    Simulation.objects.update(contents=False)
    assert client.get(begun.url).status_code == 200
