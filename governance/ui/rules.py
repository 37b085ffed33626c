"""Rules of a policy as sentences."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from django.utils.translation import gettext as _

from governance.domain import policies
from governance.domain.policies import PolicyError, Rule
from governance.ui import wording

KEPT_TEXTS: Final = 256
# The engine repeats one mistake for every kind of action that the rule speaks of.
_FOR_ACTION = re.compile(r' for Action::"[^"]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule: what it does, why, and whom it asks. `verdict` gives its look, `flag` for marks."""

    id: str
    word: str
    verdict: str
    message: str
    asks: str
    line: int


def of_text(text: str) -> tuple[RuleLine, ...]:
    """Return the rules that can be read in `text`, in their order."""
    return tuple(of_rule(rule) for rule in _parse(text))


def of_rule(rule: Rule) -> RuleLine:
    word, verdict = wording.EFFECTS[rule.effect]
    return RuleLine(id=rule.id, word=str(word), verdict=verdict, message=rule.message, asks=_asks(rule), line=rule.line)


@lru_cache(maxsize=KEPT_TEXTS)
def _parse(text: str) -> tuple[Rule, ...]:
    return policies.parse(text).rules


def _asks(rule: Rule) -> str:
    if rule.effect != "hold":
        return ""
    whom = _("group %(name)s") % {"name": rule.approvers} if rule.approvers else _("any approver")
    parts = [whom]
    if rule.quorum > 1:
        parts.append(_("%(count)d of them") % {"count": rule.quorum})
    if rule.timeout_seconds is not None:
        parts.append(_("within %(time)s") % {"time": wording.duration(rule.timeout_seconds)})
    if rule.escalation is not None:
        after = {"name": rule.escalation.group, "time": wording.duration(rule.escalation.after_seconds)}
        parts.append(_("group %(name)s too after %(time)s") % after)
    if rule.on_refusal == "halt":
        parts.append(_("a no stops the execution"))
    return ", ".join(parts)


def flaws(errors: Iterable[PolicyError]) -> tuple[PolicyError, ...]:
    """Return what stands against publishing, a mistake that meets many kinds of action told once."""
    found: dict[tuple[str, str | None, int | None], list[PolicyError]] = {}
    for error in errors:
        found.setdefault((_FOR_ACTION.sub("", error.message), error.rule, error.line), []).append(error)
    return tuple(
        same[0] if len(same) == 1 else replace(same[0], message=message) for (message, *_rest), same in found.items()
    )
