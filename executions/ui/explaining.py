"""What a policy's rules did: how often, when and for whom each fired, and what their text alone proves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from executions.queries import tallies
from executions.queries.tallies import Cited, Fired, Tally
from executions.ui.bars import Bars, Share, bars_of, shares_of
from governance.access import Permission
from governance.domain import policies, rule_reach
from governance.domain.manifest import GovernanceState, PolicyInForce
from governance.domain.policies import Rule
from governance.domain.rule_reach import Reach
from governance.domain.verdicts import Effect
from governance.models import Policy, Project
from governance.queries import policies as policy_queries
from governance.queries import states
from governance.ui import rules
from governance.ui.entrance import may, within_project
from governance.ui.policies import find
from governance.ui.rules import RuleLine
from waxell.lib.errors import Forbidden, NotFound
from waxell.lib.htmx import render_page

PERIODS: Final = {"week": ("The last 7 days", 7), "month": ("The last 30 days", 30)}
ENOUGH: Final = 20
"""Of how many decisions it takes to call a rule one that always fires."""

_STRICTER: Final = {Effect.DENY: {Effect.HALT}, Effect.HOLD: {Effect.HALT, Effect.DENY}}
"""Which effects always bind before one. A mark is made beside any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One rule: what it says, what it did, and what is known of it. `tone` is that of a notice, "" for none.

    `asked` is at how many decisions it could have fired; 0 where it also fired under another version,
    for these are counted under the version in force.
    """

    line: RuleLine
    permits: bool
    fired: Fired
    asked: int
    bars: Bars | None
    agents: tuple[Share, ...]
    tone: str
    verdict: str
    bound: Cited | None


@require_safe
@within_project(None)
def policy_effect(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """What the rules in force of a policy did in a period; of a policy not in force, what its draft's text proves."""
    found = find(request, project, policy, Permission.VIEW)
    if not may(request, Permission.VIEW, project):
        raise Forbidden()
    period = request.GET.get("period", "week")
    period = period if period in PERIODS else "week"
    state = states.in_force(project.pk)
    in_force = policy_queries.in_force_versions(state).get(found.slug)
    days = _days(PERIODS[period][1], state.settings.time_zone)
    since = datetime.combine(days[0], datetime.min.time(), ZoneInfo(state.settings.time_zone))
    tally = tallies.tally(project.pk, since=since)
    context = {
        "policy": found,
        "in_force": in_force,
        "on_trial": in_force is not None and in_force.mode == "shadow",
        "tally": tally,
        "rules": _explained(found, state, in_force, tally, days),
        "periods": [
            {"href": f"?period={name}", "label": _(label), "current": name == period}
            for name, (label, _days_) in PERIODS.items()
        ],
    }
    return render_page(request, "executions/policy_effect.html", context)


def _days(many: int, zone: str) -> tuple[date, ...]:
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    return tuple(today - timedelta(days=back) for back in range(many - 1, -1, -1))


def _explained(
    policy: Policy, state: GovernanceState, in_force: PolicyInForce | None, tally: Tally, days: Sequence[date]
) -> list[Explained]:
    known = policies.parse(in_force.text if in_force else policy.draft_text).rules
    reaches = {rule.id: rule_reach.reach(rule) for rule in known}
    kinds = _kinds_under(policy, in_force, tally) if in_force else {}
    others = _others(state, policy.slug)
    unseen = [(policy.slug, rule.id) for rule in known if (policy.slug, rule.id) not in tally.rules]
    last = tallies.cited(policy.project_id, unseen) if in_force else {}
    made = []
    for rule in known:
        fired = tally.rules.get((policy.slug, rule.id), Fired())
        reach = reaches[rule.id]
        asked = sum(many for kind, many in kinds.items() if kind in reach.kinds)
        beside = [*others, *((one, reaches[one.id], policy.slug) for one in known if one is not rule and in_force)]
        before = last.get((policy.slug, rule.id))
        tone, verdict = _verdict(rule, reach, fired, asked, in_force=in_force, beside=beside, tally=tally)
        made.append(
            Explained(
                line=rules.of_rule(rule),
                permits=rule.effect is None,
                fired=fired,
                asked=asked if in_force and fired.times == fired.versions[in_force.version] else 0,
                bars=bars_of([(date_format(day, "j M"), fired.days[day.isoformat()]) for day in days]),
                agents=shares_of(fired.agents.most_common(5)),
                tone=tone,
                verdict=verdict,
                bound=before,
            )
        )
    return made


def _kinds_under(policy: Policy, in_force: PolicyInForce, tally: Tally) -> Mapping[str, int]:
    """How many decisions there were of each kind under rules with this version of the policy."""
    found: dict[str, int] = {}
    for (digest, kind), many in tally.by_state.items():
        if _had(policy.project_id, digest, in_force):
            found[kind] = found.get(kind, 0) + many
    return found


def _had(project_id: UUID, digest: str, in_force: PolicyInForce) -> bool:
    try:
        state = states.by_digest(project_id, digest)
    except (NotFound, ValueError):
        # Rules that this release cannot read: what they had in force does not count here.
        return False
    return in_force in state.policies


def _others(state: GovernanceState, slug: str) -> list[tuple[Rule, Reach, str]]:
    """The rules of the other policies that decide."""
    return [
        (rule, rule_reach.reach(rule), policy.slug)
        for policy in state.policies
        if policy.slug != slug and policy.mode == "enforced"
        for rule in policies.parse(policy.text).rules
    ]


def _verdict(
    rule: Rule,
    reach: Reach,
    fired: Fired,
    asked: int,
    *,
    in_force: PolicyInForce | None,
    beside: Sequence[tuple[Rule, Reach, str]],
    tally: Tally,
) -> tuple[str, str]:
    """Say the one thing about a rule that matters most, the worst first."""
    if reach.never:
        return "error", _("It can never fire. %(why)s") % {"why": reach.never}
    if fired.failed:
        return "error", _failed(fired.failed, binding=in_force is not None and in_force.mode == "enforced")
    if by := _covering(rule, reach, beside):
        return "warning", _covered(rule, by)
    if reach.always and rule.effect is not None:
        return "info", _("It has no condition: it fires at every action of its kind.")
    if rule.effect is None or in_force is None:
        return "", ""
    if asked >= ENOUGH and fired.versions[in_force.version] >= asked:
        return "warning", _("It fired at every decision that it could speak of. Is that meant?")
    if not fired.times:
        return "info", _never_seen(asked, more=tally.more)
    return "", ""


def _failed(many: int, *, binding: bool) -> str:
    if binding:
        return _("It could not be evaluated %(many)d times, and each time that stopped the execution.") % {"many": many}
    return _("It could not be evaluated %(many)d times; in force that would stop the execution.") % {"many": many}


def _covering(rule: Rule, reach: Reach, beside: Sequence[tuple[Rule, Reach, str]]) -> str:
    """Name a rule in force that leaves nothing for this one to do; "" where that is not proved."""
    for other, its, slug in beside:
        if not its.covers(reach):
            continue
        if rule.effect is None and other.effect is None:
            return f"{slug}/{other.id}"
        if rule.effect in _STRICTER and other.effect in _STRICTER[rule.effect]:
            return f"{slug}/{other.id}"
    return ""


def _covered(rule: Rule, by: str) -> str:
    if rule.effect is None:
        return _("It changes nothing: %(by)s permits every such action already.") % {"by": by}
    return _("It never decides: %(by)s is stricter and fires at every such action.") % {"by": by}


def _never_seen(asked: int, *, more: bool) -> str:
    if not asked:
        return _("It has not fired: nothing was asked for that it speaks of, since this version is in force.")
    if more:
        return _("It has not fired at the %(many)d newest decisions that it could speak of.") % {"many": asked}
    return _("It has not fired in this period, at %(many)d decisions that it could speak of.") % {"many": asked}
