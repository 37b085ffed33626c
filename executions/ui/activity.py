"""Who changed what in a project, in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions.queries import activity
from executions.queries.records import Written
from executions.ui import wording
from executions.ui.polling import live
from governance.access import Permission
from governance.models import Project
from governance.ui.entrance import within_project
from waxell.lib.htmx import render_page

WORDS: Final = {
    "project.created": ("Project opened", "house"),
    "settings.changed": ("Settings changed", "wrench"),
    "policy.drafted": ("Policy drafted", "pencil"),
    "policy.published": ("Policy in force", "scroll-text"),
    "policy.retired": ("Policy retired", "scroll-text"),
    "budget.published": ("Budget in force", "wallet"),
    "budget.retired": ("Budget retired", "wallet"),
    "group.defined": ("Approvers named", "users-round"),
    "agent.registered": ("Agent registered", "bot"),
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
    "kill_order.placed": ("Kill order placed", "octagon-x"),
    "kill_order.lifted": ("Kill order lifted", "octagon"),
    "access.refused": ("Reached too far", "shield"),
    "requests.throttled": ("Too many requests", "clock"),
}
TONES: Final = {"kill_order.placed": "halt", "access.refused": "deny", "requests.throttled": "hold"}
NAMED: Final = (
    "project_slug",
    "policy",
    "budget",
    "agent",
    "workflow",
    "tool",
    "model",
    "group",
    "destination",
    "host",
    "key",
    "role",
    "permission",
    "kind",
)
"""Members of an entry that say what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the governance stream as a line of the timeline."""

    entry: Written
    rules: int | None
    word: str
    icon: str
    tone: str
    what: str
    text: str

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
    page = activity.page(project.pk, before=before)
    context = {
        "project": project,
        "events": [event_of(entry, page.people) for entry in page.entries],
        "older": page.older,
        "first_page": before is None,
    }
    return live(request, render_page(request, "executions/activity.html", context, partial="events"))


def event_of(entry: Written, people: Mapping[str, str]) -> Event:
    """Tell one entry; `people` are names by id."""
    word, icon = WORDS.get(entry.type, (entry.type, "file-text"))
    return Event(
        entry=entry,
        rules=entry.body.get("published", {}).get("number"),
        word=word,
        icon=icon,
        tone=TONES.get(entry.type, "neutral"),
        what=wording.visible(_subject(entry.body, people)),
        text=_told(entry.body, people),
    )


def _subject(body: Mapping[str, Any], people: Mapping[str, str]) -> str:
    parts = [str(body[name]) for name in NAMED if isinstance(body.get(name), str)]
    if isinstance(order := body.get("kill_order"), dict):
        parts += [str(order["scope"]).replace("_", " "), str(order["value"] or "")]
    if body.get("version"):
        parts.append(f"version {body['version']}")
    if person := people.get(str(body.get("person", ""))):
        parts.append(person)
    return " ".join(part for part in parts if part)


def _told(body: Mapping[str, Any], people: Mapping[str, str]) -> str:
    actor = body.get("actor", {})
    who = people.get(str(actor.get("person", "")), "")
    if actor.get("key"):
        who = f"{who} with key {actor['key']}" if who else f"Key {actor['key']}"
    parts = [who or f"Waxell ({actor['system']})" if actor.get("system") else who]
    if published := body.get("published"):
        parts.append(f"Rules in force, no. {published['number']}")
    return " · ".join(part for part in parts if part)
