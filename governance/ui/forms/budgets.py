"""Budgets: a shape that stays, and terms that have versions."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from governance.domain.budgets import NEEDS_DEFAULT, VALID_PERIODS, Period, Scope, Unit
from governance.models import Project
from governance.queries import registry
from governance.ui.forms.projects import SLUG_HELP, zones
from waxell.lib.errors import DomainError
from waxell.lib.money import format_usd, parse_usd

UNITS: Final = [
    (Unit.USD, _("US dollars")),
    (Unit.TOKENS, _("Tokens")),
    (Unit.ACTIONS, _("Actions of any kind")),
    (Unit.MODEL_CALLS, _("Model calls")),
    (Unit.TOOL_CALLS, _("Tool calls")),
    (Unit.EXECUTIONS, _("Executions")),
]
SCOPES: Final = [
    (Scope.PROJECT, _("The whole project together")),
    (Scope.AGENT, _("Each agent, or one of them")),
    (Scope.WORKFLOW, _("Each workflow, or one of them")),
    (Scope.EXECUTION, _("Each execution")),
]
PERIODS: Final = [
    (Period.ONCE, _("In all, for ever")),
    (Period.PER_EXECUTION, _("In each execution")),
    (Period.MINUTE, _("A minute")),
    (Period.DAY, _("A day")),
    (Period.MONTH, _("A month")),
]
EFFECTS: Final = [
    ("halt", _("Stop the execution")),
    ("deny", _("Refuse the action")),
    ("hold", _("Ask a person")),
]
MOST: Final = 2**53 - 1


class AmountField(forms.CharField):
    """An amount whose unit the form knows: dollars as a decimal, everything else a whole number."""

    def __init__(self, **options: Any) -> None:
        number = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(**{"max_length": 24, "widget": number, **options})


def read_amount(unit: str, written: str) -> int:
    """Return an amount in the unit's smallest part. Raises ValidationError."""
    plain = written.replace(",", "").replace("_", "").removeprefix("$").strip()
    if unit == Unit.USD:
        try:
            return parse_usd(plain)
        except DomainError as error:
            raise forms.ValidationError(error.detail or error.title()) from error
    if not (plain.isascii() and plain.isdecimal() and int(plain[:20]) <= MOST):
        raise forms.ValidationError(_t("A whole number, please."))
    return int(plain)


def written_amount(unit: str, value: int | None) -> str:
    """Return an amount as it is typed."""
    if value is None:
        return ""
    return format_usd(value) if unit == Unit.USD else str(value)


class TermsForm(forms.Form):
    """What a version says. `unit` is the budget's; a new budget's form reads it from the form."""

    limit = AmountField(label=_("Limit"))
    default_reservation = AmountField(
        label=_("What an action reserves that says nothing of its use"),
        required=False,
        help_text=_("Needed for dollars and tokens: the most that one action may be expected to use."),
    )
    on_exceed = forms.ChoiceField(
        label=_("When it is used up"), choices=EFFECTS, initial="halt", widget=forms.RadioSelect
    )
    approvers = forms.ChoiceField(
        label=_("Who is asked"), required=False, help_text=_("With “Ask a person”: the group that decides.")
    )
    note = forms.CharField(label=_("Why"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, project: Project, unit: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.fixed_unit = unit
        groups = [(group.slug, group.name) for group in registry.approver_groups(project.pk)]
        self.fields["approvers"].choices = [("", _("Nobody")), *groups]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unit = values.get("unit", self.fixed_unit)
        for name in ("limit", "default_reservation"):
            if unit and values.get(name):
                try:
                    values[name] = read_amount(unit, values[name])
                except forms.ValidationError as error:
                    self.add_error(name, error)
        if not values.get("default_reservation") and values.get("default_reservation") != 0:
            values["default_reservation"] = None
            if unit in NEEDS_DEFAULT and "default_reservation" not in self.errors:
                self.add_error("default_reservation", _t("A budget in dollars or tokens needs it."))
        asks = values.get("on_exceed") == "hold"
        if asks and not values.get("approvers"):
            self.add_error("approvers", _t("Choose the group that is asked."))
        values["approvers"] = (values.get("approvers") or None) if asks else None
        return values


class RevisionForm(TermsForm):
    expected_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class BudgetForm(TermsForm):
    """A new budget; `chosen` (unit, scope_type) narrows what else can be chosen."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(label=_("Name in records"), max_length=63, help_text=SLUG_HELP)
    unit = forms.ChoiceField(label=_("What is limited"), choices=UNITS)
    scope_type = forms.ChoiceField(label=_("For whom"), choices=SCOPES)
    scope_value = forms.CharField(
        label=_("Only for this one"),
        max_length=200,
        required=False,
        help_text=_("The name in records of an agent or a workflow. Left empty, each has a limit of its own."),
    )
    period = forms.ChoiceField(
        label=_("Over what time"),
        choices=PERIODS,
        error_messages={"invalid_choice": _("What is limited, for whom and over what time do not go together.")},
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=zones, help_text=_("Where its days and months begin."), required=False
    )

    field_order = [
        *("name", "slug", "unit", "limit", "period", "scope_type", "scope_value", "time_zone"),
        *("default_reservation", "on_exceed", "approvers", "note"),
    ]

    def __init__(self, *args: Any, project: Project, **options: Any) -> None:
        super().__init__(*args, project=project, **options)
        unit, scope = self["unit"].value(), self["scope_type"].value()
        self.fields["period"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in PERIODS if _fits(unit, scope, value)
        ]
        self.takes_value = scope in {Scope.AGENT, Scope.WORKFLOW}
        self.needs_default = unit in NEEDS_DEFAULT
        self.asks = self["on_exceed"].value() == "hold"

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        values["scope_value"] = values.get("scope_value") or None
        values["time_zone"] = values.get("time_zone") or "UTC"
        return values


def _fits(unit: str | None, scope: str | None, period: Period) -> bool:
    if scope in set(Scope) and period not in VALID_PERIODS[Scope(scope)]:
        return False
    return not (unit == Unit.EXECUTIONS and period == Period.PER_EXECUTION)
