import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.domain.manifest import policy_digest
from governance.queries import states
from governance.services import policies, projects
from tests.factories import make_agent, make_key, make_policy, make_tool
from tests.factories.executions import at_once, start

pytestmark = pytest.mark.django_db

DENY = '@id("no-mail")\n@message("No mail.")\n@effect("deny")\nforbid (principal, action, resource == Tool::"mail");\n'
HTMX = {"HX-Request": "true"}


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


@pytest.fixture
def policy(project, alice):
    make_tool(project)
    policy = make_policy(project, DENY)
    projects.change_settings(project=project, actor=Actor(person=alice.pk), four_eyes=True)
    return policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY + "// two\n")


def test_two_people_bring_a_text_into_force(owner, member, project, policy):
    address = at("policy_publish", project, policy.slug)
    seen = {"note": "", "expected_version": 1, "revision": policy.draft_revision}
    bob = member("author")

    alone = owner.post(address, seen, headers=HTMX)
    assert alone.status_code == 409
    assert "This project wants two people behind it" in alone.text
    assert "Approve this text" not in owner.get(address).text
    assert "Approve this text" in bob.get(address).text
    given = {"digest": policy_digest(policy.draft_text), "mode": "enforced"}
    assert bob.post(at("policy_approve", project, policy.slug), given).status_code == 303

    assert "Bob approved exactly this text" in owner.get(address).text
    assert owner.post(address, seen).status_code == 303
    assert "Text approved" in owner.get(f"/p/{project.slug}/activity/").text


def test_a_key_of_the_same_person_is_no_second_person(project, policy):
    api = APIClient(headers={"Authorization": f"Bearer {make_key(project).plain}"})

    answer = api.post(f"/api/v1/policies/{policy.slug}/publish/", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_missing")


def test_comments_stand_on_the_draft_and_on_a_version(owner, member, project, policy):
    comment = at("policy_comment", project, policy.slug)

    owner.post(comment, {"text": "Is <b>Friday</b> meant?"})
    owner.post(comment, {"text": "This one was good.", "version": 1})

    assert "Is &lt;b&gt;Friday&lt;/b&gt; meant?" in owner.get(at("policy_publish", project, policy.slug)).text
    version = owner.get(at("policy_version", project, policy.slug, 1)).text
    assert "This one was good." in version
    assert "Friday" not in version
    assert member("viewer").post(comment, {"text": "Me, too."}).status_code == 403


def test_what_is_on_trial_tells_what_it_would_have_done_and_is_enforced(owner, project, alice):
    make_tool(project)
    trial = make_policy(project, DENY, mode="shadow")
    run = start(project, agent=make_agent(project))
    run.ask("mail")
    run.ask("search")

    page = owner.get(reverse("executions:policy_trial", args=[project.slug, trial.slug])).text

    assert "Would have refused" in page
    assert "scout" in page
    assert "no-mail" in page
    promoted = owner.post(at("policy_promote", project, trial.slug), {"note": "Enough.", "expected_version": 1})
    assert promoted.status_code == 303
    assert {one.mode for one in states.in_force(project.pk).policies} == {"enforced"}
    after = owner.get(reverse("executions:policy_trial", args=[project.slug, trial.slug])).text
    assert "Nothing of this policy is on trial" in after


@pytest.mark.django_db(transaction=True)
def test_console_and_rest_at_once_end_in_one_order(client, project, alice):
    make_tool(project)
    policy = make_policy(project, DENY)
    client.force_login(alice)
    api = APIClient(headers={"Authorization": f"Bearer {make_key(project).plain}"})
    seen = {"note": "", "expected_version": 1, "revision": policy.draft_revision}

    answers = at_once(
        [
            lambda: client.post(at("policy_publish", project, policy.slug), seen).status_code,
            lambda: api.post(f"/api/v1/policies/{policy.slug}/publish/", {"expected_version": 1}).status_code,
        ]
    )

    assert sorted(answers) in ([200, 409], [303, 409])
    assert policy.versions.count() == 2
