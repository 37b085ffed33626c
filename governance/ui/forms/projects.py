"""Projects."""

from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Project

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
