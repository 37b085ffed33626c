"""What the rules did and who acted, added up from the newest decisions of a period as they were recorded."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from executions.queries import decisions
from executions.queries.decisions import Recorded
from waxell.lib.db.calls import call

MOST: Final = 5_000
"""How many decisions are looked at; a page says so where a period holds more."""

type RuleName = tuple[str, str]
"""A policy's slug and a rule's id in it."""

# Only what binds is cited: a rule that marks, or is on trial, is not found here. The index does not know which
# decision came last, so no more than some are looked at: where there are that many, one of them has to do.
_CITED: Final = """
SELECT n.cited, s.at, s.many
  FROM unnest(%s::text[]) AS n (cited)
 CROSS JOIN LATERAL (
    SELECT max(e.decided_at) AS at, count(*) AS many
      FROM (SELECT decided_at FROM ledger_entry
             WHERE project_id = %s AND cites @> ARRAY[n.cited] AND type = 'action.decided'
             LIMIT %s) AS e) AS s
 WHERE s.many > 0
"""
_ENOUGH: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Fired:
    """How often a rule fired, by agent, day and version of its policy, when last and in which entry.

    `failed` is how often it could not be evaluated.
    """

    times: int = 0
    failed: int = 0
    on_trial: int = 0
    agents: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    versions: Counter[int] = field(default_factory=Counter)
    last_at: datetime | None = None
    last: tuple[UUID, int] | None = None


@dataclass(slots=True, kw_only=True)
class Acted:
    """How often something was in a decision, and when last."""

    times: int = 0
    refused: int = 0
    last_at: datetime | None = None
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Tally:
    """`by_state` counts decisions by the digest of the rules they were made under and the kind of action.

    `acted` is by type (`Agent`, `Workflow`, `Tool`, `Model` …) and name. `oldest` is when the first of these
    decisions was made; `more` says that the period holds earlier ones.
    """

    decisions: int = 0
    more: bool = False
    oldest: datetime | None = None
    rules: dict[RuleName, Fired] = field(default_factory=lambda: defaultdict(Fired))
    by_state: Counter[tuple[str, str]] = field(default_factory=Counter)
    acted: dict[tuple[str, str], Acted] = field(default_factory=lambda: defaultdict(Acted))

    def add(self, seen: Recorded) -> None:
        """Add one decision; the newest of an execution come first, executions do not come in the order of time."""
        line = seen.line
        facts, decision = line["facts"], line["decision"]
        self.decisions += 1
        self.oldest = seen.at if self.oldest is None else min(self.oldest, seen.at)
        self.by_state[line["state"], facts["kind"]] += 1
        self._act(facts, seen, refused=decision["verdict"] in ("deny", "halt"))
        for trial, name in ((False, "reasons"), (False, "flags"), (True, "shadow")):
            for reason in decision.get(name, ()):
                self._fire(reason, facts, seen, trial=trial)

    def _fire(self, reason: Mapping[str, Any], facts: Mapping[str, Any], seen: Recorded, *, trial: bool) -> None:
        if not reason.get("rule"):
            return
        fired = self.rules[reason["policy"], reason["rule"]]
        if reason["code"] == "policy_error":
            fired.failed += 1
            return
        fired.times += 1
        fired.on_trial += trial
        fired.agents[facts["principal"]["slug"]] += 1
        fired.days[facts["moment"]["day"]] += 1
        fired.versions[reason["version"]] += 1
        if fired.last_at is None or seen.at > fired.last_at:
            fired.last_at, fired.last = seen.at, (seen.execution, seen.seq)

    def _act(self, facts: Mapping[str, Any], seen: Recorded, *, refused: bool) -> None:
        named = {
            ("Agent", facts["principal"]["slug"]),
            ("Workflow", facts["execution"]["workflow"]),
            (facts["resource"]["type"], facts["resource"]["id"]),
        }
        for one in named:
            acted = self.acted[one]
            acted.times += 1
            acted.refused += refused
            acted.kinds[facts["kind"]] += 1
            acted.last_at = seen.at if acted.last_at is None else max(acted.last_at, seen.at)


def tally(project_id: UUID, *, since: datetime, most: int = MOST) -> Tally:
    """Add up at most `most` decisions made at `since` or later, those of the newest executions first."""
    made = Tally()
    for seen in decisions.recorded(project_id, since=since, limit=most + 1):
        if made.decisions == most:
            made.more = True
            break
        made.add(seen)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """That a rule bound a decision, however long ago: at `at`, the last time if `last`, else one of many times."""

    at: datetime
    last: bool


def cited(project_id: UUID, rules: list[RuleName]) -> dict[RuleName, Cited]:
    """Return when these rules bound a decision; those that never did are missing."""
    names = {f"rule:{policy}/{rule}": (policy, rule) for policy, rule in rules}
    if not names:
        return {}
    rows = call(_CITED, (list(names), project_id, _ENOUGH))
    return {names[row.cited]: Cited(at=row.at, last=row.many < _ENOUGH) for row in rows}
