"""Every address of the REST API, from the URL configuration itself, filled with things that exist."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, get_resolver

from governance.domain.tool_definitions import ToolDefinition
from governance.models import McpServer
from governance.services import mcp_servers
from tests.factories import make_policy, make_tool, make_workflow
from tests.stack.fixtures import Bench

HOLD = """
@id("ask") @message("A person looks.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
READING = ToolDefinition(name="read", text='{"name":"read"}', fingerprint="sha256:" + 64 * "0")
FENCE = {"fence": 1}
NOTE = {"note": "n"}
BODIES: dict[str, dict[str, Any]] = {
    "execution_collection": {"workflow": "errand"},
    "action_collection": {**FENCE, "kind": "tool.call", "resource": "search"},
    "action_result": {**FENCE, "status": "ok"},
    "heartbeat": FENCE,
    "closing": {**FENCE, "outcome": "completed"},
    "cancelling": {"reason": "r"},
    "approval_decision": {"decision": "refuse"},
    "kill_order_collection": {"scope": {"type": "tool", "value": "x"}, "reason": "r"},
    "kill_order_lifting": {},
    "policy_collection": {"slug": "new", "name": "New", "text": HOLD},
    "policy_draft": {"text": HOLD},
    "policy_validation": {"text": HOLD},
    "policy_simulation": {"text": HOLD},
    "policy_publication": NOTE,
    "policy_retirement": NOTE,
    "policy_version_publication": NOTE,
    "budget_collection": {
        "slug": "new", "name": "New", "unit": "actions", "limit": 1, "scope": {"type": "project"}, "period": "day",
    },
    "budget_versions": {"limit": 9},
    "agent_collection": {"slug": "new", "name": "New"},
    "agent_keys": {"scopes": ["read"]},
    "key_revocation": {},
    "workflow_collection": {"slug": "new"},
    "tool_collection": {"slug": "new"},
    "tool_item": {"groups": ["g"]},
    "model_collection": {"slug": "new"},
    "destination_collection": {"slug": "new", "kind": "webhook", "address": "https://hooks.invalid/new"},
    "destination_item": {"events": ["key.created"]},
    "destination_removal": {},
    "destination_secret": {},
    "destination_test": {},
    "delivery_repetition": {},
    "mcp_server_collection": {"slug": "new", "url": "https://tools.invalid/mcp"},
    "mcp_server_item": {"active": True},
    "mcp_tool_acceptance": {"fingerprint": READING.fingerprint},
    "erasure_collection": {"scope": {"type": "end_user", "value": "Nobody"}, "reason": "r"},
    "legal_hold_collection": {"scope": {"type": "project"}, "reason": "r"},
    "legal_hold_lifting": {"reason": "r"},
}  # fmt: skip
PREFIX = "api/v1/"
# What anybody may read.
OPEN = {"api_schema", "verifier"}
# The installation's own log: the same for an auditor of any project, and tested beside sealing.
INSTALLATION = f"{PREFIX}ledger/"
# Another's protocol, with rules of its own about fields and statuses: tests/journeys/observe has its strictness.
OBSERVE = f"{PREFIX}observe/"
NOTHING = {
    "execution_id": lambda: str(uuid4()),
    "approval_id": lambda: str(uuid4()),
    "order_id": lambda: str(uuid4()),
    "identity": lambda: "0123456789abcdef",
    "slug": lambda: "no-such-thing",
    "message_id": lambda: str(uuid4()),
    "hold_id": lambda: str(uuid4()),
    "tool_id": lambda: str(uuid4()),
    "number": lambda: "1",
    "seq": lambda: "2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An address and a method. `template` has the parameters in angle brackets."""

    name: str
    method: str
    template: str

    @property
    def body(self) -> dict[str, Any] | None:
        """A body that this call accepts; None for a GET."""
        return BODIES[self.name] if self.method != "GET" else None

    @property
    def is_collection(self) -> bool:
        return "<" not in self.template

    def path(self, values: Mapping[str, str]) -> str:
        """The address with `values` for its parameters."""
        return re.sub(r"<\w+:(\w+)>", lambda found: values[found[1]], self.template)

    def nowhere(self) -> str:
        """The same address of things that do not exist."""
        return self.path({name: make() for name, make in NOTHING.items()})

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def routes() -> Iterator[Route]:
    """Every address and method of the REST API that asks for a key."""
    for route, pattern in _patterns(get_resolver().url_patterns):
        if not route.startswith(PREFIX) or route.startswith((INSTALLATION, OBSERVE)):
            continue
        if pattern.name not in OPEN:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                if hasattr(pattern.callback.view_class, method.lower()):
                    yield Route(name=pattern.name, method=method, template=route.removeprefix(PREFIX))


def _patterns(found: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in found:
        route = prefix + str(item.pattern)
        if isinstance(item, URLPattern):
            yield route, item
        else:
            yield from _patterns(item.url_patterns, route)


def furnish(bench: Bench) -> dict[str, dict[str, str]]:
    """Make one of everything; returns the parameters of each address by the first word of its path."""
    make_tool(bench.project, "mail")
    make_workflow(bench.project, "errand")
    make_policy(bench.project, HOLD, slug="held")
    api = bench.governor
    api.post("budgets/", {**BODIES["budget_collection"], "slug": "calls", "limit": 100}, expect=201)
    api.post("models/", {"slug": "gpt"}, expect=201)
    order = api.post("kill-orders/", {"scope": {"type": "tool", "value": "forbidden"}, "reason": "r"}, expect=201)
    api.post("destinations/", {**BODIES["destination_collection"], "slug": "pager"}, expect=201)
    test = api.post("destinations/pager/test/", expect=201)
    api.post("mcp-servers/", {**BODIES["mcp_server_collection"], "slug": "files"}, expect=201)
    mcp_servers.notice(McpServer.objects.get(project=bench.project, slug="files"), [READING])
    [tool] = api.items("mcp-servers/files/tools/")
    run, waiting, done = bench.start(), bench.start(), bench.start(input="Zoe")
    done.close()
    scope = {"type": "execution", "value": done.id}
    erased = api.post("erasures/", {"scope": scope, "reason": "r"}, expect=201)
    hold = api.post("legal-holds/", {"scope": scope, "reason": "r"}, expect=201)
    run.ask("search")
    approval = waiting.ask("mail")["approval"]["id"]
    return {
        "executions": {"execution_id": run.id, "seq": "2"},
        "approvals": {"approval_id": approval},
        "kill-orders": {"order_id": order["id"]},
        "policies": {"slug": "held", "number": "1"},
        "budgets": {"slug": "calls", "number": "1"},
        "agents": {"slug": "scout"},
        "keys": {"identity": api.items("keys/")[0]["id"]},
        "workflows": {"slug": "errand"},
        "tools": {"slug": "mail"},
        "models": {"slug": "gpt"},
        "destinations": {"slug": "pager", "message_id": test["id"]},
        "mcp-servers": {"slug": "files", "tool_id": tool["id"]},
        "erasures": {"seq": str(erased["entries"][0]["seq"])},
        "legal-holds": {"hold_id": hold["id"]},
    }


def values_of(route: Route, things: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """The parameters of `route` among what `furnish` made."""
    return things[route.template.partition("/")[0]]
