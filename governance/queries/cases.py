"""Test cases of a policy: which ones count, and what a text says to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from governance.domain import cases
from governance.domain.cases import Answer, Surroundings
from governance.domain.facts import Facts
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.tool_schemas import CheckedArgs, check_args
from governance.models import Agent, Model, Policy, PolicyCase, Tool
from waxell.ledger.models import Payload
from waxell.lib.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What became of a case. `answer` is None where it could not be judged; `problem` says why not."""

    case: PolicyCase
    answer: Answer | None = None
    problem: str = ""

    @property
    def passed(self) -> bool:
        return self.answer is not None and self.answer.verdict == self.case.wanted

    def document(self) -> dict[str, object]:
        made: dict[str, object] = {"name": self.case.name, "wanted": self.case.wanted, "passed": self.passed}
        if self.answer is None:
            return {**made, "problem": self.problem}
        return {**made, "got": self.answer.verdict.value, "rule": self.answer.rule}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCase:
    """A case with its facts, ready to be put to any text."""

    case: PolicyCase
    facts: Facts | None = None
    problem: str = ""

    def put_to(self, text: str) -> CaseResult:
        """Ask `text`, which can be read."""
        if self.facts is None:
            return CaseResult(case=self.case, problem=self.problem)
        return CaseResult(case=self.case, answer=cases.judge(text, self.facts))


def current(policy: Policy) -> list[PolicyCase]:
    """Return the cases of a policy, by name."""
    newest = PolicyCase.objects.filter(policy=policy).order_by("name", "-revision").distinct("name")
    return [case for case in newest.select_related("author") if not case.removed]


def run(policy: Policy, text: str, *, contents: bool) -> tuple[CaseResult, ...]:
    """Put every case of the policy to `text`, which can be read; see `ready`."""
    return tuple(case.put_to(text) for case in ready(policy, contents=contents))


def ready(policy: Policy, *, contents: bool) -> tuple[ReadyCase, ...]:
    """Return the cases of the policy with their facts.

    Without `contents` those with recorded arguments have none: a rule could otherwise ask them for
    what its author may not see.
    """
    found = current(policy)
    if not found:
        return ()
    names = _names(policy.project_id, found)
    args = _recorded_args(policy.project_id, found) if contents else {}
    return tuple(_ready(case, names, args, contents=contents) for case in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the registry knows: groups and whether somebody adopted it, by type and slug; schemas by tool."""

    around: Mapping[tuple[str, str], tuple[Sequence[str], bool]] = field(default_factory=dict)
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, kind: str, resource: str, agent: str) -> Surroundings:
        teams, _ = self.around.get(("Agent", agent), ((), True))
        type = RESOURCE_TYPES[Kind(kind)]
        groups, discovered = self.around.get((type, resource), ((), type in ("Tool", "Model", "Agent")))
        return Surroundings(teams=teams, groups=groups, discovered=discovered)

    def checked(self, kind: str, resource: str, args: object) -> CheckedArgs | None:
        schema = self.schemas.get(resource) if kind == Kind.TOOL_CALL.value else None
        return None if schema is None else check_args(schema, args)


def _ready(case: PolicyCase, names: _Names, args: Mapping[tuple[UUID, int], bytes], *, contents: bool) -> ReadyCase:
    named = cases.names_of(case.given)
    try:
        if "facts" not in case.given:
            checked = names.checked(named[0], named[1], case.given.get("args"))
            return ReadyCase(case=case, facts=cases.read_example(case.given, names.of(*named), checked))
        if not case.given["facts"]["has_args"]:
            return ReadyCase(case=case, facts=cases.read_recorded(case.given, None))
        if not contents:
            return ReadyCase(case=case, problem="It has recorded arguments, which you may not see.")
        content = args.get((case.stream, case.seq)) if case.stream and case.seq else None
        if content is None:
            return ReadyCase(case=case, problem="Its recorded arguments were erased.")
        checked = names.checked(named[0], named[1], orjson.loads(content))
        return ReadyCase(case=case, facts=cases.read_recorded(case.given, checked))
    except (DomainError, KeyError, TypeError, ValueError) as error:
        return ReadyCase(case=case, problem=str(error))


def _names(project_id: UUID, found: Iterable[PolicyCase]) -> _Names:
    named = [cases.names_of(case.given) for case in found]
    wanted = {(RESOURCE_TYPES[Kind(kind)], resource) for kind, resource, _ in named}
    wanted |= {("Agent", agent) for _, _, agent in named}
    slugs = {type: [slug for of, slug in wanted if of == type] for type in ("Agent", "Tool", "Model")}
    around: dict[tuple[str, str], tuple[Sequence[str], bool]] = {}
    agents = Agent.objects.filter(project=project_id, slug__in=slugs["Agent"])
    teams: dict[str, list[str]] = {}
    for slug, discovered, team in agents.values_list("slug", "discovered", "teams__slug"):
        teams.setdefault(slug, []).extend([team] if team else [])
        around["Agent", slug] = (teams[slug], discovered)
    schemas: dict[str, Mapping[str, Any]] = {}
    if slugs["Tool"]:
        for tool in Tool.objects.filter(project=project_id, slug__in=slugs["Tool"]):
            around["Tool", tool.slug] = (tool.groups, tool.discovered)
            if tool.schema is not None:
                schemas[tool.slug] = tool.schema
    if slugs["Model"]:
        for model in Model.objects.filter(project=project_id, slug__in=slugs["Model"]):
            around["Model", model.slug] = ([model.provider] if model.provider else [], model.discovered)
    return _Names(around=around, schemas=schemas)


def _recorded_args(project_id: UUID, found: Iterable[PolicyCase]) -> dict[tuple[UUID, int], bytes]:
    places = {(case.stream, case.seq) for case in found if case.stream is not None}
    if not places:
        return {}
    rows = Payload.objects.filter(project_id=project_id, stream__in={stream for stream, _ in places}, name="args")
    found_at = rows.values_list("stream", "seq", "content")
    return {(stream, seq): bytes(content) for stream, seq, content in found_at if (stream, seq) in places}
