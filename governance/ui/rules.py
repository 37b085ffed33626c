"""Rules of a policy as sentences."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.translation import gettext as _

from governance.domain import policies
from governance.domain.policies import Rule
from governance.ui import wording

KEPT_TEXTS: Final = 256


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
    if rule.on_refusal == "halt":
        parts.append(_("a no stops the execution"))
    return ", ".join(parts)
