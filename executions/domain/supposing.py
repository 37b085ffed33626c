"""Supposing: one recorded action, had some of what was known about it been otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from governance.domain.facts import Estimate, Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What is known of an action, as a person may change it; `of` says how it was.

    Amounts are whole numbers, dollars in millionths; `weekday` is 1 for Monday to 7. What is not
    here stays as it was: the budgets, the kill orders, whose turn it was to end.
    """

    teams: tuple[str, ...]
    groups: tuple[str, ...]
    discovered: bool
    environment: str
    labels: Mapping[str, str]
    weekday: int
    hour: int
    minute: int
    repeats: int
    actions: int
    model_calls: int
    tool_calls: int
    refusals: int
    elapsed_seconds: int
    spent_usd_micros: int
    depth: int
    estimate_usd_micros: int | None
    estimate_tokens: int | None


def of(facts: Facts) -> Supposed:
    """What may be supposed otherwise, as it was."""
    seen, estimate = facts.execution, facts.estimate or Estimate()
    return Supposed(
        teams=facts.principal.teams,
        groups=facts.resource.groups,
        discovered=facts.resource.discovered,
        environment=seen.environment,
        labels=seen.labels,
        weekday=facts.moment.weekday,
        hour=facts.moment.hour,
        minute=facts.moment.minute,
        repeats=facts.repeats,
        actions=seen.actions,
        model_calls=seen.model_calls,
        tool_calls=seen.tool_calls,
        refusals=seen.refusals,
        elapsed_seconds=seen.elapsed_seconds,
        spent_usd_micros=seen.spent_usd_micros,
        depth=seen.depth,
        estimate_usd_micros=estimate.usd_micros,
        estimate_tokens=estimate.tokens,
    )


def suppose(facts: Facts, supposed: Supposed) -> Facts:
    """Return the facts as they would have been; what was supposed as it was changes nothing."""
    estimate = replace(
        facts.estimate or Estimate(), usd_micros=supposed.estimate_usd_micros, tokens=supposed.estimate_tokens
    )
    return replace(
        facts,
        principal=replace(facts.principal, teams=supposed.teams),
        resource=replace(facts.resource, groups=supposed.groups, discovered=supposed.discovered),
        moment=replace(facts.moment, weekday=supposed.weekday, hour=supposed.hour, minute=supposed.minute),
        execution=replace(
            facts.execution,
            environment=supposed.environment,
            labels=supposed.labels,
            actions=supposed.actions,
            model_calls=supposed.model_calls,
            tool_calls=supposed.tool_calls,
            refusals=supposed.refusals,
            elapsed_seconds=supposed.elapsed_seconds,
            spent_usd_micros=supposed.spent_usd_micros,
            depth=supposed.depth,
        ),
        estimate=None if facts.estimate is None and estimate == Estimate() else estimate,
        repeats=supposed.repeats,
    )


def with_args(facts: Facts, typed: Mapping[str, Any] | None, problem: str | None) -> Facts:
    """Return the facts with other arguments, as `tool_schemas.check_args` found them."""
    return replace(facts, typed_args=typed, args_problem=problem)
