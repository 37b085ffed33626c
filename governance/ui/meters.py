"""A budget's window as a bar."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from governance.models import Budget, Window
from governance.ui import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Numbers that draw the bar, and the same as people read them."""

    label: str
    spent: int
    reserved: int
    limit: int
    spent_text: str
    reserved_text: str
    limit_text: str
    left_text: str
    start_at: datetime | None = None
    end_at: datetime | None = None
    notes: tuple[str, ...] = ()


def of_window(budget: Budget, window: Window | None, limit: int | None, label: str | None = None) -> Meter:
    """Return the bar of a window; without one, of a window that nothing has used yet.

    `limit` is that of the version in force; None takes the one that the last grant cited.
    """
    spent, reserved = (window.spent, window.reserved) if window else (0, 0)
    most = (window.limit_now if window and limit is None else limit or 0) + (window.extra if window else 0)
    counted = spent - (window.overrun if window else 0)
    return Meter(
        label=label if label is not None else member(budget, window),
        spent=spent,
        reserved=reserved,
        limit=most,
        spent_text=wording.short_amount(budget.unit, spent),
        reserved_text=wording.short_amount(budget.unit, reserved),
        limit_text=wording.amount(budget.unit, most),
        left_text=wording.short_amount(budget.unit, max(0, most - counted - reserved)),
        start_at=window.start_at if window else None,
        end_at=window.end_at if window else None,
        notes=notes(budget, window),
    )


def member(budget: Budget, window: Window | None) -> str:
    """Return whose window it is."""
    if window is not None and window.member:
        if budget.period == "per_execution" or budget.scope_type == "execution":
            return _("Execution …%(end)s") % {"end": window.member[-12:]}
        return window.member
    return budget.scope_value or (_("The whole project") if budget.scope_type == "project" else _("Nobody yet"))


def notes(budget: Budget, window: Window | None) -> tuple[str, ...]:
    """Return what the bar cannot show."""
    if window is None:
        return ()
    said = (
        (window.overrun, _("%(amount)s billed beyond what was reserved")),
        (window.presumed, _("%(amount)s presumed spent: nobody said")),
        (window.extra, _("%(amount)s extra, granted by a person")),
    )
    return tuple(text % {"amount": wording.amount(budget.unit, value)} for value, text in said if value)
