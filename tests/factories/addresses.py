"""Every address of Waxell, from the URL configuration itself, and things that exist to put into them."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.urls import URLPattern, get_resolver
from django.utils import timezone

from executions.services import simulations
from governance.domain.actors import Actor
from governance.domain.cases import example
from governance.domain.tool_definitions import ToolDefinition
from governance.models import Approval, McpTool, Project
from governance.services import cases, destinations, groups, kill_orders, legal_holds, mcp_servers, schedules
from tests.factories.executions import start
from tests.factories.governance import (
    make_agent,
    make_budget,
    make_key,
    make_person,
    make_policy,
    make_tool,
    make_workflow,
    owner_of,
)

PROJECT: Final = "p/<slug:slug>/"
"""What the addresses of a project's pages begin with."""

HOLD: Final = """@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""


def _patterns(found: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in found:
        route = prefix + str(item.pattern)
        if isinstance(item, URLPattern):
            yield route, item
        else:
            yield from _patterns(item.url_patterns, route)


ROUTES: Final = sorted((route, pattern.name or "") for route, pattern in _patterns(get_resolver().url_patterns))
"""Route and name of every address."""


def furnish(project: Project) -> dict[str, str]:
    """Make one of everything that an address can name; returns them by the name of the parameter."""
    by = Actor(person=owner_of(project).pk)
    tool, agent = make_tool(project, "mail"), make_agent(project, "messenger")
    policy = make_policy(project, text=HOLD)
    case = cases.keep(
        policy=policy,
        actor=by,
        name="kept",
        wanted="hold",
        given=example(kind="tool.call", resource="mail", agent="messenger"),
    )
    waiting = schedules.schedule(policy=policy, actor=by, due_at=timezone.now() + timedelta(days=1), expected_version=1)
    budget = make_budget(project).budget
    group = groups.define(project=project, slug="release", name="Release", people=[make_person()], actor=by)
    pager = destinations.create(
        project=project, actor=by, slug="pager", kind="webhook", address="https://hooks.invalid/x"
    )
    message = destinations.test(destination=pager.destination, project=project)
    run = start(project, agent=agent)
    run.ask("mail", args={"to": "alice"})
    files = mcp_servers.register(project=project, actor=by, slug="files", url="https://tools.invalid/mcp")
    reading = ToolDefinition(name="read", text='{"name":"read"}', fingerprint="sha256:" + 64 * "0")
    mcp_servers.notice(files, [reading])
    (order,) = kill_orders.place(project=project, actor=by, scope_type="tool", scope_value="rm", reason="never")
    hold = legal_holds.place(
        project_id=project.pk, actor=by, scope_type="execution", scope_value=run.id, reason="a claim"
    )
    tried = simulations.start(policy=policy, person=owner_of(project), since=run.row.started_at, contents=True)
    return {
        "slug": project.slug,
        "execution_id": str(run.id),
        "stream": str(run.id),
        "seq": "2",
        "name": "args",
        "approval_id": str(Approval.objects.get(project=project).pk),
        "order_id": str(order.pk),
        "hold_id": str(hold.pk),
        "policy": policy.slug,
        "simulation_id": str(tried.pk),
        "case_id": str(case.pk),
        "schedule_id": str(waiting.pk),
        "template": "delegation-depth",
        "number": "1",
        "budget": budget.slug,
        "agent_id": str(agent.pk),
        "key": make_key(project, agent).key.pk,
        "identity": make_key(project, agent).key.pk,
        "tool_id": str(tool.pk),
        "mcp_server": files.slug,
        "mcp_tool_id": str(McpTool.objects.get(server=files).pk),
        "kind": "tool",
        "name_id": str(tool.pk),
        "person_id": str(owner_of(project).pk),
        "role": "owner",
        "right": "view_project",
        "workflow_id": str(make_workflow(project).pk),
        "group": group.slug,
        "destination": "pager",
        "message_id": str(message.pk),
        "log": "1",
        "model": "gpt-4o-mini",
        "address": "0/000",
    }


def fill(route: str, things: dict[str, str]) -> str:
    """The address with things that exist. A new parameter fails here until `furnish` makes one."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: things[found[1]], route)
