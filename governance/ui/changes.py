"""Changes of the rules in force as sentences."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.domain.changes import Change
from governance.ui import wording

_SETTINGS: Final = {
    "refusal_limit": gettext_lazy("Refusals that stop an execution"),
    "time_zone": gettext_lazy("Time zone"),
    "approval_timeout_seconds": gettext_lazy("Time to decide an approval"),
    "name": gettext_lazy("Name"),
    "max_concurrent_executions": gettext_lazy("Executions on our workers at once, at most"),
    "max_pending_executions": gettext_lazy("Executions waiting for a worker, at most"),
    "max_attempts": gettext_lazy("Attempts"),
    "max_concurrent": gettext_lazy("At once, at most"),
    "schedule": gettext_lazy("Schedule"),
    "schedule_agent": gettext_lazy("As agent"),
}


def told(change: Change) -> str:
    """Return what a change means to those who read it."""
    tell = {
        "policies": _policy,
        "budgets": _budget,
        "kill_orders": _kill_order,
        "approver_groups": _group,
        "tool_schemas": _schema,
        "settings": _setting,
    }.get(change.part)
    if tell is not None:
        return tell(change)
    if change.part == "prices":
        return _("The list of model prices")
    return f"{change.part.capitalize()}: {change.after}"


def is_internal(change: Change) -> bool:
    """Tell whether a change only says under which release and for which project the rules are read."""
    return change.part in {"v", "project", "engine", "facts"} and change.before is None


def _policy(change: Change) -> str:
    old, new = change.before, change.after
    values = {"name": change.name, "old": old and old["version"], "new": new and new["version"]}
    if new is None:
        return _("Policy %(name)s is out of force (it was version %(old)s)") % values
    if old is None:
        said = _("Policy %(name)s, version %(new)s, is in force") % values
    elif old["version"] == new["version"]:
        said = _("Policy %(name)s, version %(new)s") % values
    else:
        said = _("Policy %(name)s: version %(old)s became %(new)s") % values
    if new["mode"] == "shadow":
        return _("%(said)s, on trial") % {"said": said}
    return _("%(said)s, enforced now") % {"said": said} if old and old["mode"] == "shadow" else said


def _budget(change: Change) -> str:
    old, new = change.before, change.after
    if new is None:
        return _("Budget %(name)s is out of force") % {"name": change.name}
    limit = _limit(new)
    if old is None:
        return _("Budget %(name)s: %(limit)s, is in force") % {"name": change.name, "limit": limit}
    if old["limit"] == new["limit"]:
        return _("Budget %(name)s has new terms, version %(version)s") % {
            "name": change.name,
            "version": new["version"],
        }
    values = {"name": change.name, "old": wording.amount(old["unit"], old["limit"]), "new": limit}
    return _("Budget %(name)s: %(old)s became %(new)s") % values


def _limit(budget: Mapping[str, Any]) -> str:
    period = wording.PERIODS.get(budget["period"], budget["period"])
    return f"{wording.amount(budget['unit'], budget['limit'])} {period}"


def _kill_order(change: Change) -> str:
    order = change.after or change.before
    scope = f"{order['scope']} {order['value'] or ''}".strip()
    if change.after is None:
        return _("Kill order on %(scope)s is lifted") % {"scope": scope}
    return _("Kill order on %(scope)s") % {"scope": scope}


def _group(change: Change) -> str:
    if change.before is None:
        return _("Approver group %(name)s is made") % {"name": change.name}
    return _("Approver group %(name)s has other people") % {"name": change.name}


def _schema(change: Change) -> str:
    if change.after is None:
        return _("Tool %(name)s has no schema any more") % {"name": change.name}
    if change.before is None:
        return _("Tool %(name)s has a schema") % {"name": change.name}
    return _("Tool %(name)s has another schema") % {"name": change.name}


def _setting(change: Change) -> str:
    name = _SETTINGS.get(change.name, change.name)
    old, new = (
        wording.duration(value) if change.name.endswith("_seconds") and isinstance(value, int) else value or _("none")
        for value in (change.before, change.after)
    )
    if change.before is None:
        return f"{name}: {new}"
    return _("%(name)s: %(old)s became %(new)s") % {"name": name, "old": old, "new": new}
