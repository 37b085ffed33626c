"""Agents, keys, names, people and groups in the console."""

import re

import pytest
from django.urls import reverse

from governance.domain.kinds import Kind
from governance.models import Agent, ApiKey, Membership, Person, Project
from governance.queries import beginnings, keys, states
from governance.services import catalogue
from tests.factories import make_agent, make_key, make_policy, make_project, make_tool
from waxell.lib import canonical

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def test_agent_is_registered_and_its_key_shown_once_with_calls(owner, project, alice):
    given = {"name": "Scout", "slug": "scout", "teams": "sales, nights"}
    onward = owner.post(at("agent_new", project), given)["Location"]
    agent = Agent.objects.get()
    assert onward == at("agent_key_new", project, agent.pk)

    answer = owner.post(
        onward, {"scopes": ["execute", "read"], "expires_in_days": 30, "accountable": alice.pk}, headers=HTMX
    )

    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    plain = re.search(r"wxk_[0-9a-f]{16}_[\w-]+", answer.text)[0]
    assert keys.authenticate(plain).agent == agent
    assert answer.text.count(plain) == 3
    assert "http://testserver/api/v1/executions/" in answer.text
    page = owner.get(at("agent", project, agent.pk)).text
    assert plain.rpartition("_")[0].split("_")[1] in page
    assert plain not in page
    assert "nights" in page


def test_agents_key_never_governs(owner, project, alice):
    agent = make_agent(project)
    given = {"scopes": ["govern"], "expires_in_days": 30, "accountable": alice.pk}

    assert owner.post(at("agent_key_new", project, agent.pk), given).status_code == 422
    assert not ApiKey.objects.exists()


def test_operator_cannot_lend_the_rights_of_the_owner(member, project, alice):
    operator = member("operator")
    given = {"service": "script", "scopes": ["govern"], "expires_in_days": 30, "accountable": alice.pk}

    assert operator.post(at("service_key_new", project), given).status_code == 422
    assert not ApiKey.objects.exists()


def test_key_is_revoked_once(owner, project):
    key = make_key(project, make_agent(project)).key

    owner.post(at("key_revoke", project, key.pk))
    again = owner.post(at("key_revoke", project, key.pk), follow=True)

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "The key is revoked already." in again.text


@pytest.mark.parametrize("kind", [Kind.TOOL_CALL, Kind.MODEL_CALL, Kind.EXECUTION_START, Kind.AGENT_DELEGATE])
def test_discovered_names_of_any_kind_are_listed_and_adopted(owner, project, kind):
    name = {Kind.TOOL_CALL: "tool", Kind.MODEL_CALL: "model", Kind.EXECUTION_START: "workflow"}.get(kind, "agent")
    catalogue.discover(project_id=project.pk, kind=kind, slug='a/b <script> "c"')
    row = getattr(project, f"{name}s").get()
    page = owner.get(at(f"{name}_list", project)).text
    assert "a/b &lt;script&gt;" in page
    assert "discovered" in page

    address = at("agent_adopt", project, row.pk) if name == "agent" else at("name_adopt", project, name, row.pk)
    owner.post(address)

    row.refresh_from_db()
    assert not row.discovered


def test_schema_that_is_no_json_is_told_with_its_place(owner, project):
    given = {"slug": "mail", "schema": '{\n  "type": object\n}'}

    answer = owner.post(at("tool_new", project), given, headers=HTMX)

    assert answer.status_code == 422
    assert "Line 2, column 11" in answer.text
    assert not project.tools.exists()


def test_tool_shows_its_risk_its_owner_and_the_fingerprint_of_its_schema(owner, member, project, alice):
    given = {"slug": "pay", "risk": "high", "owner": alice.pk, "schema": '{"type": "object"}'}

    assert owner.post(at("tool_new", project), given).status_code == 303

    tool = project.tools.get()
    assert (tool.risk, tool.owner) == ("high", alice)
    assert str(alice) in owner.get(at("tool_list", project)).text
    page = member("viewer").get(at("tool", project, tool.pk)).text
    assert "High" in page
    assert canonical.digest_of({"type": "object"})[7:23] in page
    owner.post(at("tool", project, tool.pk), {"schema": '{"type": "object"}', "groups": ""})
    tool.refresh_from_db()
    assert (tool.risk, tool.owner) == ("", None)


def test_schema_that_breaks_a_policy_is_refused_with_the_policy(owner, project):
    typed = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
    tool = make_tool(project, "mail", schema=typed)
    text = """@id("to") @message("To us only.") @effect("deny")
    forbid (principal, action == Action::"tool.call/mail", resource) when { context.args.to == "x" };"""
    make_policy(project, text, slug="outward")

    answer = owner.post(at("tool", project, tool.pk), {"schema": '{"type": "object"}', "groups": ""}, headers=HTMX)

    assert answer.status_code == 422
    assert "outward:" in answer.text
    tool.refresh_from_db()
    assert tool.schema == typed


def test_new_person_gets_a_first_password_that_works(owner, client, project):
    answer = owner.post(at("person_new", project), {"email": "Dora@example.org", "name": "Dora", "role": "author"})

    dora = Person.objects.get(name="Dora")
    password = re.search(r'data-copy="([\w-]{16})"', answer.text)[1]
    assert dora.check_password(password)
    assert Membership.objects.get(person=dora).role == "author"


def test_known_person_gets_the_role_and_keeps_the_password(owner, stranger, project):
    charlie = Person.objects.get(name="Charlie")

    answer = owner.post(at("person_new", project), {"email": charlie.email.upper(), "role": "viewer"})

    assert answer.status_code == 303
    assert stranger.get(at("policy_list", project)).status_code == 200


def test_last_owner_stays(owner, project, alice):
    answer = owner.post(at("role_revoke", project, alice.pk, "owner"), follow=True)

    assert "A project keeps at least one owner." in answer.text
    assert Membership.objects.filter(project=project, role="owner").exists()


def test_group_is_made_once_and_changed_in_force(owner, project, alice):
    given = {"slug": "legal", "name": "Legal", "people": [alice.pk]}
    owner.post(at("group_new", project), given)
    again = owner.post(at("group_new", project), {**given, "people": []})
    assert again.status_code == 422
    assert states.in_force(project.pk).approver_groups[0].members == (str(alice.pk),)

    owner.post(at("group", project, "legal"), {"name": "Legal", "people": []})

    assert states.in_force(project.pk).approver_groups[0].members == ()


def test_only_owners_open_projects(owner, member, alice):
    given = {"name": "Second", "slug": "second", "baseline": "allow-list", "time_zone": "Europe/Vienna"}

    assert member("author").post(reverse("governance:project_new"), given).status_code == 403
    assert owner.post(reverse("governance:project_new"), given).status_code == 303
    assert Project.objects.get(slug="second").baseline == "allow-list"


def test_console_leads_to_the_project_visited_last(owner, project, alice):
    second = make_project(alice)
    owner.get(at("policy_list", second))

    assert second.slug in owner.get("/")["Location"]


def test_beginnings_are_seen_one_by_one(project):
    assert beginnings.seen(project.pk) == beginnings.Beginnings(agent=None, key=False, called=False, rule=False)
    agent = make_agent(project)
    make_key(project, agent)
    make_tool(project)
    make_policy(project)

    seen = beginnings.seen(project.pk)

    assert (seen.agent, seen.key, seen.called, seen.rule) == (agent.pk, True, False, True)
