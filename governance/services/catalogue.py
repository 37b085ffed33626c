"""Workflows, tools and models: registered by people, discovered by what agents ask for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.domain.manifest import GovernanceState
from governance.domain.tool_schemas import check_schema
from governance.models import Agent, Model, Person, Project, Tool, Workflow
from governance.queries import people, policies, registry
from governance.services import names, publications
from governance.services.publications import Plan
from governance.services.recording import record
from waxell.lib import canonical
from waxell.lib.errors import Invalid

type Named = Workflow | Tool | Model

_DISCOVERED_AS: Final[dict[Kind, Any]] = {
    Kind.EXECUTION_START: Workflow,
    Kind.TOOL_CALL: Tool,
    Kind.MODEL_CALL: Model,
    Kind.AGENT_DELEGATE: Agent,
}


class OwnerUnknown(Invalid):
    """A tool's owner is somebody of the project, by e-mail address."""

    code = "owner_unknown"


class SchemaBreaksPolicies(Invalid):
    """Policies in force would no longer fit this tool."""

    code = "schema_breaks_policies"


def register_workflow(
    *,
    project: Project,
    actor: Actor,
    slug: str,
    kind: str = Workflow.Kind.EXTERNAL,
    description: str = "",
    max_attempts: int = 1,
    max_concurrent: int = 10,
    schedule: str = "",
    schedule_agent: Agent | None = None,
) -> Workflow:
    """Register a workflow; one that was only discovered is thereby adopted. Raises NameTaken."""
    values = {
        "kind": kind,
        "description": description,
        "max_attempts": max_attempts,
        "max_concurrent": max_concurrent,
        "schedule": schedule,
        "schedule_agent": schedule_agent,
    }
    with names.unique(slug):
        workflow: Workflow = _take(Workflow, project, slug, values)
        members = {"workflow": slug, "kind": str(kind), "schedule": schedule}
        record(project_id=project.pk, actor=actor, type="workflow.registered", members=members)
    return workflow


def register_model(*, project: Project, actor: Actor, slug: str, provider: str = "") -> Model:
    """Register a model; one that was only discovered is thereby adopted. Raises NameTaken."""
    with names.unique(slug):
        model: Model = _take(Model, project, slug, {"provider": provider})
        members = {"model": slug, "provider": provider}
        record(project_id=project.pk, actor=actor, type="model.registered", members=members)
    return model


def register_tool(
    *,
    project: Project,
    actor: Actor,
    slug: str,
    groups: Iterable[str] = (),
    schema: dict[str, Any] | None = None,
    description: str = "",
    cost_micros: int | None = None,
    risk: str = "",
    owner: Person | None = None,
) -> Tool:
    """Register a tool; one that was only discovered is thereby adopted.

    With a schema its arguments have types in policies, so it becomes part of the rules in force.
    Raises NameTaken, ToolSchemaInvalid, SchemaBreaksPolicies (with `errors`).
    """
    values = {
        "groups": list(dict.fromkeys(groups)),
        "schema": schema,
        "description": description,
        "cost_micros": cost_micros,
        "risk": risk,
        "owner": owner,
    }
    if schema is not None:
        check_schema(schema)
    made: list[Tool] = []
    with names.unique(slug):
        _put(
            project_id=project.pk,
            actor=actor,
            slug=slug,
            schema=schema,
            was=None,
            type="tool.registered",
            answering=_answering(risk, owner),
            write=lambda: made.append(_take(Tool, project, slug, values)),
        )
    return made[-1]


def change_tool(
    *,
    tool: Tool,
    actor: Actor,
    schema: dict[str, Any] | None,
    groups: Iterable[str],
    description: str,
    cost_micros: int | None,
    risk: str = "",
    owner: Person | None = None,
) -> Tool:
    """Give a tool this schema (None for no types), groups, cost, risk and owner.

    Raises ToolSchemaInvalid, SchemaBreaksPolicies (with `errors`).
    """
    if schema is not None:
        check_schema(schema)

    def write() -> None:
        tool.schema, tool.groups = schema, list(dict.fromkeys(groups))
        tool.description, tool.cost_micros, tool.discovered = description, cost_micros, False
        tool.risk, tool.owner = risk, owner
        tool.save()

    with transaction.atomic():
        _put(
            project_id=tool.project_id,
            actor=actor,
            slug=tool.slug,
            schema=schema,
            was=tool.schema,
            type="tool.changed",
            answering=_answering(risk, owner),
            write=write,
        )
    return tool


def fingerprint(tool: Tool) -> str:
    """Return as much of the digest of a tool's schema as people compare; the ledger has it whole. Empty without one."""
    return "" if tool.schema is None else canonical.digest_of(tool.schema).removeprefix("sha256:")[:16]


def find_owner(project: Project, email: str | None) -> Person | None:
    """Return who of the project has this address, None for none. Raises OwnerUnknown."""
    if not email:
        return None
    found = people.members(project.pk).filter(email__iexact=email).first()
    if found is None:
        raise OwnerUnknown(f"Nobody of the project has the address {email[:254]}.")
    return found


def adopt(*, name: Named, actor: Actor) -> None:
    """Take a discovered name into the registry; adopting it again changes nothing."""
    with transaction.atomic():
        if type(name).objects.filter(pk=name.pk, discovered=True).update(discovered=False):
            members = {str(name._meta.model_name): name.slug}
            record(project_id=name.project_id, actor=actor, type="name.adopted", members=members)
    name.discovered = False


def discover(*, project_id: UUID, kind: Kind, slug: str) -> bool:
    """Remember a name that nobody registered, so that people can adopt it.

    Tells whether there is a registry for it: the other kinds name things that have none.
    """
    model = _DISCOVERED_AS.get(kind)
    if model is None or len(slug) > model._meta.get_field("slug").max_length:
        return False
    values = {"name": slug[:120]} if model is Agent else {}
    model.objects.bulk_create(
        [model(project_id=project_id, slug=slug, discovered=True, **values)], ignore_conflicts=True
    )
    return True


def _take(model: Any, project: Project, slug: str, values: Mapping[str, object]) -> Any:
    """Make the row, or turn a discovered one into it."""
    known = model.objects.select_for_update(no_key=True).filter(project=project, slug=slug, discovered=True).first()
    row = known or model(project=project, slug=slug)
    for field, value in {**values, "discovered": False}.items():
        setattr(row, field, value)
    row.save()
    return row


def _put(
    *,
    project_id: UUID,
    actor: Actor,
    slug: str,
    schema: dict[str, Any] | None,
    was: dict[str, Any] | None,
    type: str,
    answering: Mapping[str, str | None],
    write: Callable[[], object],
) -> None:
    """Write a tool: by publication where its schema changes, else as a plain entry."""
    digest = None if schema is None else canonical.digest_of(schema)
    # The schema itself is on record: decisions made on typed arguments can be derived again for ever.
    members = {"tool": slug, "schema": digest, "definition": schema, **answering}
    if schema == was:
        write()
        record(project_id=project_id, actor=actor, type=type, members=members)
        return

    def plan(current: GovernanceState) -> Plan:
        schemas = registry.tool_schemas(project_id)
        schemas.pop(slug, None)
        if schema is not None:
            schemas[slug] = schema
        _check_policies(project_id, current, schemas)
        named = {other: known for other, known in current.tool_schemas.items() if other != slug}
        if digest is not None:
            named[slug] = digest
        return Plan(state=replace(current, tool_schemas=named), type=type, members=members, write=write)

    publications.publish(project_id=project_id, actor=actor, plan=plan)


def _answering(risk: str, owner: Person | None) -> dict[str, str | None]:
    return {"risk": risk, "owner": str(owner.pk) if owner else None}


def _check_policies(project_id: UUID, current: GovernanceState, schemas: registry.ToolSchemas) -> None:
    """Validate everything in force again: a rule that fitted the old types may not fit the new ones."""
    errors = [
        {"policy": policy.slug, **error.document()}
        for policy in current.policies
        for error in policies.validate(project_id, policy.text, schemas=schemas).errors
    ]
    if errors:
        raise SchemaBreaksPolicies(errors=errors)
