"""What people fill in: decisions, stops and starts."""

from typing import Any, Final
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Agent, ApprovalVote, KillOrder, Model, Project, Team, Tool, Workflow
from waxell.lib import json_strict
from waxell.lib.errors import DomainError

SCOPES: Final = {
    KillOrder.Scope.AGENT: _("One agent"),
    KillOrder.Scope.TEAM: _("A team of agents"),
    KillOrder.Scope.WORKFLOW: _("A workflow"),
    KillOrder.Scope.TOOL: _("A tool, whoever calls it"),
    KillOrder.Scope.MODEL: _("A model, whoever calls it"),
    KillOrder.Scope.END_USER: _("Everything done for one end user"),
    KillOrder.Scope.EXECUTION: _("One execution"),
    KillOrder.Scope.PROJECT: _("Everything in this project"),
    KillOrder.Scope.ALL: _("Everything in all projects you own"),
}
NAMED: Final[tuple[tuple[Any, Any], ...]] = (
    (Agent, _("agent")),
    (Team, _("team")),
    (Workflow, _("workflow")),
    (Tool, _("tool")),
    (Model, _("model")),
)
WITHOUT_VALUE: Final = (KillOrder.Scope.PROJECT, KillOrder.Scope.ALL)


class DecisionForm(forms.Form):
    """Grant or refuse; the button that was pressed is the decision."""

    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Goes into the record beside your decision."),
    )
    decision = forms.ChoiceField(choices=ApprovalVote.Decision.choices, widget=forms.HiddenInput)


class CancelForm(forms.Form):
    """Why an execution is ended."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Goes into the record beside the end."),
    )


class LiftForm(forms.Form):
    """Why what was stopped may happen again."""

    note = forms.CharField(label=_("Note"), required=False, max_length=2000)


class KillOrderForm(forms.Form):
    """What to stop, and why."""

    scope_type = forms.ChoiceField(label=_("What to stop"), choices=list(SCOPES.items()))
    scope_value = forms.CharField(
        label=_("Which one"),
        required=False,
        max_length=200,
        help_text=_("Its short name as in the lists, or an execution's id. Empty when everything is to stop."),
        widget=forms.TextInput(attrs={"list": "known-names", "autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    confirm = forms.CharField(required=False)

    def __init__(self, *args: Any, project: Project, **named: Any) -> None:
        super().__init__(*args, **named)
        self.project = project

    def known_names(self) -> list[tuple[str, str]]:
        """Names that can be meant, with the kind of each."""
        kinds = (
            (Agent, _("agent")),
            (Team, _("team")),
            (Workflow, _("workflow")),
            (Tool, _("tool")),
            (Model, _("model")),
        )
        return [
            (slug, str(kind))
            for model, kind in kinds
            for slug in model.objects.filter(project=self.project).order_by("slug").values_list("slug", flat=True)[:200]
        ]

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"]).strip()
        if typed != self.project.slug:
            raise forms.ValidationError(_("Type the project's short name to confirm."))
        return typed

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        needs = data.get("scope_type") not in WITHOUT_VALUE
        if needs and not data.get("scope_value"):
            self.add_error("scope_value", _("Say which one is to stop."))
        if not needs:
            # A name left over from another choice stops nothing more.
            data["scope_value"] = None
        return data


class StartForm(forms.Form):
    """Work for our workers: a workflow, who answers for it, and what it works on."""

    workflow = forms.ChoiceField(label=_("Workflow"))
    agent = forms.ChoiceField(label=_("As agent"), help_text=_("Its rules and budgets decide what the work may do."))
    environment = forms.CharField(label=_("Environment"), required=False, max_length=63)
    input = forms.CharField(
        label=_("Input"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("JSON, as the workflow expects it. Empty means nothing."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **named: Any) -> None:
        # The page carries a name for this start: pressing the button twice starts once.
        named["initial"] = {"once": uuid4(), **(named.get("initial") or {})}
        super().__init__(*args, **named)
        workflows = Workflow.objects.filter(project=project, kind=Workflow.Kind.WORKER).order_by("slug")
        agents = Agent.objects.filter(project=project).order_by("slug")
        self.fields["workflow"].choices = [(slug, slug) for slug in workflows.values_list("slug", flat=True)]  # type: ignore[attr-defined]
        self.fields["agent"].choices = [  # type: ignore[attr-defined]
            (slug, f"{name} ({slug})" if name else slug) for slug, name in agents.values_list("slug", "name")
        ]

    def clean_input(self) -> object:
        text = self.cleaned_data["input"].strip()
        if not text:
            return None
        try:
            return json_strict.parse(text.encode())
        except DomainError as error:
            raise forms.ValidationError(error.detail or error.title()) from error
