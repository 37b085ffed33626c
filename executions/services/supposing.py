"""What-if: one recorded action judged again with other facts, or by other rules. Nothing is written."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from executions.domain import simulating as drafts
from executions.domain import supposing
from executions.domain.replaying import erased, read_facts
from executions.domain.simulating import Draft
from executions.domain.supposing import Supposed
from executions.queries.decisions import Recorded
from executions.queries.replays import schema_named
from executions.services.simulating import check
from governance.domain.evaluation import decide
from governance.domain.facts import Facts
from governance.domain.manifest import GovernanceState, UnknownEngine
from governance.domain.tool_schemas import check_args
from governance.domain.verdicts import Decision
from governance.models import Policy
from governance.queries import states
from waxell.lib.errors import NotFound

THEN: Final = "then"
NOW: Final = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A recorded action ready to be judged again: its facts, the rules of its time, and its tool's schema of then.

    `schema` is None where rules see no arguments of it, or where there are none any more.
    """

    facts: Facts
    state: GovernanceState
    schema: dict[str, Any] | None


def know(project_id: UUID, found: Recorded, *, contents: bool) -> Known | None:
    """Return what is known of a decision; None where it cannot be judged again.

    That is where its arguments were erased, another release made it, or rules saw arguments and
    its reader may not: every verdict would tell of them.
    """
    if found.line["facts"]["has_args"] and (not contents or erased(found.line, found.args)):
        return None
    try:
        state = states.by_digest(project_id, found.line["state"])

        def schema_of(digest: str) -> dict[str, Any]:
            return schema_named(project_id, digest)

        facts = read_facts(found.line, found.args, state=state, schema_of=schema_of)
        digest = state.tool_schemas.get(facts.resource.id) if facts.resource.type == "Tool" else None
        readable = contents and found.args is not None and digest is not None
        return Known(facts=facts, state=state, schema=schema_of(digest) if readable and digest else None)
    except (NotFound, UnknownEngine, KeyError, TypeError, ValueError):
        return None


def judge(known: Known, supposed: Supposed, *, args: object, rules: GovernanceState) -> Decision:
    """Judge the action as it is supposed, by `rules`; `args` count where rules see arguments of it."""
    facts = supposing.suppose(known.facts, supposed)
    if known.schema is not None:
        checked = check_args(known.schema, args)
        facts = supposing.with_args(facts, checked.typed, checked.problem)
    return decide(state=rules, facts=facts)


def rules_of(known: Known, policy: Policy | None, *, now: bool, project_id: UUID) -> GovernanceState:
    """The rules of then or of `now`, with the draft of `policy` in its place where one is named.

    Raises PolicyInvalid (with `errors`).
    """
    state = states.in_force(project_id) if now else known.state
    if policy is None:
        return state
    check(project_id, policy.draft_text)
    return drafts.with_draft(state, Draft(slug=policy.slug, text=policy.draft_text, mode=policy.mode))


def written_args(found: Recorded) -> object:
    """The arguments as the agent sent them."""
    return orjson.loads(found.args) if found.args else {}
