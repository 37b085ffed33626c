"""Test cases of a policy."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from governance.domain.cases import Wanted
from governance.domain.kinds import Kind
from waxell.lib import json_strict
from waxell.lib.errors import DomainError

WANTED: Final = [
    (Wanted.ALLOW, _("Allowed")),
    (Wanted.FLAG, _("Allowed, and marked")),
    (Wanted.HOLD, _("Waits for a person")),
    (Wanted.DENY, _("Refused; the execution goes on")),
    (Wanted.HALT, _("Stopped, with the whole execution")),
]
KINDS: Final = [
    (Kind.TOOL_CALL, _("Calls a tool")),
    (Kind.MODEL_CALL, _("Calls a model")),
    (Kind.EXECUTION_START, _("Starts a workflow")),
    (Kind.EXECUTION_CONTINUE, _("Goes on in a workflow")),
    (Kind.AGENT_DELEGATE, _("Asks another agent")),
    (Kind.DATA_ACCESS, _("Reads data")),
    (Kind.NETWORK_REQUEST, _("Reaches a network address")),
    (Kind.CODE_EXECUTE, _("Runs code")),
    (Kind.MEMORY_WRITE, _("Writes to its memory")),
    (Kind.MESSAGE_SEND, _("Sends a message")),
]


class JsonObject(forms.CharField):
    """A JSON object as text; cleaned to what it says, None where it is empty."""

    def __init__(self, *, placeholder: str, **options: Any) -> None:
        area = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": placeholder})
        super().__init__(**{"required": False, "max_length": 20_000, "widget": area, **options})

    def clean(self, value: Any) -> dict[str, Any] | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json_strict.parse(text.encode())
        except DomainError as error:
            raise forms.ValidationError(error.detail or error.title()) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_t("Write a JSON object: names and values in curly brackets."))
        return found


class VerdictForm(forms.Form):
    """What shall become of an action that is there already: one that was recorded."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As a sentence: “A refund of 500 dollars waits for a person”.")
    )
    wanted = forms.ChoiceField(label=_("What shall happen"), choices=WANTED, widget=forms.RadioSelect)


class CaseForm(VerdictForm):
    """A case made by hand."""

    kind = forms.ChoiceField(label=_("What the agent does"), choices=KINDS)
    resource = forms.CharField(
        label=_("With what"), max_length=200, help_text=_("The name of the tool, model, workflow, agent, domain …")
    )
    agent = forms.CharField(label=_("Which agent"), max_length=63, help_text=_("Its name in records."))
    args = JsonObject(
        label=_("Arguments, as JSON"),
        placeholder='{"amount": 500, "currency": "EUR"}',
        help_text=_("Rules see them where the tool has a schema. Who sees the policy sees them, and they stay."),
    )
    context = JsonObject(
        label=_("Circumstances, as JSON"),
        placeholder='{"hour": 22, "weekday": 6, "execution": {"workflow": "refunds", "environment": "production"}}',
        help_text=_(
            "As rules see them in context: hour, minute, weekday (1 is Monday), day, repeats, discovered, estimate "
            "(usd_micros, tokens, seconds), execution (workflow, environment, labels, depth, actions …); also teams "
            "and groups, where they shall not be those of today. Left out: Monday noon, in a new execution."
        ),
    )
    field_order = ["name", "kind", "resource", "agent", "args", "context", "wanted"]


def shown_json(value: Mapping[str, Any] | None) -> str:
    """Return an object as one reads and changes it; empty for nothing."""
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
