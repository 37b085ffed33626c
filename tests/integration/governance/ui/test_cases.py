import pytest
from django.urls import reverse

from governance.domain.actors import Actor
from governance.domain.cases import example
from governance.queries import cases as queries
from governance.queries import states
from governance.services import cases, policies, rights
from tests.factories import make_agent, make_person, make_policy, make_tool
from tests.factories.executions import start

pytestmark = pytest.mark.django_db

DENY = '@id("no-mail")\n@message("No mail.")\n@effect("deny")\nforbid (principal, action, resource == Tool::"mail");\n'
HTMX = {"HX-Request": "true"}
MAIL = {"name": "Mail is refused", "kind": "tool.call", "resource": "mail", "agent": "scout", "wanted": "deny"}


@pytest.fixture
def policy(project):
    make_tool(project)
    return make_policy(project, DENY)


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def test_a_case_made_by_hand_stands_beside_the_draft(owner, project, policy):
    answer = owner.post(at("policy_case_new", project, policy.slug), {**MAIL, "context": '{"hour": 3}'})

    assert answer.status_code == 303
    assert "Mail is refused" in owner.get(at("policy_case_list", project, policy.slug)).text
    assert "The test case comes out as wanted" in owner.get(at("policy", project, policy.slug)).text
    typed = owner.post(
        at("policy_check", project, policy.slug), {"text": DENY.replace('"deny"', '"hold"')}, headers=HTMX
    ).text
    assert "Wanted: Refused. It is: Waits for a person." in typed
    assert "no-mail" in typed


@pytest.mark.parametrize("wrong", [{"context": '{"our": 3}'}, {"context": "3"}, {"args": "{"}, {"wanted": "perhaps"}])
def test_what_cannot_be_is_refused_with_its_place(owner, project, policy, wrong):
    answer = owner.post(at("policy_case_new", project, policy.slug), {**MAIL, **wrong}, headers=HTMX)

    assert answer.status_code == 422
    assert "field__error" in answer.text or "notice" in answer.text
    assert queries.current(policy) == []


def test_publishing_asks_why_while_a_case_fails(owner, project, policy, alice):
    given = example(kind="tool.call", resource="mail", agent="scout")
    cases.keep(policy=policy, actor=Actor(person=alice.pk), name="Mail", wanted="deny", given=given)
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY.replace('"deny"', '"hold"'))
    address = at("policy_publish", project, policy.slug)
    page = owner.get(address).text
    seen = {"note": "n", "expected_version": 1, "revision": policy.draft_revision}

    refused = owner.post(address, seen, headers=HTMX)

    assert '<textarea name="override"' in page
    assert "becomes" in page
    assert refused.status_code == 422
    assert states.in_force(project.pk).number == 3
    assert owner.post(address, {**seen, "override": "Urgent."}).status_code == 303
    assert "Published although test cases fail: Mail" in owner.get(f"/p/{project.slug}/activity/").text


def test_a_recorded_action_becomes_a_case_for_those_who_may(owner, member, project, policy):
    run = start(project, agent=make_agent(project))
    run.ask("mail")
    keep = reverse("executions:case_keep", args=[project.slug, run.id, 2])

    assert "Keep as a test case" in owner.get(reverse("executions:execution", args=[project.slug, run.id])).text
    assert owner.post(keep, {"policy": policy.slug, "name": "As it was", "wanted": "deny"}).status_code == 303

    (result,) = queries.run(policy, DENY, contents=False)
    assert result.passed
    assert member("viewer").get(keep).status_code == 403
    assert owner.get(keep.replace("/2/", "/77/")).status_code == 404


def test_recorded_arguments_are_only_for_those_who_may_see_them(project, policy, client):
    tool = {"type": "object", "properties": {"to": {"type": "string"}}}
    make_tool(project, "post", schema=tool)
    run = start(project, agent=make_agent(project))
    run.ask("post", args={"to": "secret@example.org"})
    author = make_person("Bob")
    rights.grant_role(project=project, person=author, role="author", actor=Actor(system="test"))
    client.force_login(author)

    answer = client.get(reverse("executions:case_keep", args=[project.slug, run.id, 2]))

    assert answer.status_code == 403
    assert "secret" not in answer.text
