"""Making a project what its files say: what differs, and doing that, all of it or nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from governance.domain.actors import Actor
from governance.domain.rule_files import Desired
from governance.models import Agent, ApproverGroup, Budget, Model, Person, Policy, Project, Tool, Workflow
from governance.queries import budgets as budget_queries
from governance.queries import policies as policy_queries
from governance.queries import states
from governance.services import agents, budgets, catalogue, groups, policies, workflows
from waxell.lib.errors import DomainError

type Values = Mapping[str, Any]

_MODELS: Final[dict[str, Any]] = {
    "agents": Agent,
    "tools": Tool,
    "models": Model,
    "workflows": Workflow,
    "groups": ApproverGroup,
    "policies": Policy,
    "budgets": Budget,
}
_SHAPE: Final = ("unit", "scope_type", "scope_value", "period", "time_zone")
_TERMS: Final = ("limit", "on_exceed", "default_reservation", "approvers")


class RulesNotApplicable(ValueError):
    """What the files say cannot be made of this project; `errors` are those of a policy's text."""

    def __init__(self, why: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(why)
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it shall be: `was` None where it is not there; `fields` are those that differ."""

    desired: Desired
    was: Values | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was made different, how many things were as they shall be, and what the files do not speak of."""

    differences: tuple[Difference, ...]
    same: int
    unspoken: tuple[tuple[str, str], ...]


class _TakenBack(Exception):
    """A rehearsal is over."""


def rehearse(
    *, project: Project, actor: Actor, desired: Iterable[Desired], note: str = "", override: str = ""
) -> Applied:
    """Do what `apply` does, see that it can be done, and take it all back. Raises RulesNotApplicable."""
    applied: list[Applied] = []
    try:
        with transaction.atomic():
            applied.append(apply(project=project, actor=actor, desired=desired, note=note, override=override))
            raise _TakenBack
    except _TakenBack:
        return applied[0]


def apply(*, project: Project, actor: Actor, desired: Iterable[Desired], note: str = "", override: str = "") -> Applied:
    """Make everything that differs as it shall be, in one transaction. What is not spoken of stays as it is.

    `override` is why policies may be published although test cases kept with them fail.

    Doing it again finds nothing to do. Raises RulesNotApplicable, which names what cannot be done.
    """
    wanted = list(desired)
    differences = []
    with transaction.atomic():
        for one in wanted:
            row = _row(project, one)
            was = None if row is None else _VALUES[one.kind](project, row)
            fields = tuple(name for name, value in one.values.items() if was is None or was[name] != value)
            if was is not None and not fields and not getattr(row, "discovered", False):
                continue
            differences.append(Difference(desired=one, was=was, fields=fields))
            try:
                _MAKE[one.kind](
                    _Making(
                        project=project, actor=actor, note=note, override=override, desired=one, row=row, fields=fields
                    )
                )
            except (DomainError, RulesNotApplicable) as error:
                raise RulesNotApplicable(f"{one.kind}.{one.slug}: {_why(error)}", _errors(error)) from error
    spoken = {(one.kind, one.slug) for one in wanted}
    return Applied(
        differences=tuple(differences),
        same=len(wanted) - len(differences),
        unspoken=tuple(name for name in _names(project) if name not in spoken),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Making:
    project: Project
    actor: Actor
    note: str
    override: str
    desired: Desired
    row: Any
    fields: tuple[str, ...]

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.desired.values)

    @property
    def common(self) -> dict[str, Any]:
        """What every service that makes something takes."""
        return {"project": self.project, "actor": self.actor, "slug": self.desired.slug}


def _why(error: DomainError | RulesNotApplicable) -> str:
    return str(error.detail or error.title()) if isinstance(error, DomainError) else str(error)


def _errors(error: DomainError | RulesNotApplicable) -> Sequence[Mapping[str, Any]]:
    found: Any = error.members.get("errors", ()) if isinstance(error, DomainError) else ()
    return list(found)


def _row(project: Project, desired: Desired) -> Any:
    return _MODELS[desired.kind].objects.filter(project=project, slug=desired.slug).first()


def _names(project: Project) -> list[tuple[str, str]]:
    """Everything of the project by kind and name but what agents only mentioned."""
    found = []
    for kind, model in _MODELS.items():
        rows = model.objects.filter(project=project)
        if any(field.name == "discovered" for field in model._meta.get_fields()):
            rows = rows.filter(discovered=False)
        found += [(kind, slug) for slug in rows.order_by("slug").values_list("slug", flat=True)]
    return found


def _agent_values(project: Project, row: Agent) -> Values:
    return {"name": row.name, "teams": sorted(row.teams.values_list("slug", flat=True))}


def _make_agent(making: _Making) -> None:
    if making.row is None or making.row.discovered:
        agents.register(**making.common, **making.values)
    else:
        agents.change(agent=making.row, actor=making.actor, **making.values)


def _tool_values(project: Project, row: Tool) -> Values:
    return {
        "description": row.description,
        "groups": sorted(row.groups),
        "cost_micros": row.cost_micros,
        "schema": row.schema,
    }


def _make_tool(making: _Making) -> None:
    if making.row is None or making.row.discovered:
        catalogue.register_tool(**making.common, **making.values)
    else:
        catalogue.change_tool(tool=making.row, actor=making.actor, **making.values)


def _model_values(project: Project, row: Model) -> Values:
    return {"provider": row.provider}


def _make_model(making: _Making) -> None:
    if making.row is not None and not making.row.discovered:
        raise RulesNotApplicable(f"its provider is {making.row.provider or 'none'}, and a model keeps its provider.")
    catalogue.register_model(**making.common, **making.values)


def _workflow_values(project: Project, row: Workflow) -> Values:
    values = {
        name: getattr(row, name) for name in ("kind", "description", "max_attempts", "max_concurrent", "schedule")
    }
    return {**values, "schedule_agent": row.schedule_agent.slug if row.schedule_agent else None}


def _make_workflow(making: _Making) -> None:
    values, agent = making.values, None
    if values["schedule_agent"] is not None:
        agent = Agent.objects.filter(project=making.project, slug=values["schedule_agent"]).first()
        if agent is None:
            raise RulesNotApplicable(f"there is no agent {values['schedule_agent']}.")
    values["schedule_agent"] = agent
    if making.row is None or making.row.discovered:
        catalogue.register_workflow(**making.common, **values)
        return
    if "kind" in making.fields:
        raise RulesNotApplicable(f"it is {making.row.kind}, and a workflow keeps its kind.")
    del values["kind"]
    workflows.change(workflow=making.row, actor=making.actor, **values)


def _group_values(project: Project, row: ApproverGroup) -> Values:
    return {"name": row.name, "people": sorted(email.lower() for email in row.people.values_list("email", flat=True))}


def _make_group(making: _Making) -> None:
    values = making.values
    people = {person.email.lower(): person for person in Person.objects.filter(email__in=values["people"])}
    if unknown := [email for email in values["people"] if email not in people]:
        raise RulesNotApplicable(f"nobody here has the address {unknown[0]}.")
    groups.define(**making.common, name=values["name"], people=people.values())


def _policy_values(project: Project, row: Policy) -> Values:
    """What is in force of a policy, or its draft where nothing is; a draft that differs from both counts, too."""
    in_force = policy_queries.in_force_versions(states.in_force(project.pk)).get(row.slug)
    return {
        "name": row.name,
        "description": row.description,
        "mode": in_force.mode if in_force else row.mode,
        "text": in_force.text if in_force else row.draft_text,
        "in_force": in_force is not None,
    }


def _make_policy(making: _Making) -> None:
    values, policy = making.values, making.row
    in_force = values.pop("in_force")
    if policy is None:
        policy = policies.create(**making.common, **values)
    else:
        policies.save_draft(policy=policy, actor=making.actor, **values)
    if not in_force and "in_force" in making.fields and making.row is not None:
        policies.retire(policy=policy, actor=making.actor, note=making.note)
    elif in_force and {"text", "mode", "in_force"} & set(making.fields):
        policies.publish(policy=policy, actor=making.actor, note=making.note, override=making.override)


def _budget_values(project: Project, row: Budget) -> Values:
    latest = row.versions.order_by("number").last()
    in_force = budget_queries.in_force_versions(states.in_force(project.pk))
    return {
        **{name: getattr(row, name) for name in ("name", *_SHAPE)},
        **{name: getattr(latest, name, None) for name in _TERMS},
        "in_force": row.slug in in_force,
    }


def _make_budget(making: _Making) -> None:
    values = making.values
    in_force = values.pop("in_force")
    if making.row is None:
        if in_force:
            budgets.create(**making.common, note=making.note, **values)
        return
    if fixed := [name for name in ("name", *_SHAPE) if name in making.fields]:
        raise RulesNotApplicable(f"its {fixed[0].replace('_', ' ')} never changes: give the budget another name.")
    if in_force:
        terms = {name: values[name] for name in _TERMS if name in values}
        budgets.revise(budget=making.row, actor=making.actor, note=making.note, **terms)
    elif "in_force" in making.fields:
        budgets.retire(budget=making.row, actor=making.actor, note=making.note)


_VALUES: Final[dict[str, Callable[[Project, Any], Values]]] = {
    "agents": _agent_values,
    "tools": _tool_values,
    "models": _model_values,
    "workflows": _workflow_values,
    "groups": _group_values,
    "policies": _policy_values,
    "budgets": _budget_values,
}
_MAKE: Final[dict[str, Callable[[_Making], None]]] = {
    "agents": _make_agent,
    "tools": _make_tool,
    "models": _make_model,
    "workflows": _make_workflow,
    "groups": _make_group,
    "policies": _make_policy,
    "budgets": _make_budget,
}
