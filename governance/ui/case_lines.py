"""Test cases as lines: what each wants, what a text says to it, and which rule says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from governance.access import Permission
from governance.domain import cases
from governance.models import Policy, PolicyCase
from governance.queries import cases as queries
from governance.queries.cases import CaseResult
from governance.ui.entrance import may

WORDS: Final = {
    "allow": _("Allowed"),
    "flag": _("Allowed and marked"),
    "hold": _("Waits for a person"),
    "deny": _("Refused"),
    "halt": _("Stopped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case and what became of it; `got` is empty where it could not be judged."""

    case: PolicyCase
    what: str
    agent: str
    wanted: str
    wanted_word: str
    got: str
    got_word: str
    passed: bool
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case that two texts answer differently; `before` is empty where there was no text."""

    after: CaseLine
    before: str
    before_word: str


def of_text(request: HttpRequest, policy: Policy, text: str) -> tuple[CaseLine, ...]:
    """Put the cases of a policy to `text`, which can be read, those that fail first."""
    return _lines(queries.run(policy, text, contents=_sees(request, policy)))


def between(
    request: HttpRequest, policy: Policy, before: str | None, after: str
) -> tuple[tuple[CaseLine, ...], tuple[CaseChange, ...]]:
    """Put the cases to `after`, and say which of them `before` (None: nothing in force) answers differently."""
    ready = queries.ready(policy, contents=_sees(request, policy))
    results = _lines(case.put_to(after) for case in ready)
    was = {} if before is None else {case.case.pk: case.put_to(before).answer for case in ready}
    changes = []
    for line in results:
        answer = was.get(line.case.pk)
        before_word = str(WORDS[answer.verdict]) if answer else ""
        if before is not None and answer is not None and line.got and answer.verdict != line.got:
            changes.append(CaseChange(after=line, before=answer.verdict.value, before_word=before_word))
    return results, tuple(changes)


def _sees(request: HttpRequest, policy: Policy) -> bool:
    return may(request, Permission.VIEW_PAYLOADS, policy.project)


def _lines(results: Iterable[CaseResult]) -> tuple[CaseLine, ...]:
    made = [_line(result) for result in results]
    return tuple(sorted(made, key=lambda line: (line.passed, line.case.name)))


def _line(result: CaseResult) -> CaseLine:
    answer = result.answer
    kind, resource, agent = cases.names_of(result.case.given)
    return CaseLine(
        case=result.case,
        what=f"{kind} {resource}",
        agent=agent,
        wanted=result.case.wanted,
        wanted_word=str(WORDS[result.case.wanted]),
        got=answer.verdict.value if answer else "",
        got_word=str(WORDS[answer.verdict]) if answer else "",
        passed=result.passed,
        rule=(answer.rule or "") if answer else "",
        message=answer.message if answer else result.problem,
    )
