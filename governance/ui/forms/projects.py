"""Projects."""

from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Project
from governance.ui import wording

HOUR: Final = 3600
TIMEOUTS: Final = (HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 2 * 24 * HOUR, 3 * 24 * HOUR, 7 * 24 * HOUR, 14 * 24 * HOUR)
"""Times that are offered for deciding an approval, in seconds."""

SLUG_HELP = _("Small letters, digits and hyphens. It stays as it is.")


def zones() -> list[tuple[str, str]]:
    """Every time zone that PostgreSQL and Python know by name, UTC first."""
    return [("UTC", "UTC"), *((name, name) for name in sorted(available_timezones() - {"UTC"}))]


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(label=_("Name in addresses"), max_length=63, help_text=SLUG_HELP)
    baseline = forms.ChoiceField(
        label=_("What it begins with"),
        choices=[
            (
                Project.Baseline.WATCH,
                _("Watch: everything is permitted and written down, until a rule of yours forbids it."),
            ),
            (
                Project.Baseline.ALLOW_LIST,
                _("Allow-list: only agents, tools, models and workflows that somebody adopted; all else is refused."),
            ),
        ],
        initial=Project.Baseline.WATCH,
        widget=forms.RadioSelect,
        help_text=_("A policy named “baseline”. You can change it like any other."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zones,
        initial="UTC",
        help_text=_("Rules that speak of hours and weekdays mean them here."),
    )


class SettingsForm(forms.Form):
    """What people may set of a project; `timeout` is what it is now, and stays a choice."""

    name = forms.CharField(label=_("Name"), max_length=120)
    refusal_limit = forms.IntegerField(
        label=_("Refusals that stop an execution"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("An agent that is refused so often is going round in circles: its execution is stopped."),
    )
    approval_timeout_seconds = forms.TypedChoiceField(
        label=_("Time to decide an approval"),
        coerce=int,
        help_text=_("Then it counts as refused. A rule can set a time of its own."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zones,
        help_text=_(
            "For rules that speak of hours and weekdays, and for schedules. Budgets keep the zone they began with."
        ),
    )
    four_eyes = forms.BooleanField(
        label=_("Two people behind every change of a policy"),
        required=False,
        help_text=_(
            "Whoever last changed a draft cannot publish it alone: somebody else publishes it, or approves exactly "
            "this text first. Retiring a policy takes two as well."
        ),
    )
    max_concurrent_executions = forms.IntegerField(
        label=_("Executions on our workers at once, at most"), min_value=1, max_value=100_000
    )
    max_pending_executions = forms.IntegerField(
        label=_("Executions waiting for a worker, at most"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("Past this, new ones are turned away with “try again later” and nothing is written."),
    )

    def __init__(self, *args: Any, timeout: int, **named: Any) -> None:
        super().__init__(*args, **named)
        offered = sorted({*TIMEOUTS, timeout})
        self.fields["approval_timeout_seconds"].choices = [  # type: ignore[attr-defined]
            (seconds, wording.duration(seconds)) for seconds in offered
        ]
