"""Each kind of thing that files speak of: what is there of it, and how one is made as the files say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from governance.domain.actors import Actor
from governance.domain.rule_files import Desired
from governance.models import Agent, ApproverGroup, Budget, Model, Person, Policy, Project, Team, Tool, Workflow
from governance.queries import budgets as budget_queries
from governance.queries import policies as policy_queries
from governance.queries import states
from governance.services import agents, budgets, catalogue, groups, policies, workflows

type Values = Mapping[str, Any]

MODELS: Final[dict[str, Any]] = {
    "teams": Team,
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
class Making:
    """One thing to make: `row` is what is there of it, None for nothing; `fields` are those that differ."""

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


def _team_values(project: Project, row: Team) -> Values:
    return {"name": row.name}


def _make_team(making: Making) -> None:
    agents.define_team(**making.common, **making.values)


def _agent_values(project: Project, row: Agent) -> Values:
    return {"name": row.name, "teams": sorted(row.teams.values_list("slug", flat=True))}


def _make_agent(making: Making) -> None:
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
        "risk": row.risk,
        "owner": row.owner.email.lower() if row.owner else None,
    }


def _make_tool(making: Making) -> None:
    values = making.values
    values["owner"] = catalogue.find_owner(making.project, values["owner"])
    if making.row is None or making.row.discovered:
        catalogue.register_tool(**making.common, **values)
    else:
        catalogue.change_tool(tool=making.row, actor=making.actor, **values)


def _model_values(project: Project, row: Model) -> Values:
    return {"provider": row.provider}


def _make_model(making: Making) -> None:
    if making.row is not None and not making.row.discovered:
        raise RulesNotApplicable(f"its provider is {making.row.provider or 'none'}, and a model keeps its provider.")
    catalogue.register_model(**making.common, **making.values)


def _workflow_values(project: Project, row: Workflow) -> Values:
    values = {
        name: getattr(row, name) for name in ("kind", "description", "max_attempts", "max_concurrent", "schedule")
    }
    return {**values, "schedule_agent": row.schedule_agent.slug if row.schedule_agent else None}


def _make_workflow(making: Making) -> None:
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


def _make_group(making: Making) -> None:
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


def _make_policy(making: Making) -> None:
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


def _make_budget(making: Making) -> None:
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


VALUES: Final[dict[str, Callable[[Project, Any], Values]]] = {
    "teams": _team_values,
    "agents": _agent_values,
    "tools": _tool_values,
    "models": _model_values,
    "workflows": _workflow_values,
    "groups": _group_values,
    "policies": _policy_values,
    "budgets": _budget_values,
}
MAKE: Final[dict[str, Callable[[Making], None]]] = {
    "teams": _make_team,
    "agents": _make_agent,
    "tools": _make_tool,
    "models": _make_model,
    "workflows": _make_workflow,
    "groups": _make_group,
    "policies": _make_policy,
    "budgets": _make_budget,
}
