"""Agents and their keys."""

from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from governance.models import ApiKey, Person
from governance.services.keys import DEFAULT_DAYS
from governance.ui.forms.projects import SLUG_HELP

SCOPES = {
    ApiKey.Scope.EXECUTE: _("execute: start executions and ask before acting"),
    ApiKey.Scope.READ: _("read: see what it may see"),
    ApiKey.Scope.GOVERN: _("govern: change rules, within your rights"),
}


class NamesField(forms.CharField):
    """Names with commas or spaces between them; cleaned to a list."""

    def clean(self, value: Any) -> list[str]:
        names = list(dict.fromkeys(super().clean(value).replace(",", " ").split()))
        for name in names:
            validate_slug(name)
            if len(name) > 63:
                raise forms.ValidationError(_("A name has at most 63 characters."))
        return names


class AgentChangeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    teams = NamesField(
        label=_("Teams"),
        max_length=1000,
        required=False,
        help_text=_("Names with commas between them. Rules can speak of a team."),
    )


class AgentForm(AgentChangeForm):
    slug = forms.SlugField(label=_("Name in records"), max_length=63, help_text=SLUG_HELP)
    field_order = ["name", "slug", "teams"]


class KeyForm(forms.Form):
    """A new key of an agent, or of a service where `for_agent` is False."""

    service = forms.CharField(
        label=_("Service"), max_length=120, help_text=_("What holds it: a deployment script, a dashboard.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple
    )
    expires_in_days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=3650, initial=DEFAULT_DAYS
    )
    accountable = forms.ModelChoiceField(
        label=_("Who answers for it"),
        queryset=Person.objects.none(),
        empty_label=None,
        help_text=_("It can never do more than this person may."),
    )

    def __init__(self, *args: Any, people: Any, for_agent: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["accountable"].queryset = people  # type: ignore[attr-defined]
        scopes = self.fields["scopes"]
        if for_agent:
            del self.fields["service"]
            scopes.choices = [pair for pair in SCOPES.items() if pair[0] != ApiKey.Scope.GOVERN]  # type: ignore[attr-defined]
            scopes.initial = [ApiKey.Scope.EXECUTE, ApiKey.Scope.READ]
        else:
            scopes.initial = [ApiKey.Scope.READ]
