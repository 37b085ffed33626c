"""Policies: what is wrong with a text, and which versions are in force."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from governance.domain import policies
from governance.domain.manifest import GovernanceState, PolicyInForce
from governance.domain.policies import PolicyError, Rule, Validation
from governance.models import Policy
from governance.queries import registry

_REMEDY: Final = {
    "Agent": "Look at how it is spelt, or register the agent first.",
    "Team": "Look at how it is spelt, or put an agent in that team first.",
    "Workflow": "Look at how it is spelt, or register the workflow first.",
    "Tool": "Look at how it is spelt, or register the tool first.",
    "ToolGroup": "Look at how it is spelt, or put a tool in that group first.",
    "Model": "Look at how it is spelt, or register the model first.",
    "Provider": "Look at how it is spelt, or register a model of that provider first.",
}
"""What to do about a name that nothing has, by the types that have a registry."""


def validate(project_id: UUID, text: str, *, schemas: Mapping[str, Mapping[str, Any]] | None = None) -> Validation:
    """Check a text against the schema of facts and tools, and its names against the registry.

    `schemas` are tool schemas to assume instead of the registered ones.
    """
    known = registry.tool_schemas(project_id) if schemas is None else schemas
    found = policies.validate(text, registry.cedar_schema(known))
    errors = (*found.errors, *_unresolved(project_id, found.rules))
    return Validation(rules=found.rules, errors=errors)


def listed(project_id: UUID) -> QuerySet[Policy]:
    """Return the policies of a project by the time they were made."""
    return Policy.objects.filter(project=project_id).select_related("draft_saved_by").order_by("created_at", "id")


def in_force_versions(state: GovernanceState) -> dict[str, PolicyInForce]:
    """Return the versions in force by the policy's slug."""
    return {policy.slug: policy for policy in state.policies}


def _unresolved(project_id: UUID, rules: tuple[Rule, ...]) -> Iterator[PolicyError]:
    """Cedar's validator takes any id for an entity; these are ids that nothing here has."""
    unknown = registry.unknown_entities(project_id, (ref for rule in rules for ref in rule.entities))
    groups = set(registry.approver_groups(project_id).values_list("slug", flat=True))
    for rule in rules:
        for ref in rule.entities:
            if ref in unknown:
                message = f'There is no {ref.type} "{ref.id}" in this project. {_REMEDY[ref.type]}'
                yield policies.error_in(rule, message)
        if rule.escalation is not None and rule.escalation.group not in groups:
            yield policies.error_in(
                rule,
                f'There is no approver group "{rule.escalation.group}" in this project, which @escalate names.'
                " Make the group first.",
            )
        if rule.approvers is not None and rule.approvers not in groups:
            yield policies.error_in(
                rule,
                f'There is no approver group "{rule.approvers}" in this project. Make the group first, or'
                " leave @approvers out: then everybody with the right may decide.",
            )
