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


class WorkflowChangeForm(forms.Form):
    """What may be changed of a workflow; attempts and schedules are only for what runs on our workers."""

    description = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    max_concurrent = forms.IntegerField(label=_("At once, at most"), min_value=1, max_value=10_000)
    max_attempts = forms.IntegerField(
        label=_("Attempts"),
        min_value=1,
        max_value=20,
        help_text=_(
            "Each attempt after the first is an execution of its own. Only what was interrupted is tried again."
        ),
    )
    schedule = forms.CharField(
        label=_("Schedule"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "input mono", "spellcheck": "false", "placeholder": "30 6 * * mon-fri"}),
        help_text=_("Minute, hour, day of month, month, day of week, in the project's time zone. Empty: only by hand."),
    )
    schedule_agent = forms.ModelChoiceField(
        label=_("As agent"),
        queryset=Agent.objects.none(),
        required=False,
        help_text=_("Its rules and budgets decide what the scheduled work may do."),
    )

    def __init__(self, *args: Any, workflow: Workflow, **named: Any) -> None:
        super().__init__(*args, **named)
        self.workflow = workflow
        if workflow.kind == Workflow.Kind.WORKER:
            agents = Agent.objects.filter(project=workflow.project_id).order_by("slug")
            self.fields["schedule_agent"].queryset = agents  # type: ignore[attr-defined]
        else:
            for name in ("max_concurrent", "max_attempts", "schedule", "schedule_agent"):
                del self.fields[name]

    def values(self) -> dict[str, Any]:
        """What was filled in; what the form does not ask stays as it is."""
        kept = {"max_concurrent": self.workflow.max_concurrent, "max_attempts": self.workflow.max_attempts}
        return {**kept, **self.cleaned_data}


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
