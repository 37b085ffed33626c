"""Changes of the rules and of keys, as a project's destinations are told of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from governance.models import Budget, Policy, Project
from waxell.outbox.domain.events import EntrySeen, Event

TOPICS: Final = {
    "policy.published": "A policy came in force",
    "policy.retired": "A policy is no longer in force",
    "budget.published": "A budget came in force",
    "budget.retired": "A budget is no longer in force",
    "key.created": "An API key was issued",
    "key.revoked": "An API key was revoked",
}

# The entry's type: the event's type, and the title.
_TOLD: Final[dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]]] = {
    "policy.published": ("policy.published", lambda body: f"Policy {body['policy']} is in force"),
    "policy.retired": ("policy.retired", lambda body: f"Policy {body['policy']} is no longer in force"),
    "budget.published": ("budget.published", lambda body: f"Budget {body['budget']} is in force"),
    "budget.retired": ("budget.retired", lambda body: f"Budget {body['budget']} is no longer in force"),
    "key.issued": ("key.created", lambda body: f"A key was issued to {_holder(body)}"),
    "key.revoked": ("key.revoked", lambda body: f"Key {body['key']} was revoked"),
}

ENTRY_TYPES: Final = tuple(_TOLD)


def read(entry: EntrySeen) -> Event | None:
    """Return what an entry of a project's governance tells."""
    project = project_of(entry.project)
    topic, title = _TOLD[entry.type]
    named = {name: entry.body[name] for name in ("policy", "budget", "version", "mode", "key") if name in entry.body}
    rules = entry.body.get("published", {}).get("number")
    data = {"project": project.slug, "entry": entry.reference(), **named}
    if rules is not None:
        data["rules_in_force"] = rules
    return Event(
        id=entry.event_id,
        type=topic,
        project=entry.project,
        at=entry.at,
        title=f"{title(entry.body)} in {project.name}",
        lines=_lines(entry.body, rules),
        path=_path(project, entry.body),
        data=data,
    )


def project_of(identity: UUID) -> Project:
    """Return name and slug of a project."""
    return Project.objects.only("name", "slug").get(pk=identity)


def _lines(body: Mapping[str, Any], rules: int | None) -> tuple[str, ...]:
    lines = []
    if "version" in body:
        trial = ", on trial" if body.get("mode") == Policy.Mode.SHADOW else ""
        lines.append(f"Version {body['version']}{trial}.")
    if "scopes" in body:
        lines.append(f"Key {body['key']}, with the scopes {', '.join(body['scopes'])}.")
    if rules is not None:
        lines.append(f"Rules in force: no. {rules}.")
    return tuple(lines)


def _holder(body: Mapping[str, Any]) -> str:
    holder = body["holder"]
    return f"agent {holder['agent']}" if "agent" in holder else f"service {holder['service']}"


def _path(project: Project, body: Mapping[str, Any]) -> str:
    if "policy" in body and Policy.objects.filter(project=project, slug=body["policy"]).exists():
        return reverse("governance:policy", args=[project.slug, body["policy"]])
    if "budget" in body and Budget.objects.filter(project=project, slug=body["budget"]).exists():
        return reverse("governance:budget", args=[project.slug, body["budget"]])
    return reverse("governance:agent_list", args=[project.slug])
