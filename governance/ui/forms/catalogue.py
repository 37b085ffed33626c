"""Workflows, tools and models."""

import json
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from governance.models import Person, Tool, Workflow
from governance.ui.forms.agents import NamesField
from waxell.lib import json_strict
from waxell.lib.errors import DomainError
from waxell.lib.money import format_usd, parse_usd

NAME: Final = r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?"
RISKS: Final = [
    ("", _("nobody said")),
    (Tool.Risk.LOW, _("low")),
    (Tool.Risk.MEDIUM, _("medium")),
    (Tool.Risk.HIGH, _("high")),
]
SCHEMA_EXAMPLE: Final = """\
{
  "type": "object",
  "properties": {"to": {"type": "string"}},
  "required": ["to"]
}"""


def _name() -> forms.RegexField:
    return forms.RegexField(
        f"^{NAME}$", label=_("Name"), max_length=200, help_text=_("As agents call it. It stays as it is.")
    )


class WorkflowForm(forms.Form):
    slug = _name()
    kind = forms.ChoiceField(
        label=_("Who runs it"),
        choices=[
            (Workflow.Kind.EXTERNAL, _("The agent itself, outside")),
            (Workflow.Kind.WORKER, _("A worker of ours, from code that is installed here")),
        ],
        initial=Workflow.Kind.EXTERNAL,
        widget=forms.RadioSelect,
    )
    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    max_attempts = forms.IntegerField(
        label=_("Attempts"),
        min_value=1,
        max_value=20,
        initial=1,
        help_text=_("Each attempt after the first is an execution of its own."),
    )
    max_concurrent = forms.IntegerField(label=_("At once, at most"), min_value=1, max_value=10_000, initial=10)


class ModelForm(forms.Form):
    slug = _name()
    provider = forms.CharField(
        label=_("Provider"), max_length=63, required=False, help_text=_("Rules can speak of all models of a provider.")
    )


class SchemaField(forms.CharField):
    """A JSON Schema as text; cleaned to what it says, None where it is empty."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Arguments, as a JSON Schema"),
            max_length=65_536,
            required=False,
            strip=True,
            widget=forms.Textarea(
                attrs={"class": "mono", "rows": 14, "spellcheck": "false", "placeholder": SCHEMA_EXAMPLE}
            ),
            help_text=_("With one, rules can speak of the arguments. Without, the arguments of a tool are no facts."),
        )

    def clean(self, value: Any) -> dict[str, Any] | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json_strict.parse(text.encode())
        except DomainError as error:
            raise forms.ValidationError(place_of(text) or error.detail or error.title()) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_t("A schema is a JSON object."))
        return found


class CostField(forms.CharField):
    """Dollars as a decimal; cleaned to micro-dollars, None where it is empty."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Cost of one call in US dollars"),
            max_length=24,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            help_text=_("Reserved in budgets of dollars where the agent gives no estimate."),
        )

    def clean(self, value: Any) -> int | None:
        text = super().clean(value).removeprefix("$")
        if not text:
            return None
        try:
            return parse_usd(text)
        except DomainError as error:
            raise forms.ValidationError(error.detail or error.title()) from error


class ToolChangeForm(forms.Form):
    description = forms.CharField(
        label=_("What it does"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    groups = NamesField(
        label=_("Groups"),
        max_length=1000,
        required=False,
        help_text=_("Names with commas between them. Rules can speak of a group."),
    )
    risk = forms.ChoiceField(
        label=_("Risk"), choices=RISKS, required=False, help_text=_("How much harm a call can do, for people to know.")
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=Person.objects.none(), required=False, help_text=_("Who answers for it.")
    )
    schema = SchemaField()
    cost_micros = CostField()

    def __init__(self, *args: Any, people: QuerySet[Person], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


class ToolForm(ToolChangeForm):
    slug = _name()
    field_order = ["slug", "description", "groups", "risk", "owner", "schema", "cost_micros"]


def shown_schema(schema: dict[str, Any] | None) -> str:
    return "" if schema is None else json.dumps(schema, indent=2, ensure_ascii=False)


def shown_cost(cost_micros: int | None) -> str:
    return "" if cost_micros is None else format_usd(cost_micros)


def place_of(text: str) -> str:
    """Return where a text stops being JSON; empty where only our strictness is against it."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        values = {"line": error.lineno, "column": error.colno, "why": error.msg}
        return _t("Line %(line)d, column %(column)d: %(why)s.") % values
    return ""
