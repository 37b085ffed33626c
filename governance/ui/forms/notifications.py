"""Where messages go, and which."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.ui.forms.projects import SLUG_HELP
from waxell.outbox import sources
from waxell.outbox.models import Destination

KINDS = [
    (Destination.Kind.WEBHOOK, _("Webhook: a signed POST to a program of yours")),
    (Destination.Kind.EMAIL, _("E-mail: to a person or a list")),
    (Destination.Kind.SLACK, _("Slack, or what takes its messages: Mattermost, Rocket.Chat")),
    (Destination.Kind.OTLP, _("OpenTelemetry collector: the trace of every execution, when it has ended")),
]


class EventsField(forms.MultipleChoiceField):
    """Some of the events that there are; none ticked means all."""

    def __init__(self) -> None:
        super().__init__(
            label=_("What to tell"),
            required=False,
            choices=lambda: list(sources.topics().items()),
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Nothing ticked: everything, also what later versions add."),
        )


class DestinationForm(forms.Form):
    slug = forms.SlugField(label=_("Name"), max_length=63, help_text=SLUG_HELP)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, initial=Destination.Kind.WEBHOOK, widget=forms.RadioSelect)
    address = forms.CharField(
        label=_("Address"), max_length=2000, help_text=_("A URL that begins with https://, or an e-mail address.")
    )
    header = forms.CharField(
        label=_("Header for a collector"),
        max_length=4200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Only where your collector asks for one: Authorization: Bearer …"),
    )
    events = EventsField()


class DestinationChangeForm(forms.Form):
    address = forms.CharField(
        label=_("Another address"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Empty: the address stays as it is."),
    )
    events = EventsField()
    enabled = forms.BooleanField(
        label=_("Switched on"),
        required=False,
        help_text=_("Switched off, it is told nothing, and what is on its way is given up."),
    )

    def clean_address(self) -> Any:
        return self.cleaned_data["address"] or None
