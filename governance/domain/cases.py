"""Test cases: examples kept with a policy, each an action and what the policy shall say to it.

A case is about its policy alone. It is judged as if the policy were enforced and everything that it
does not speak of were permitted: no other policy, budget, kill order or approval takes part. So a
case goes red because this policy changed, never because another one did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from governance.domain import facts as known_facts
from governance.domain import policies
from governance.domain.evaluation import decide
from governance.domain.facts import Definition, Estimate, ExecutionSeen, Facts, Lifecycle, Moment, Principal, Resource
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.tool_schemas import CheckedArgs
from governance.domain.verdicts import Reason
from waxell.lib.errors import DomainError, Invalid
from waxell.lib.fields import Fields

NOON: Final = Moment(now_ms=1_767_614_400_000, hour=12, minute=0, weekday=1, day="2026-01-05")
"""When a case happens that does not say when: Monday, 5 January 2026, at noon."""

_ELSE: Final = '@id("everything-else") permit (principal, action, resource);'


class CaseInvalid(Invalid):
    """This is not an action that a policy could be asked about."""

    code = "case_invalid"


class Wanted(StrEnum):
    """What a policy says to an action; `flag` allows and marks."""

    ALLOW = "allow"
    FLAG = "flag"
    HOLD = "hold"
    DENY = "deny"
    HALT = "halt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the registry says of the names in a case: teams of the agent, groups of the resource."""

    teams: Sequence[str] = ()
    groups: Sequence[str] = ()
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a policy says to a case; `rule` and `message` are of the rule that decides, if one does."""

    verdict: Wanted
    rule: str | None = None
    message: str = ""


def judge(text: str, facts: Facts) -> Answer:
    """Ask the policy `text`, which can be read, about `facts`."""
    alone = replace(facts, budgets=(), lifecycle=Lifecycle(), grants=())
    decision = decide(state=_alone(text), facts=alone)
    if decision.reasons:
        return _answer(Wanted(decision.verdict.value), decision.reasons[0])
    if decision.flags:
        return _answer(Wanted.FLAG, decision.flags[0])
    return Answer(verdict=Wanted.ALLOW)


def example(
    *,
    kind: str,
    resource: str,
    agent: str,
    context: Mapping[str, Any] | None = None,
    args: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a case made by hand as it is kept. Raises CaseInvalid, which says what is wrong."""
    if kind not in frozenset(Kind):
        raise CaseInvalid("There is no such kind of action.")
    if not resource or not agent:
        raise CaseInvalid("A case names an agent and what the action is about.")
    made: dict[str, Any] = {"kind": kind, "resource": resource, "agent": agent, "context": dict(context or {})}
    if args is not None:
        made["args"] = dict(args)
    read_example(made, Surroundings(), None)
    return made


def recorded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case made of recorded facts as it is kept: what was true then, without what the policy does not see."""
    left_out = ("budgets", "lifecycle", "grants", "args_problem")
    return {"facts": {name: value for name, value in document.items() if name not in left_out}}


def read_recorded(given: Mapping[str, Any], checked: CheckedArgs | None) -> Facts:
    """Return the facts of a recorded case with its arguments as rules see them. Raises ValueError."""
    seen = known_facts.read(given["facts"], checked.typed if checked else None)
    return replace(seen, args_problem=checked.problem if checked else None)


def read_example(given: Mapping[str, Any], around: Surroundings, checked: CheckedArgs | None) -> Facts:
    """Return the facts of a case made by hand. Raises CaseInvalid."""
    try:
        return _read_example(given, around, checked)
    except DomainError as error:
        raise CaseInvalid(error.detail) from error


def names_of(given: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return kind, resource and agent of a case."""
    if "facts" in given:
        seen = given["facts"]
        return seen["kind"], seen["resource"]["id"], seen["principal"]["slug"]
    return given["kind"], given["resource"], given["agent"]


def _read_example(given: Mapping[str, Any], around: Surroundings, checked: CheckedArgs | None) -> Facts:
    kind = Kind(given["kind"])
    context = Fields(given["context"], path="context")
    teams = context.texts("teams") if context.has("teams") else tuple(around.teams)
    groups = context.texts("groups") if context.has("groups") else tuple(around.groups)
    made = Facts(
        principal=Principal(slug=given["agent"], teams=teams),
        kind=kind,
        resource=Resource(
            type=RESOURCE_TYPES[kind],
            id=given["resource"],
            groups=groups,
            discovered=context.boolean("discovered", default=around.discovered),
        ),
        moment=Moment(
            now_ms=_or(context.optional_integer("now_ms"), NOON.now_ms),
            hour=_or(context.optional_integer("hour", maximum=23), NOON.hour),
            minute=_or(context.optional_integer("minute", maximum=59), NOON.minute),
            weekday=_or(context.optional_integer("weekday", minimum=1, maximum=7), NOON.weekday),
            day=context.optional_text("day", max_length=10) or NOON.day,
        ),
        execution=_execution(context.nested("execution")),
        estimate=_estimate(context.nested("estimate")),
        definition=_definition(context.nested("definition")),
        repeats=_or(context.optional_integer("repeats"), 0),
        typed_args=checked.typed if checked else None,
        args_problem=checked.problem if checked else None,
    )
    context.finish()
    return made


def _execution(read: Fields | None) -> ExecutionSeen:
    if read is None:
        return ExecutionSeen(id="case", workflow="case")
    labels = [label.partition("=") for label in read.texts("labels")]
    counted = (
        *("depth", "actions", "model_calls", "tool_calls", "refusals"),
        *("elapsed_seconds", "spent_usd_micros"),
    )
    counts = {name: _or(read.optional_integer(name), 0) for name in counted}
    made = ExecutionSeen(
        id=read.optional_text("id") or "case",
        workflow=read.optional_text("workflow") or "case",
        environment=read.optional_text("environment") or "",
        labels={name: value for name, _, value in labels},
        end_user=read.optional_text("end_user"),
        attempt=_or(read.optional_integer("attempt", minimum=1), 1),
        **counts,
    )
    read.finish()
    return made


def _estimate(read: Fields | None) -> Estimate | None:
    if read is None:
        return None
    made = Estimate(
        usd_micros=read.optional_integer("usd_micros"),
        tokens=read.optional_integer("tokens"),
        seconds=read.optional_integer("seconds"),
    )
    read.finish()
    return made


def _definition(read: Fields | None) -> Definition | None:
    if read is None:
        return None
    made = Definition(state=read.text("state"), fingerprint=read.optional_text("fingerprint") or "")
    read.finish()
    return made


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _alone(text: str) -> GovernanceState:
    texts = {"this": text}
    if not any(rule.effect is None for rule in policies.parse(text).rules):
        # What permits is elsewhere: this policy only forbids.
        texts["else"] = _ELSE
    return GovernanceState(
        project="",
        number=0,
        policies=tuple(
            PolicyInForce(slug=slug, version=0, digest=policy_digest(one), mode="enforced", text=one)
            for slug, one in texts.items()
        ),
    )


def _answer(verdict: Wanted, reason: Reason) -> Answer:
    return Answer(verdict=verdict, rule=reason.rule, message=reason.message)
