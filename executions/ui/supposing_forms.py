"""What one may suppose about a recorded action."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from executions.domain.supposing import Supposed
from executions.services.supposing import NOW, THEN
from governance.models import Policy
from governance.ui.forms.budgets import MOST, AmountField, read_amount
from waxell.lib import json_strict
from waxell.lib.errors import DomainError
from waxell.lib.money import format_usd

DAYS: Final = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
COUNTS: Final = (
    ("repeats", _("The same call before it")),
    ("actions", _("Actions before it")),
    ("model_calls", _("Model calls before it")),
    ("tool_calls", _("Tool calls before it")),
    ("refusals", _("Refusals before it")),
    ("elapsed_seconds", _("Seconds since the start")),
    ("depth", _("Levels of delegation above it")),
)
DRAFT: Final = "draft:"
MOST_LABELS: Final = 100


class WhatIfForm(forms.Form):
    """The facts of an action, as they were until somebody writes something else, and the rules that judge them.

    `written` is the arguments as text; None leaves them out.
    """

    rules = forms.ChoiceField(label=_("Judged by"))

    def __init__(self, given: Any, *, supposed: Supposed, written: str | None, policies: list[Policy]) -> None:
        super().__init__(given, initial=_initial(supposed, written))
        drafts = [(f"{DRAFT}{one.slug}", _("Today's rules with the draft of %s") % one.name) for one in policies]
        self.fields["rules"].choices = [  # type: ignore[attr-defined]
            (THEN, _("The rules of then")),
            (NOW, _("The rules in force today")),
            *drafts,
        ]
        if written is not None:
            area = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})
            self.fields["args"] = forms.CharField(label=_("Arguments"), max_length=262_144, widget=area, strip=False)
        self.fields["weekday"] = forms.TypedChoiceField(label=_("Day of the week"), choices=DAYS, coerce=int)
        self.fields["hour"] = forms.IntegerField(label=_("Hour"), min_value=0, max_value=23)
        self.fields["minute"] = forms.IntegerField(label=_("Minute"), min_value=0, max_value=59)
        self.fields["teams"] = _words(_("Teams of the agent"))
        self.fields["groups"] = _words(_("Groups, or the provider, of what it asks for"))
        self.fields["discovered"] = forms.BooleanField(label=_("Nobody has adopted its name"), required=False)
        self.fields["environment"] = forms.CharField(label=_("Environment"), max_length=63, required=False)
        self.fields["labels"] = forms.CharField(
            label=_("Labels"),
            required=False,
            max_length=10_000,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("One a line: name=value"),
        )
        for name, label in COUNTS:
            self.fields[name] = forms.IntegerField(label=label, min_value=0, max_value=MOST)
        self.fields["spent"] = AmountField(label=_("Spent until then, in dollars"))
        self.fields["estimate_usd"] = AmountField(label=_("Its own estimate, in dollars"), required=False)
        self.fields["estimate_tokens"] = forms.IntegerField(
            label=_("Its own estimate, in tokens"), min_value=0, max_value=MOST, required=False
        )

    def clean_args(self) -> object:
        try:
            return json_strict.parse(self.cleaned_data["args"].encode())
        except DomainError as error:
            raise forms.ValidationError(error.detail or error.title()) from error

    def clean_spent(self) -> int:
        return read_amount("usd", self.cleaned_data["spent"])

    def clean_estimate_usd(self) -> int | None:
        written = self.cleaned_data["estimate_usd"]
        return read_amount("usd", written) if written else None

    def clean_labels(self) -> dict[str, str]:
        lines = [line.strip() for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        if len(lines) > MOST_LABELS or not all("=" in line for line in lines):
            raise forms.ValidationError(_("Write each label on a line of its own, as name=value."))
        pairs = (line.split("=", 1) for line in lines)
        return {name.strip(): value.strip() for name, value in pairs}

    def supposed(self) -> Supposed:
        """What was filled in; only after `is_valid`."""
        given = self.cleaned_data
        return Supposed(
            teams=_split(given["teams"]),
            groups=_split(given["groups"]),
            estimate_usd_micros=given["estimate_usd"],
            spent_usd_micros=given["spent"],
            **{
                name: given[name]
                for name in ("discovered", "environment", "labels", "weekday", "hour", "minute", "estimate_tokens")
            },
            **{name: given[name] for name, _label in COUNTS},
        )

    def policy_named(self) -> str | None:
        """The policy whose draft judges, if one does."""
        rules: str = self.cleaned_data["rules"]
        return rules.removeprefix(DRAFT) if rules.startswith(DRAFT) else None


def _words(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=2000, help_text=_("Separated by commas"))


def _split(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in written.split(",") if word.strip()))


def _initial(supposed: Supposed, written: str | None) -> dict[str, Any]:
    micros = supposed.estimate_usd_micros
    return {
        "rules": NOW,
        "args": written,
        "teams": ", ".join(supposed.teams),
        "groups": ", ".join(supposed.groups),
        "labels": "\n".join(f"{name}={value}" for name, value in sorted(supposed.labels.items())),
        "spent": format_usd(supposed.spent_usd_micros),
        "estimate_usd": "" if micros is None else format_usd(micros),
        **{
            name: getattr(supposed, name)
            for name in ("discovered", "environment", "weekday", "hour", "minute", "estimate_tokens")
        },
        **{name: getattr(supposed, name) for name, _label in COUNTS},
    }
