"""What people fill in to erase, to keep from erasing, and to say how long contents are kept."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import LegalHold, Project
from governance.services.retention import LONGEST_DAYS

PAYLOADS: Final = {
    "": _("All contents"),
    "input": _("Inputs"),
    "args": _("Arguments"),
    "result": _("Results"),
    "output": _("Outputs"),
    "error": _("Errors"),
    "comment": _("Comments of approvers"),
    "reason": _("Reasons of cancelling"),
}
EVERY: Final = "all"
HOLDS: Final = {
    LegalHold.Scope.EXECUTION: _("One execution"),
    LegalHold.Scope.END_USER: _("Everything done for one end user"),
    LegalHold.Scope.PROJECT: _("Everything in this project"),
}


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept beside the entry, and not erased with the rest: name nobody."),
    )


class EraseForm(forms.Form):
    """Why contents go; the project's short name confirms it."""

    reason = _reason()
    confirm = forms.CharField(required=False)

    def __init__(self, *args: Any, project: Project, **named: Any) -> None:
        super().__init__(*args, **named)
        self.project = project

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"]).strip()
        if typed != self.project.slug:
            raise forms.ValidationError(_("Type the project's short name to confirm."))
        return typed


class EraseEndUserForm(EraseForm):
    """Whose contents and name go."""

    end_user = forms.CharField(
        label=_("End user"),
        max_length=255,
        help_text=_("The name as agents sent it, or the pseudonym that records show."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("end_user", "reason", "confirm")


class LegalHoldForm(forms.Form):
    """What must be kept, and why."""

    scope_type = forms.ChoiceField(label=_("What to keep"), choices=list(HOLDS.items()))
    scope_value = forms.CharField(
        label=_("Which one"),
        required=False,
        max_length=255,
        help_text=_("An execution's id, or an end user's name or pseudonym. Empty for the whole project."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = _reason()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("scope_type") == LegalHold.Scope.PROJECT:
            # A name left over from another choice keeps nothing more.
            data["scope_value"] = None
        elif not data.get("scope_value"):
            self.add_error("scope_value", _("Say which one is to be kept."))
        return data


class HoldLiftForm(forms.Form):
    """Why what was kept may go again."""

    reason = _reason()


class RetentionForm(forms.Form):
    """How long contents are kept; without a number for ever."""

    payload = forms.ChoiceField(
        label=_("Contents"), choices=[(name or EVERY, label) for name, label in PAYLOADS.items()]
    )
    days = forms.IntegerField(
        label=_("Days"),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text=_("After the end of their execution. Empty: for ever."),
    )

    def clean_payload(self) -> str:
        name = str(self.cleaned_data["payload"])
        return "" if name == EVERY else name
