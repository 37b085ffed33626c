"""Approvals, endings and kill orders, as a project's destinations are told of them.

What is told comes from entries, which hold no contents: never arguments, results, comments or the
reason that a person gave.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse

from executions.domain.states import State
from executions.models import Execution
from governance.domain.verdicts import Verdict
from governance.models import Approval, Project
from governance.queries.notices import project_of
from waxell.lib.money import format_usd
from waxell.lib.times import format_time
from waxell.outbox.domain.events import EntrySeen, Event

TOPICS: Final = {
    "approval.asked": "An action waits for a person",
    "approval.reminder": "Half of the time to decide is over",
    "approval.escalated": "Another group is asked as well",
    "approval.decided": "A person decided an approval",
    "approval.expired": "Nobody decided an approval in time",
    "execution.denied": "An execution was refused at the start",
    "execution.halted": "An execution was stopped",
    "execution.failed": "An execution failed",
    "execution.interrupted": "An execution lost its driver",
    "kill_order.placed": "A kill order was placed",
    "kill_order.lifted": "A kill order was lifted",
}
ENTRY_TYPES: Final = (
    "action.decided",
    "approval.decided",
    "approval.reminded",
    "approval.escalated",
    "execution.closed",
    "kill_order.placed",
    "kill_order.lifted",
)

_ENDINGS: Final = {
    State.DENIED: ("execution.denied", "was refused at the start"),
    State.HALTED: ("execution.halted", "was stopped"),
    State.FAILED: ("execution.failed", "failed"),
    State.INTERRUPTED: ("execution.interrupted", "lost its driver"),
}


def read(entry: EntrySeen) -> Event | None:
    """Return what an entry tells, None where nobody needs to hear of it."""
    match entry.type:
        case "action.decided":
            return _asked(entry) if entry.verdict == Verdict.HOLD else None
        case "approval.decided":
            return _decided(entry)
        case "approval.reminded" | "approval.escalated":
            return _still_waiting(entry)
        case "execution.closed":
            return _ended(entry)
        case _:
            return _kill_order(entry)


def _still_waiting(entry: EntrySeen) -> Event:
    approval = Approval.objects.select_related("agent").get(pk=entry.body["approval"])
    project = project_of(entry.project)
    group = entry.body.get("group")
    asked = (f"The group {group} is asked as well now.",) if group else ()
    return Event(
        # As long as an installation has been reminding of it, a request's reminder has been of this name.
        id=entry.event_id if group else f"approval/{approval.pk}/half",
        type="approval.escalated" if group else "approval.reminder",
        project=entry.project,
        at=entry.at,
        title=f"{approval.agent.slug} still waits for a person: {_action(approval.kind, approval.resource)}",
        lines=(*asked, _until(approval)),
        path=_approval_path(project, approval),
        data={
            "project": project.slug,
            "entry": entry.reference(),
            **_reference(approval),
            **({"group": group} if group else {}),
        },
    )


def _asked(entry: EntrySeen) -> Event | None:
    approval = Approval.objects.select_related("agent").filter(execution_id=entry.stream, action_seq=entry.seq).first()
    if approval is None:
        return None
    project = project_of(entry.project)
    action = entry.body["action"]
    reasons = [reason for reason in entry.body["decision"]["reasons"] if reason["effect"] == Verdict.HOLD]
    cost = _cost(entry.body["facts"])
    lines = [*map(_because, reasons), *([f"Cost: up to ${cost}."] if cost else []), _until(approval)]
    return Event(
        id=entry.event_id,
        type="approval.asked",
        project=entry.project,
        at=entry.at,
        title=f"{approval.agent.slug} waits for a person: {_action(action['kind'], action['resource'])}",
        lines=tuple(lines),
        path=_approval_path(project, approval),
        data={
            "project": project.slug,
            "entry": entry.reference(),
            **_reference(approval),
            "rules": [_rule(reason) for reason in reasons],
            "usd": cost,
        },
    )


def _decided(entry: EntrySeen) -> Event:
    approval = Approval.objects.select_related("agent").get(pk=entry.body["approval"])
    project = project_of(entry.project)
    outcome = entry.body["outcome"]
    expired = outcome == Approval.State.EXPIRED
    said = {Approval.State.GRANTED: "Granted", Approval.State.REFUSED: "Refused"}.get(outcome, "Nobody decided in time")
    return Event(
        id=entry.event_id,
        type="approval.expired" if expired else "approval.decided",
        project=entry.project,
        at=entry.at,
        title=f"{said}: {approval.agent.slug}, {_action(approval.kind, approval.resource)}",
        path=_approval_path(project, approval),
        data={"project": project.slug, "entry": entry.reference(), **_reference(approval), "outcome": outcome},
    )


def _ended(entry: EntrySeen) -> Event | None:
    told = _ENDINGS.get(entry.body["outcome"])
    if told is None:
        return None
    topic, words = told
    project = project_of(entry.project)
    execution = Execution.objects.only("agent_slug", "workflow_slug").get(pk=entry.stream)
    cause = entry.body.get("cause")
    return Event(
        id=entry.event_id,
        type=topic,
        project=entry.project,
        at=entry.at,
        title=f"{execution.workflow_slug} of {execution.agent_slug} {words}",
        lines=(_because(cause),) if cause else (),
        path=reverse("executions:execution", args=[project.slug, entry.stream]),
        data={
            "project": project.slug,
            "entry": entry.reference(),
            "execution": str(entry.stream),
            "agent": execution.agent_slug,
            "workflow": execution.workflow_slug,
            "outcome": entry.body["outcome"],
            "code": cause["code"] if cause else None,
            "rule": _rule(cause) if cause else None,
        },
    )


def _kill_order(entry: EntrySeen) -> Event:
    project = project_of(entry.project)
    order = entry.body["kill_order"]
    scope = f"{order['scope'].replace('_', ' ')} {order['value'] or ''}".strip()
    done = "placed" if entry.type == "kill_order.placed" else "lifted"
    return Event(
        id=entry.event_id,
        type=entry.type,
        project=entry.project,
        at=entry.at,
        title=f"Kill order {done} in {project.name}: {scope}",
        lines=("Everything it names is stopped.",) if done == "placed" else ("What it stopped stays stopped.",),
        path=reverse("executions:kill_order", args=[project.slug, order["id"]]),
        data={"project": project.slug, "entry": entry.reference(), "kill_order": order},
    )


def _reference(approval: Approval) -> dict[str, object]:
    return {
        "approval": str(approval.pk),
        "execution": str(approval.execution_id),
        "seq": approval.action_seq,
        "agent": approval.agent.slug,
        "workflow": approval.workflow_slug,
        "kind": approval.kind,
        "resource": approval.resource,
        "expires_at": format_time(approval.expires_at),
    }


def _action(kind: str, resource: str) -> str:
    return f"{kind} {resource}"


def _until(approval: Approval) -> str:
    return f"Without an answer it is refused at {approval.expires_at:%H:%M} UTC on {approval.expires_at:%-d %B %Y}."


def _because(reason: Mapping[str, Any]) -> str:
    rule = _rule(reason)
    return f"{reason['message']} ({rule})" if rule else str(reason["message"])


def _rule(reason: Mapping[str, Any]) -> str | None:
    """Return by what a reason is: `policy/rule`, or the budget's name; None where it is neither."""
    if reason.get("policy"):
        return f"{reason['policy']}/{reason['rule']}" if reason.get("rule") else str(reason["policy"])
    return str(reason["budget"]) if reason.get("budget") else None


def _cost(facts: Mapping[str, Any]) -> str | None:
    """Return what the action may cost in dollars: what it asks of budgets, else what the agent says."""
    asked = [seen["asked"] for seen in facts.get("budgets", ()) if seen["unit"] == "usd"]
    micros = max(asked, default=facts.get("estimate", {}).get("usd_micros"))
    return None if micros is None else format_usd(micros)


def _approval_path(project: Project, approval: Approval) -> str:
    return reverse("executions:approval", args=[project.slug, approval.pk])
