"""What a person fills in at each address of the console that changes something, and where that is written down.

A new address that takes POST adds its line to one of these.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from governance.access import Permission
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.domain.manifest import policy_digest
from governance.domain.tool_definitions import ToolDefinition
from governance.models import Agent, McpTool, Membership, Policy, PolicySchedule, Project
from governance.services import catalogue, mcp_servers, object_rights, rights, schedules
from tests.factories.addresses import HOLD
from tests.factories.executions import start
from tests.factories.governance import make_person, make_policy, owner_of

type Things = dict[str, str]
type Filled = Callable[[Project, Things], dict[str, Any]]


def _key(project: Project, things: Things) -> dict[str, Any]:
    return {"scopes": ["execute"], "expires_in_days": 30, "accountable": things["person_id"]}


def _right(project: Project, things: Things) -> dict[str, Any]:
    return {"email": make_person("Dora").email, "right": "view_project"}


def _given_right(kind: str) -> Filled:
    def give(project: Project, things: Things) -> dict[str, Any]:
        models = {"policy": project.policies, "budget": project.budgets, "agent": project.agents}
        wanted = {"pk": things["agent_id"]} if kind == "agent" else {"slug": things[kind]}
        owner = owner_of(project)
        thing = models[kind].get(**wanted)
        object_rights.give(obj=thing, person=owner, permission=Permission.VIEW, actor=Actor(system="test"))
        return {}

    return give


def _discovered_agent(project: Project, things: Things) -> dict[str, Any]:
    catalogue.discover(project_id=project.pk, kind=Kind.AGENT_DELEGATE, slug="found")
    things["agent_id"] = str(Agent.objects.get(project=project, slug="found").pk)
    return {}


def _discovered_tool(project: Project, things: Things) -> dict[str, Any]:
    catalogue.discover(project_id=project.pk, kind=Kind.TOOL_CALL, slug="found")
    things["name_id"] = str(project.tools.get(slug="found").pk)
    return {}


def _changed_tool(project: Project, things: Things) -> dict[str, Any]:
    tool = McpTool.objects.get(pk=things["mcp_tool_id"])
    now = ToolDefinition(name=tool.name, text='{"name":"read now"}', fingerprint="sha256:" + 64 * "1")
    mcp_servers.notice(tool.server, [now])
    return {"fingerprint": now.fingerprint}


def _second_role(project: Project, things: Things) -> dict[str, Any]:
    things["role"] = "viewer"
    rights.grant_role(
        project=project, person=owner_of(project), role=Membership.Role.VIEWER, actor=Actor(system="test")
    )
    return {}


def _again(project: Project, things: Things) -> int:
    waiting = PolicySchedule.objects.select_related("policy").get(pk=things["schedule_id"])
    schedules.cancel(waiting=waiting, actor=Actor(system="test"))
    return 1


def _on_trial(project: Project, things: Things) -> int:
    policy = make_policy(project, text=HOLD, mode="shadow")
    things["policy"] = policy.slug
    return 1


def _draft(project: Project, things: Things) -> dict[str, Any]:
    revision = Policy.objects.get(project=project, slug=things["policy"]).draft_revision
    return {"text": HOLD.replace("agree", "nod"), "mode": "enforced", "name": "Mail", "revision": revision}


def _ended(project: Project, things: Things) -> dict[str, Any]:
    run = start(project, input={"letter": "private"}, end_user="alice")
    run.close()
    things["execution_id"] = str(run.id)
    return {"reason": "She asked for it.", "confirm": project.slug}


def _just(**given: Any) -> Filled:
    return lambda project, things: given


def _first_rule(project: Project, things: Things) -> dict[str, Any]:
    policy = Policy.objects.get(project=project, slug=things["policy"])
    text = policy.draft_text.strip()
    return {"seen": policy_digest(text), "revision": policy.draft_revision, **_RULE}


_RULE: Final = {"rule_id": "no-mail", "effect": "deny", "message": "No.", "actions": "tool.call"}
_TERMS: Final = {"limit": "7", "on_exceed": "halt"}

IN_GOVERNANCE: Final[dict[str, Filled]] = {
    "policy_new": _just(name="New", slug="new", mode="enforced", text=HOLD),
    "rule_template": _just(most_depth=1, effect="deny", message="No.", name="Depth", slug="depth"),
    "policy": _draft,
    "policy_autosave": _draft,
    "policy_form": _just(do="down", rule=1, revision=1),
    "policy_rule": _first_rule,
    "policy_rule_new": _just(revision=1, **_RULE),
    "policy_publish": _just(expected_version=1, revision=1),
    "policy_case_new": _just(name="Mail", kind="tool.call", resource="mail", agent="messenger", wanted="hold"),
    "policy_case": _just(name="kept", kind="tool.call", resource="mail", agent="messenger", wanted="deny"),
    "policy_case_remove": _just(),
    "case_keep": lambda project, things: {"policy": things["policy"], "name": "As it was", "wanted": "hold"},
    "policy_promote": lambda project, things: {"expected_version": _on_trial(project, things)},
    "policy_approve": lambda project, things: {"digest": policy_digest(HOLD), "mode": "enforced"},
    "policy_comment": _just(text="Is Friday meant, too?"),
    "policy_schedule": lambda project, things: {
        "expected_version": 1,
        "revision": _again(project, things),
        "due_at": f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}",
    },
    "policy_schedule_cancel": _just(),
    "policy_retire": _just(expected_version=1),
    "policy_version": _just(expected_version=1),
    "policy_rights": _right,
    "policy_right_take": _given_right("policy"),
    "budget_new": _just(name="N", slug="n", unit="tool_calls", scope_type="project", period="day", **_TERMS),
    "budget_revise": _just(expected_version=1, **_TERMS),
    "budget_retire": _just(expected_version=1),
    "budget_rights": _right,
    "budget_right_take": _given_right("budget"),
    "agent_new": _just(name="New", slug="new"),
    "agent": _just(name="Renamed", teams="night"),
    "agent_adopt": _discovered_agent,
    "agent_rights": _right,
    "agent_right_take": _given_right("agent"),
    "agent_key_new": _key,
    "service_key_new": lambda project, things: {**_key(project, things), "service": "script"},
    "key_revoke": _just(),
    "workflow_new": _just(slug="new", kind="worker", max_attempts=1, max_concurrent=1),
    "workflow": _just(description="Something else."),
    "tool_new": _just(slug="new"),
    "tool": _just(groups="outward"),
    "model_new": _just(slug="new"),
    "name_adopt": _discovered_tool,
    "mcp_tool_accept": _changed_tool,
    "mcp_server_new": _just(slug="new", url="https://tools.invalid/new"),
    "mcp_server": _just(url="https://tools.invalid/other", active="on"),
    "tool_import": _just(text='{"tools": [{"name": "new"}]}', take="1", slugs=["new"]),
    "notification_new": _just(slug="new", kind="webhook", address="https://hooks.invalid/y"),
    "notification": _just(enabled="on"),
    "notification_secret": _just(),
    "notification_remove": _just(),
    "project_settings": _just(
        name="Other",
        refusal_limit=7,
        approval_timeout_seconds=3600,
        time_zone="UTC",
        max_concurrent_executions=1,
        max_pending_executions=1,
    ),
    "person_new": _just(email="new@example.org", name="New", role="viewer"),
    "role_grant": _just(role="viewer"),
    "role_revoke": _second_role,
    "group_new": _just(slug="new", name="New"),
    "group": _just(name="Other"),
    "kill_order_new": lambda project, things: {
        "scope_type": "tool",
        "scope_value": "x",
        "reason": "broken",
        "confirm": project.slug,
    },
    "kill_order_lift": _just(),
    "execution_erase": _ended,
    "end_user_erase": lambda project, things: {**_ended(project, things), "end_user": "alice"},
    "legal_hold_new": _just(scope_type="project", reason="A claim."),
    "legal_hold_lift": _just(reason="Settled."),
    "retention": _just(payload="all", days=30),
}
"""Leave an entry in the project's governance stream, which names who did it."""

ONCE_SEALED: Final[dict[str, Filled]] = {
    "execution_export": _just(),
    "ledger_export": _just(first="2026-01-01", last="2099-01-01"),
}
"""The same, where only what is sealed can be handed out."""

IN_THE_RECORD: Final[dict[str, Filled]] = {
    "execution_cancel": _just(reason="No longer needed."),
    "approval": _just(decision="refuse", comment="No."),
    "approval_alike": lambda project, things: {"decision": "refuse", "chosen": [things["approval_id"]]},
}
"""Leave an entry in the record of the execution that they are about."""

WITHOUT_ENTRY: Final[dict[str, str]] = {
    "execution_start": "begins a record of its own, whose first entry says who started it: see its tests",
    "project_new": "begins the stream of the new project with its first entry",
    "policy_check": "says what stands against a text, and keeps nothing",
    "policy_try": "begins to try a draft on what happened, which changes nothing; kept for its person for some days",
    "simulation_cancel": "ends such a trial, which changes nothing",
    "policy_format": "lays a text out, and keeps nothing",
    "what_if": "judges one recorded action with other facts, and keeps nothing",
    "ledger_verify": "checks a file, and keeps nothing",
    "notification_test": "sends one message; where messages go stays as it is",
    "message_again": "sends one message once more; where messages go stays as it is",
    "sign_in": "belongs to no project; attempts are kept beside the person",
    "sign_out": "belongs to no project",
    "password_change": "one's own password, which belongs to no project",
}
"""Take POST and leave none in the project, each with its reason."""
