"""Who changed what in a project, in time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions.queries import activity
from executions.queries.records import Written
from executions.ui import wording
from executions.ui.polling import live
from governance.access import Permission
from governance.domain.changes import Change
from governance.models import Membership, Project
from governance.ui import changes
from governance.ui.entrance import within_project
from governance.ui.object_rights import RIGHTS
from waxell.lib.htmx import render_page

WORDS: Final = {
    "project.created": ("Project opened", "house"),
    "settings.changed": ("Settings changed", "wrench"),
    "policy.drafted": ("Policy drafted", "pencil"),
    "policy.draft_saved": ("Draft saved", "pencil"),
    "policy.case_kept": ("Test case kept", "check"),
    "policy.case_removed": ("Test case taken out", "x"),
    "policy.scheduled": ("Publication scheduled", "clock"),
    "policy.schedule_cancelled": ("Scheduled publication cancelled", "clock"),
    "policy.schedule_refused": ("Scheduled publication refused", "circle-alert"),
    "policy.approved": ("Text approved", "badge-check"),
    "policy.commented": ("Comment on a policy", "pencil"),
    "policy.published": ("Policy in force", "scroll-text"),
    "policy.retired": ("Policy retired", "scroll-text"),
    "budget.published": ("Budget in force", "wallet"),
    "budget.retired": ("Budget retired", "wallet"),
    "group.defined": ("Approvers named", "users-round"),
    "agent.registered": ("Agent registered", "bot"),
    "team.defined": ("Team named", "users-round"),
    "agent.changed": ("Agent changed", "bot"),
    "name.adopted": ("Name adopted", "badge-check"),
    "role.granted": ("Role given", "user-round"),
    "role.revoked": ("Role taken back", "user-round"),
    "right.granted": ("Right given", "user-round"),
    "right.withdrawn": ("Right taken back", "user-round"),
    "key.issued": ("Key issued", "key-round"),
    "key.revoked": ("Key revoked", "key-round"),
    "destination.created": ("Destination made", "inbox"),
    "destination.changed": ("Destination changed", "inbox"),
    "destination.secret_renewed": ("Destination's secret renewed", "inbox"),
    "destination.removed": ("Destination removed", "inbox"),
    "workflow.registered": ("Workflow registered", "workflow"),
    "workflow.changed": ("Workflow changed", "workflow"),
    "tool.registered": ("Tool registered", "wrench"),
    "tool.changed": ("Tool changed", "wrench"),
    "model.registered": ("Model registered", "bot"),
    "mcp_server.registered": ("MCP server registered", "wrench"),
    "mcp_server.changed": ("MCP server changed", "wrench"),
    "mcp_tool.changed": ("Tool's definition changed", "octagon"),
    "mcp_tool.accepted": ("Tool's definition accepted", "badge-check"),
    "kill_order.placed": ("Kill order placed", "octagon-x"),
    "kill_order.lifted": ("Kill order lifted", "octagon"),
    "ledger.exported": ("Evidence exported", "download"),
    "payloads.erased": ("Contents erased", "x"),
    "legal_hold.placed": ("Legal hold placed", "shield"),
    "legal_hold.lifted": ("Legal hold lifted", "shield"),
    "retention.changed": ("Retention changed", "clock"),
    "access.refused": ("Reached too far", "shield"),
    "requests.throttled": ("Too many requests", "clock"),
}
TONES: Final = {
    "kill_order.placed": "halt",
    "policy.schedule_refused": "hold",
    "mcp_tool.changed": "hold",
    "access.refused": "deny",
    "requests.throttled": "hold",
}
NAMED: Final = (
    "project_slug",
    "policy",
    "case",
    "budget",
    "team",
    "agent",
    "workflow",
    "mcp_server",
    "tool",
    "model",
    "group",
    "destination",
    "host",
    "key",
    "role",
    "execution",
    "kind",
)
"""Members of an entry that say what it is about."""


AREAS: Final = {
    "policies": "Policies",
    "budgets": "Budgets",
    "stops": "Kill orders",
    "people": "People & rights",
    "agents": "Agents & names",
    "settings": "Settings",
    "evidence": "Evidence",
    "alarms": "Turned away",
}
"""What can be looked for, as one reads it."""


_ROLES: Final = dict(Membership.Role.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the governance stream as a line of the timeline; `differences` are sentences."""

    entry: Written
    rules: int | None
    word: str
    icon: str
    tone: str
    what: str
    text: str
    differences: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        return timezone.localdate(self.entry.at)

    @property
    def number(self) -> str:
        return str(self.entry.seq)

    @property
    def at(self) -> datetime:
        return self.entry.at


@require_safe
@within_project(Permission.VIEW)
def show(request: HttpRequest, project: Project) -> HttpResponse:
    """The governance stream, the newest first; `before` is where an older page begins."""
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None
    filters = {name: request.GET[name] for name in ("area", "person") if request.GET.get(name)}
    page = activity.page(project.pk, before=before, area=filters.get("area"), person=_person(filters.get("person")))
    context = {
        "project": project,
        "events": [event_of(entry, page.people, page.changes) for entry in page.entries],
        "older_href": _address({**filters, "before": str(page.older)}) if page.older else None,
        "newest_href": _address(filters),
        "first_page": before is None,
        "filters": filters,
        "areas": [
            {
                "label": label,
                "current": filters.get("area") == area,
                "href": _address({**filters, "area": "" if filters.get("area") == area else area}),
            }
            for area, label in AREAS.items()
        ],
        "members": activity.members(project.pk),
    }
    return live(request, render_page(request, "executions/activity.html", context, partial="events"))


def _person(given: str | None) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Http404 from error


def _address(filters: Mapping[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in filters.items() if value})


def event_of(
    entry: Written, people: Mapping[str, str], rules: Mapping[int, tuple[Change, ...]] = MappingProxyType({})
) -> Event:
    """Tell one entry; `people` are names by id, `rules` what the numbers that were published changed."""
    word, icon = WORDS.get(entry.type, (entry.type, "file-text"))
    return Event(
        entry=entry,
        rules=entry.body.get("published", {}).get("number"),
        word=word,
        icon=icon,
        tone=TONES.get(entry.type, "neutral"),
        what=wording.visible(_subject(entry.body, people)),
        text=_told(entry.body, people),
        differences=tuple(_differences(entry.body, rules)),
    )


def _differences(body: Mapping[str, Any], rules: Mapping[int, tuple[Change, ...]]) -> Iterator[str]:
    """What is otherwise than before: in the rules, as their numbers tell; else as the entry itself tells."""
    published = rules.get(body.get("published", {}).get("number", 0), ())
    for change in published:
        if not changes.is_internal(change):
            yield wording.visible(changes.told(change))
    if overridden := body.get("cases_overridden"):
        yield wording.visible(f"Published although test cases fail: {', '.join(overridden)}")
    was, now = body.get("was"), body.get("now") or body.get("settings")
    if isinstance(was, dict) and isinstance(now, dict):
        told = {change.name for change in published if change.part == "settings"}
        for name in sorted(now.keys() - told):
            yield wording.visible(
                changes.told(Change(part="settings", name=name, before=was.get(name), after=now[name]))
            )


def _subject(body: Mapping[str, Any], people: Mapping[str, str]) -> str:
    person = people.get(str(body.get("person", "")), "")
    if "right" in body:
        return _right(body, person)
    if "role" in body:
        return f"{_ROLES.get(body['role'], body['role'])} to {person}".strip()
    if "since" in body and "until" in body:
        return f"{body['since'][:10]} to {body['until'][:10]}"
    parts = [str(body[name]) for name in NAMED if isinstance(body.get(name), str)]
    if isinstance(order := body.get("kill_order"), dict):
        parts += [str(order["scope"]).replace("_", " "), str(order["value"] or "")]
    if isinstance(hold := body.get("legal_hold"), dict):
        parts.append(str(hold["scope"]["type"]).replace("_", " "))
    if body.get("type") == "retention.changed":
        parts.append(f"{body['payload'] or 'all contents'}: {body['days'] or 'for ever'}{' days' * bool(body['days'])}")
    if (erased := body.get("erased")) is not None:
        parts.append(f"{len(erased):,}")
    if body.get("version"):
        parts.append(f"version {body['version']}")
    return " ".join(part for part in [*parts, person] if part)


def _right(body: Mapping[str, Any], person: str) -> str:
    """A right on one thing, or on the project."""
    on = body["on"]
    told = {(kind._meta.model_name, right.codename): text for (kind, right), text in RIGHTS.items()}
    allowed = told.get((on["type"], body["right"]), body["right"])
    return f"{allowed}: {on['type']} {on['slug']}, to {person}"


def _told(body: Mapping[str, Any], people: Mapping[str, str]) -> str:
    actor = body.get("actor", {})
    who = people.get(str(actor.get("person", "")), "")
    if actor.get("key"):
        who = f"{who} with key {actor['key']}" if who else f"Key {actor['key']}"
    parts = [who or f"Waxell ({actor['system']})" if actor.get("system") else who]
    if published := body.get("published"):
        parts.append(f"Rules in force, no. {published['number']}")
    return " · ".join(part for part in parts if part)
