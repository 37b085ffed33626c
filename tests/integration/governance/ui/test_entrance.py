"""Who gets in: every page of a project, for everybody."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from governance.domain.actors import Actor
from governance.domain.cases import example
from governance.domain.tool_definitions import define
from governance.models import McpTool
from governance.queries import states
from governance.services import cases, destinations, groups, mcp_servers, schedules
from governance.ui.urls import pages
from tests.factories import make_agent, make_budget, make_key, make_policy, make_tool

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(project, alice):
    """The address of every page, each about something that is there."""
    tool = make_tool(project)
    agent = make_agent(project)
    budget = make_budget(project).budget
    group = groups.define(project=project, slug="legal", name="Legal", people=[alice], actor=Actor(person=alice.pk))
    pager = destinations.create(
        project=project, actor=Actor(person=alice.pk), slug="pager", kind="webhook", address="https://hooks.invalid/x"
    ).destination
    policy = make_policy(project)
    case = cases.keep(
        policy=policy,
        actor=Actor(person=alice.pk),
        name="kept",
        wanted="deny",
        given=example(kind="tool.call", resource="mail", agent="scout"),
    )
    known = {
        "policy": policy.slug,
        "case_id": case.pk,
        "schedule_id": schedules.schedule(
            policy=policy,
            actor=Actor(person=alice.pk),
            due_at=timezone.now() + timedelta(days=1),
            expected_version=1,
        ).pk,
        "template": "no-loops",
        "mcp_server": "files",
        "mcp_tool_id": _tool_behind(project, alice).pk,
        "number": 1,
        "budget": budget.slug,
        "agent_id": agent.pk,
        "key": make_key(project, agent).key.pk,
        "tool_id": tool.pk,
        "kind": "tool",
        "name_id": tool.pk,
        "person_id": alice.pk,
        "role": "viewer",
        "right": "view_project",
        "group": group.slug,
        "destination": pager.slug,
        "message_id": destinations.test(destination=pager, project=project).pk,
    }
    return {
        page.name: reverse(
            f"governance:{page.name}",
            kwargs={"slug": project.slug} | {name: known[name] for name in page.pattern.converters},
        )
        for page in pages
    }


def _tool_behind(project, alice):
    by = Actor(person=alice.pk)
    files = mcp_servers.register(project=project, actor=by, slug="files", url="https://tools.invalid/mcp")
    mcp_servers.notice(files, [define(name="read", description="Read.", input_schema={"type": "object"})])
    return McpTool.objects.get(server=files)


ONLY_POST = {
    "policy_check",
    "policy_case_remove",
    "policy_approve",
    "policy_comment",
    "policy_format",
    "policy_autosave",
    "policy_schedule",
    "policy_schedule_cancel",
    "agent_adopt",
    "mcp_tool_accept",
    "name_adopt",
    "message_again",
    "notification_secret",
    "notification_test",
    "role_grant",
    "role_revoke",
    "policy_right_take",
    "budget_right_take",
    "agent_right_take",
}


def test_owner_sees_every_page(owner, addresses):
    answers = {name: owner.get(address).status_code for name, address in addresses.items()}

    assert answers == {name: 405 if name in ONLY_POST else 200 for name in addresses}


def test_stranger_finds_nothing_anywhere(stranger, addresses, project):
    before = states.in_force(project.pk).number

    for address in addresses.values():
        assert stranger.get(address).status_code in {404, 405}, address
        assert stranger.post(address).status_code in {404, 405}, address
    assert states.in_force(project.pk).number == before


def test_viewer_reads_and_changes_nothing(member, addresses):
    viewer = member("viewer")
    readable = {
        *("rules_in_force", "policy_list", "policy", "policy_history", "policy_version", "policy_case_list"),
        "policy_words",
        "policy_form",
        *("budget_list", "budget", "agent_list", "agent"),
        *("workflow_list", "tool_list", "tool", "mcp_server_list", "model_list", "person_list", "project_settings"),
        *("notification_list", "notification", "fact_list"),
        *("policy_rights", "budget_rights", "agent_rights"),
    }

    answers = {name: viewer.get(address).status_code for name, address in addresses.items()}

    assert {name for name, status in answers.items() if status == 200} == readable
    assert set(answers.values()) == {200, 403, 405}
    for name in ("policy", "policy_version", "agent", "tool", "role_grant", "agent_adopt"):
        assert viewer.post(addresses[name]).status_code == 403, name


def test_nobody_is_asked_to_sign_in_and_comes_back(client, addresses):
    answer = client.get(addresses["policy_list"])

    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('governance:sign_in')}?next={addresses['policy_list']}"
