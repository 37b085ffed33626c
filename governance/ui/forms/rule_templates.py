"""A template's questions as a form of one project: what can be chosen is what the project knows."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from governance.domain.detectors import Family
from governance.domain.rule_composing import Argument, Question, Template, compose
from governance.models import Agent, EndUser, Model, Project, Tool
from governance.queries import registry
from governance.ui import wording
from governance.ui.forms.projects import SLUG_HELP

MOST_LINES: Final = 100
DAYS: Final = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
FINDINGS: Final = [
    (Family.CREDENTIALS, _("Credentials: keys, passwords, tokens")),
    (Family.PERSONAL, _("Personal data: addresses, numbers of accounts and cards")),
    (Family.INJECTION, _("Attempts to take the model over")),
]
_BREAK: Final = re.compile(r"[,;\s]+")


class Lines(forms.CharField):
    """Some short texts, each on a line or behind a comma."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": 3}), "max_length": 10_000, **options})

    def clean(self, value: Any) -> list[str]:
        found = [part for part in _BREAK.split(super().clean(value)) if part]
        if len(found) > MOST_LINES:
            raise ValidationError(_("At most %(most)d."), params={"most": MOST_LINES})
        return list(dict.fromkeys(found))


class Dates(Lines):
    """Some days as `2026-12-25`."""

    def clean(self, value: Any) -> list[date]:  # type: ignore[override]
        days = []
        for text in super().clean(value):
            try:
                days.append(date.fromisoformat(text))
            except ValueError as error:
                raise ValidationError(_("Write each day as 2026-12-25.")) from error
        return sorted(days)


class Labels(Lines):
    """Some labels as `key=value`."""

    def clean(self, value: Any) -> list[str]:
        labels = super().clean(value)
        if any(not all(label.partition("=")) for label in labels):
            raise ValidationError(_("Write each label as key=value."))
        return labels


class EndUsers(forms.CharField):
    """Some end users, each on a line; cleaned to their pseudonyms, which is all that rules know of them."""

    def __init__(self, project: Project, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000, **options)
        self._project = project

    def clean(self, value: Any) -> list[str]:
        named = [line for text in super().clean(value).splitlines() if (line := text.strip())]
        if len(named) > MOST_LINES:
            raise ValidationError(_("At most %(most)d."), params={"most": MOST_LINES})
        rows = EndUser.objects.filter(project=self._project, name__in=named).values_list("name", "pk")
        known = {name: str(pk) for name, pk in rows}
        return list(dict.fromkeys(known.get(name) or self._pseudonym(name) for name in named))

    def _pseudonym(self, text: str) -> str:
        try:
            return str(UUID(text))
        except ValueError as error:
            raise ValidationError(
                _("Nothing was done for %(name)s yet, and it is no pseudonym."), params={"name": text[:100]}
            ) from error


class ArgumentField(forms.TypedChoiceField):
    """One argument of a tool that has a schema."""

    def __init__(self, arguments: Iterable[Argument], **options: Any) -> None:
        self._known = {json.dumps([one.tool, one.name]): one for one in arguments}
        choices = [("", ""), *((key, f"{one.tool} · {one.name}") for key, one in self._known.items())]
        super().__init__(choices=choices, coerce=self._known.__getitem__, **options)


class ModelsField(forms.TypedMultipleChoiceField):
    """Models by name, and providers with all of theirs."""

    def __init__(self, models: Iterable[tuple[str, str]], **options: Any) -> None:
        known = {json.dumps(one): one for one in models}
        words = {"Model": _("%(name)s"), "Provider": _("every model of %(name)s")}
        choices = [(key, words[kind] % {"name": name}) for key, (kind, name) in known.items()]
        super().__init__(choices=choices, coerce=known.__getitem__, widget=forms.CheckboxSelectMultiple, **options)


class TemplateForm(forms.Form):
    """The questions of one template, and those of every policy. `text` is what the answers say in Cedar."""

    def __init__(self, template: Template, project: Project, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._template = template
        for question in template.questions:
            self.fields[question] = _FIELDS[question](project)
        if template.slug == "office-hours":
            self.fields[Question.TOOLS].required = False
            self.fields[Question.TOOLS].help_text = _("None: every tool and every model.")
        slugs = list(Agent.objects.filter(project=project).order_by("slug").values_list("slug", flat=True))
        self.fields["agents"] = _several(_("Which agents"), slugs, required=False, help_text=_("None: every agent."))
        self.fields["effect"] = forms.ChoiceField(
            label=_("What happens then"),
            choices=[(effect, wording.EFFECTS[effect][0]) for effect in template.effects],
            initial=template.effects[0],
            widget=forms.RadioSelect,
        )
        self.fields["message"] = forms.CharField(
            label=_("What the agent is told"), max_length=500, initial=template.message
        )
        self.fields["name"] = forms.CharField(label=_("Name"), max_length=120, initial=template.title)
        self.fields["slug"] = forms.SlugField(
            label=_("Name in records"), max_length=63, initial=template.slug, help_text=SLUG_HELP
        )

    @property
    def unanswerable(self) -> list[str]:
        """Questions to which this project has no answer yet, in plain words."""
        return [
            str(NOTHING_TO_CHOOSE[question])
            for question in self._template.questions
            if question in NOTHING_TO_CHOOSE
            and self.fields[question].required
            and not [key for key, _label in self.fields[question].choices if key]  # type: ignore[attr-defined]
        ]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not self.errors:
            try:
                answers["text"] = compose(self._template, answers)
            except ValueError as error:
                raise ValidationError(str(error)) from error
        return answers

    def clean_from_hour(self) -> int:
        return int(self.cleaned_data[Question.FROM_HOUR])

    def clean_to_hour(self) -> int:
        start, end = self.cleaned_data.get(Question.FROM_HOUR), int(self.cleaned_data[Question.TO_HOUR])
        if start is not None and end <= start:
            raise ValidationError(_("This is later than the hour at which it begins."))
        return end


NOTHING_TO_CHOOSE: Final = {
    Question.TOOLS: _("No tool is known here yet: register one, or let an agent name it."),
    Question.MODELS: _("No model is known here yet: register one, or let an agent name it."),
    Question.NUMBER_ARGUMENT: _("No tool has a schema with a number in it: register one with a schema first."),
    Question.TEXT_ARGUMENT: _("No tool has a schema with a text in it: register one with a schema first."),
}


def _several(label: Any, slugs: Iterable[str], **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=[(slug, slug) for slug in slugs], widget=forms.CheckboxSelectMultiple, **options
    )


def _tools(project: Project) -> forms.Field:
    slugs = Tool.objects.filter(project=project).order_by("slug").values_list("slug", flat=True)
    return _several(_("Tools"), slugs)


def _models(project: Project) -> forms.Field:
    rows = list(Model.objects.filter(project=project).order_by("slug").values_list("slug", "provider"))
    providers = sorted({provider for _slug, provider in rows if provider})
    return ModelsField(
        [*(("Provider", name) for name in providers), *(("Model", slug) for slug, _provider in rows)], label=_("Models")
    )


def _argument(project: Project, types: tuple[str, ...], label: Any) -> forms.Field:
    return ArgumentField(
        [
            Argument(tool=tool, name=name, type=inner["type"], required=name in schema.get("required", ()))
            for tool, schema in sorted(registry.tool_schemas(project.pk).items())
            for name, inner in schema.get("properties", {}).items()
            if inner["type"] in types
        ],
        label=label,
    )


def _group(project: Project) -> forms.Field:
    groups = [(group.slug, group.name) for group in registry.approver_groups(project.pk)]
    return forms.ChoiceField(
        label=_("Who is asked"), choices=[("", _("Everybody who may approve")), *groups], required=False
    )


def _whole(label: Any, least: int, most: int, initial: int | None, **options: Any) -> Callable[[Project], forms.Field]:
    return lambda project: forms.IntegerField(
        label=label, min_value=least, max_value=most, initial=initial, **{"required": initial is not None, **options}
    )


_FIELDS: Final[dict[Question, Callable[[Project], forms.Field]]] = {
    Question.TOOLS: _tools,
    Question.MODELS: _models,
    Question.NUMBER_ARGUMENT: lambda project: _argument(project, ("integer", "number"), _("Which amount")),
    Question.TEXT_ARGUMENT: lambda project: _argument(project, ("string",), _("Which argument names the recipient")),
    Question.AMOUNT: lambda project: forms.DecimalField(
        label=_("At most"), max_digits=15, decimal_places=4, min_value=Decimal(0), initial=Decimal(500)
    ),
    Question.ENDINGS: lambda project: Lines(
        label=_("It must end with one of"), help_text=_("For instance @example.com; each on a line.")
    ),
    Question.GROUP: _group,
    Question.QUORUM: _whole(_("How many must agree"), 1, 20, 1),
    Question.HOURS_TO_DECIDE: _whole(_("Hours to decide"), 1, 720, None, help_text=_("Empty: as the settings say.")),
    Question.WEEKDAYS: lambda project: forms.TypedMultipleChoiceField(
        label=_("Days"), choices=DAYS, coerce=int, initial=[1, 2, 3, 4, 5], widget=forms.CheckboxSelectMultiple
    ),
    Question.FROM_HOUR: _whole(_("From this hour"), 0, 23, 8, help_text=_("In the time zone of the project.")),
    Question.TO_HOUR: _whole(_("Until this hour"), 1, 24, 18),
    Question.DAYS_OFF: lambda project: Dates(
        label=_("Never on"), required=False, help_text=_("Days as 2026-12-25, each on a line.")
    ),
    Question.MOST_ACTIONS: _whole(_("Actions at most"), 1, 1_000_000, 200, required=False),
    Question.MOST_MINUTES: _whole(_("Minutes at most"), 1, 525_600, 60, required=False),
    Question.MOST_REPEATS: _whole(_("Repetitions at most"), 1, 1000, 3),
    Question.MOST_DEPTH: _whole(
        _("Handed on at most so often"), 0, 100, 1, help_text=_("0: no agent asks another one.")
    ),
    Question.FINDINGS: lambda project: forms.MultipleChoiceField(
        label=_("What must not be in a prompt"),
        choices=FINDINGS,
        initial=[Family.CREDENTIALS],
        widget=forms.CheckboxSelectMultiple,
    ),
    Question.DOMAINS: lambda project: Lines(
        label=_("Domains"), help_text=_("As agents name them, for instance api.example.com; each on a line.")
    ),
    Question.DATASETS: lambda project: Lines(label=_("Data"), help_text=_("As agents name it; each on a line.")),
    Question.RUNTIMES: lambda project: Lines(
        label=_("What may run"),
        required=False,
        help_text=_("Languages as agents name them, each on a line. None: no code at all."),
    ),
    Question.LABELS: lambda project: Labels(
        label=_("One of these labels"), help_text=_("As key=value, each on a line.")
    ),
    Question.END_USERS: lambda project: EndUsers(
        project,
        label=_("End users"),
        help_text=_("As agents name them, each on a line. The rule has their pseudonyms, which records use, too."),
    ),
}
