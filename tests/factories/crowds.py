"""A project with many of everything, for pages that must not grow dearer with what is on them."""

from executions.queries.erasable import Choice
from executions.services import approvals, erasing
from executions.services import kill_orders as stops
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.tool_definitions import ToolDefinition
from governance.models import Approval, Budget, Membership, Policy, Project
from governance.services import (
    budgets,
    catalogue,
    destinations,
    groups,
    kill_orders,
    legal_holds,
    mcp_servers,
    policies,
    rights,
)
from governance.services.retention import keep_for
from tests.factories.addresses import HOLD, furnish
from tests.factories.executions import start
from tests.factories.governance import (
    make_agent,
    make_budget,
    make_key,
    make_person,
    make_policy,
    make_project,
    make_tool,
    make_workflow,
    owner_of,
)
from waxell.lib import canonical
from waxell.outbox.models import Destination


def furnish_many(rows: int) -> tuple[Project, dict[str, str]]:
    """A project with `rows` of everything, on each thing too, and what fills its addresses as `furnish` gives it."""
    project = make_project()
    things = furnish(project)
    by = Actor(person=owner_of(project).pk)
    busy = make_agent(project, "busy")
    _register(project, by, rows)
    _revise(project, by, things, rows)
    _stop(project, by, things, rows)
    _tell(project, by, rows)
    _serve(project, by, rows)
    _forget(project, by, rows)
    long = start(project, agent=busy)
    for number in range(rows):
        waiting = start(project, agent=busy, parent=long.id)
        waiting.ask("mail", args={"number": number})
        long.ask(f"tool-{number}", args={"number": number})
        make_key(project, busy)
    _decide(project, by, rows // 2)
    return project, {**things, "execution_id": str(long.id), "stream": str(long.id), "agent_id": str(busy.pk)}


def _register(project: Project, by: Actor, rows: int) -> None:
    """Names, people, and rules about none of them."""
    for number in range(rows):
        make_agent(project, f"agent-{number}")
        make_key(project)
        make_tool(project, f"tool-{number}")
        make_workflow(project, f"work-{number}")
        catalogue.register_model(project=project, slug=f"model-{number}", actor=by)
        make_budget(project, scope_type="agent", limit=1000)
        make_policy(project, HOLD.replace("mail", f"tool-{number}"), mode=Policy.Mode.SHADOW)
        make_policy(project, HOLD, publish=False)
        person = make_person("Bob")
        rights.grant_role(project=project, person=person, role=Membership.Role.VIEWER, actor=by)
        groups.define(project=project, slug=f"group-{number}", name="Group", people=[person], actor=by)


def _revise(project: Project, by: Actor, things: dict[str, str], rows: int) -> None:
    """Versions of one policy, of one budget and members of one group."""
    policy = Policy.objects.get(project=project, slug=things["policy"])
    budget = Budget.objects.get(project=project, slug=things["budget"])
    for number in range(rows):
        policies.save_draft(policy=policy, text=HOLD.replace("agree", f"agree {number}"), actor=by)
        policy.refresh_from_db()
        policies.publish(policy=policy, actor=by)
        budgets.revise(budget=budget, limit=1000 + number, actor=by)
    crowd = [make_person("Carol") for _ in range(rows)]
    groups.define(project=project, slug=things["group"], name="Release", people=crowd, actor=by)


def _stop(project: Project, by: Actor, things: dict[str, str], rows: int) -> None:
    """Kill orders in force and lifted, and one that stopped many executions."""
    doomed = make_agent(project, "doomed")
    for _ in range(rows):
        start(project, agent=doomed)
    placed = stops.place(project=project, actor=by, scope_type="agent", scope_value="doomed", reason="all")
    things["order_id"] = str(placed.orders[0].pk)
    for number in range(rows):
        for lifted in (False, True):
            value = f"rm-{number}-{lifted}"
            (one,) = kill_orders.place(project=project, actor=by, scope_type="tool", scope_value=value, reason="no")
            if lifted:
                kill_orders.lift(order=one, actor=by)


def _tell(project: Project, by: Actor, rows: int) -> None:
    """Destinations, and messages to one of them."""
    pager = Destination.objects.get(project_id=project.pk, slug="pager")
    for number in range(rows):
        address = f"https://hooks.invalid/{number}"
        destinations.create(project=project, actor=by, slug=f"pager-{number}", kind="slack", address=address)
        destinations.test(destination=pager, project=project)


def _serve(project: Project, by: Actor, rows: int) -> None:
    """MCP servers, and tools of one that changed."""
    for number in range(rows):
        slug, url = f"server-{number}", "https://tools.invalid/mcp"
        server = mcp_servers.register(project=project, actor=by, slug=slug, url=url)
        for text in ('{"name":"was"}', '{"name":"is"}'):
            digest = canonical.digest(text.encode())
            mcp_servers.notice(server, [ToolDefinition(name=f"tool-{number}", text=text, fingerprint=digest)])


def _forget(project: Project, by: Actor, rows: int) -> None:
    """Erasures, legal holds in force and lifted, and a rule."""
    gone = make_agent(project, "gone")
    keep_for(project_id=project.pk, actor=by, days=30, payload="args")
    for number in range(rows):
        done = start(project, agent=gone, input={"number": number}, end_user=f"user-{number}")
        done.close()
        erasing.erase(Choice(project_id=project.pk, execution=done.id), actor=by, reason="old")
        for scope, value in (("execution", done.id), ("end_user", done.row.end_user)):
            assert value is not None
            hold = legal_holds.place(
                project_id=project.pk, actor=by, scope_type=scope, scope_value=value, reason="a claim"
            )
            if number % 2:
                legal_holds.lift(hold=hold, actor=by, reason="settled")


def _decide(project: Project, by: Actor, many: int) -> None:
    """Let somebody grant some of what waits; nobody may grant what they answer for."""
    voter = make_person("Dora")
    rights.grant_role(project=project, person=voter, role=Membership.Role.APPROVER, actor=by)
    caller = Caller(project_id=project.pk, person_id=voter.pk)
    for waiting in Approval.objects.filter(project=project, state=Approval.State.PENDING)[:many]:
        approvals.decide_approval(approval_id=waiting.pk, caller=caller, person_id=voter.pk, decision="grant")
