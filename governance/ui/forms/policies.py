"""Policies: drafts and what it takes to put them in force."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Policy
from governance.ui.forms.projects import SLUG_HELP

MAX_TEXT: Final = 100_000
EXAMPLE: Final = """\
@id("no-mail-at-night")
@message("Mail is not sent at night.")
@effect("deny")
forbid (principal, action in Action::"tool.call", resource)
when { context.hour < 6 };
"""

MODES: Final = [
    (Policy.Mode.ENFORCED, _("Enforced: its rules decide.")),
    (Policy.Mode.SHADOW, _("On trial: what its rules would have done is written down, and nothing is stopped.")),
]


def plain_line_ends(text: str) -> str:
    """Return a text with the line ends that policies are digested with."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class TextField(forms.CharField):
    """A policy's text, with the line ends that it is digested with."""

    def __init__(self, **options: Any) -> None:
        area = forms.Textarea(attrs={"class": "mono", "rows": 22, "spellcheck": "false", "data-editor": ""})
        super().__init__(**{"strip": False, "max_length": MAX_TEXT, "widget": area, **options})

    def to_python(self, value: Any) -> str:
        return plain_line_ends(super().to_python(value) or "")


class DraftForm(forms.Form):
    text = TextField(label=_("Rules"))
    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class PolicyForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(label=_("Name in records"), max_length=63, help_text=SLUG_HELP)
    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, initial=Policy.Mode.ENFORCED, widget=forms.RadioSelect)
    text = TextField(label=_("Rules"), initial=EXAMPLE)


class InForceForm(forms.Form):
    """A change of what is in force: why, and the version one looked at."""

    note = forms.CharField(
        label=_("Why"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands beside the version in its history."),
    )
    expected_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ReturnForm(InForceForm):
    """The same where test cases are asked; the reason against them shows itself where some fail."""

    override = forms.CharField(
        label=_("Why it may be published although test cases fail"),
        max_length=2000,
        required=False,
        widget=forms.HiddenInput,
        help_text=_("Stands in the ledger's entry of this publication."),
    )

    def ask_why(self) -> None:
        """Show the field for the reason."""
        self.fields["override"].widget = forms.Textarea(attrs={"rows": 2})
        self.fields["override"].required = True


class PublishForm(ReturnForm):
    revision = forms.IntegerField(widget=forms.HiddenInput)
