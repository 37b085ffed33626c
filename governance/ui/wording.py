"""Effects, amounts and shapes in the words of those who read them."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from waxell.lib.money import format_usd

EFFECTS: Final = {
    None: (_("Permits"), "allow"),
    "flag": (_("Marks"), "flag"),
    "hold": (_("Asks a person"), "hold"),
    "deny": (_("Refuses"), "deny"),
    "halt": (_("Stops"), "halt"),
}
"""What a rule does when it fires: the word, and the verdict whose look it has."""

ON_EXCEED: Final = {
    "halt": _("Stops the execution"),
    "deny": _("Refuses the action"),
    "hold": _("Asks a person"),
}

PERIODS: Final = {
    "once": _("in all"),
    "per_execution": _("in each execution"),
    "minute": _("a minute"),
    "day": _("a day"),
    "month": _("a month"),
}


UNITS: Final = {
    "tokens": ngettext_lazy("%(shown)s token", "%(shown)s tokens", "value"),
    "actions": ngettext_lazy("%(shown)s action", "%(shown)s actions", "value"),
    "model_calls": ngettext_lazy("%(shown)s model call", "%(shown)s model calls", "value"),
    "tool_calls": ngettext_lazy("%(shown)s tool call", "%(shown)s tool calls", "value"),
    "executions": ngettext_lazy("%(shown)s execution", "%(shown)s executions", "value"),
    "seconds": ngettext_lazy("%(shown)s second", "%(shown)s seconds", "value"),
    "concurrent_executions": ngettext_lazy("%(shown)s execution at once", "%(shown)s executions at once", "value"),
}


def amount(unit: str | None, value: int) -> str:
    """Return an amount of a budget's unit: `$0.98`, `1,200 tokens`, `1 action`; bare without a unit."""
    if unit == "usd":
        return f"${format_usd(value)}"
    counted = UNITS.get(unit or "")
    return f"{value:,}" if counted is None else str(counted % {"value": value, "shown": f"{value:,}"})


def short_amount(unit: str, value: int) -> str:
    """Return an amount beside others of the same unit: `$0.98`, `1,200`."""
    return f"${format_usd(value)}" if unit == "usd" else f"{value:,}"


def scope(scope_type: str, scope_value: str | None) -> str:
    """Return for whom a budget counts."""
    if scope_type == "project":
        return str(_("for the whole project"))
    if scope_type == "execution":
        return str(_("for each execution"))
    named = {"agent": _("agent"), "workflow": _("workflow")}[scope_type]
    if scope_value:
        return str(_("for the %(kind)s %(name)s") % {"kind": named, "name": scope_value})
    return str(_("for each %(kind)s") % {"kind": named})


def duration(seconds: int) -> str:
    """Return a time in its largest whole unit: `24 hours`, `90 seconds`."""
    units = (
        (86_400, ngettext("day", "days", seconds // 86_400)),
        (3600, ngettext("hour", "hours", seconds // 3600)),
        (60, ngettext("minute", "minutes", seconds // 60)),
    )
    for length, name in units:
        if seconds and seconds % length == 0:
            return f"{seconds // length} {name}"
    return f"{seconds} {ngettext('second', 'seconds', seconds)}"
