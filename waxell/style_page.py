"""The living style page: each component of the console, once."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SampleForm(forms.Form):
    """One field of each kind a page may use."""

    name = forms.CharField(label=_("Name"), help_text=_("As people will read it in a refusal."))
    limit = forms.DecimalField(label=_("Limit in US dollars"), max_value=1_000)
    period = forms.ChoiceField(label=_("Period"), choices=[("day", _("Day")), ("month", _("Month"))], required=False)
    effect = forms.ChoiceField(
        label=_("When it is used up"),
        choices=[("halt", _("Stop the execution")), ("deny", _("Refuse the action"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agreed = forms.BooleanField(label=_("Tell the approvers"), required=False)


def show(request: HttpRequest) -> HttpResponse:
    """Show the page to staff, or to anyone in DEBUG; for everyone else it does not exist."""
    if not (settings.DEBUG or getattr(request.user, "is_staff", False)):
        raise Http404
    form = SampleForm({"name": "Model spend", "limit": "5000", "effect": "halt"})
    return render(request, "style_page.html", {"form": form, "now": timezone.now()})
