"""Can it be proved? How far sealing has come, and by what it can be checked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from executions.queries import ledger
from executions.queries.ledger import Sealing
from executions.ui.overview import counted
from executions.ui.polling import live
from governance.access import Permission
from governance.models import Project
from governance.ui.entrance import may, within_project
from waxell.ledger.queries import checkpoints
from waxell.ledger.queries.growth import Point
from waxell.lib.htmx import render_page

STOPPED: Final = {
    "ledger_behind": gettext_lazy(
        "A seal that was published commits to entries that this database no longer has, as after the restore of an "
        "old copy. Nothing is signed until somebody has opened a new log that says so: manage.py recover."
    ),
    "ledger_inconsistent": gettext_lazy(
        "A seal that was published says something else than this database. Somebody has to look before anything is "
        "signed again: manage.py verify tells what differs."
    ),
    "log_spoilt": gettext_lazy(
        "What this database keeps of sealed entries no longer gives the sum that was signed. Something in it was "
        "changed: manage.py verify tells what."
    ),
    "key_missing": gettext_lazy("There is no key to sign with: manage.py ledger_key create makes one."),
    "key_unreadable": gettext_lazy("The key to sign with cannot be read."),
    "key_unknown": gettext_lazy("The key that is there is not the one that was announced."),
    "witness_alarm": gettext_lazy(
        "A witness remembers another history than this database holds: it was rolled back or rewritten. Nothing is "
        "signed until somebody has opened a new log that says so: manage.py recover."
    ),
    "store_unreachable": gettext_lazy("The place where seals are published cannot be reached."),
}
"""Why sealing has stopped, for those who read it; the sealer's own words stand beside it."""

WITNESSED: Final = {
    "cosigning": (gettext_lazy("signs"), "success"),
    "unreachable": (gettext_lazy("not reached"), "warning"),
    "refusing": (gettext_lazy("refuses"), "warning"),
    "alarm": (gettext_lazy("remembers another history"), "error"),
}
"""How a witness last answered: a word and its tone."""

WIDTH: Final = 600
HEIGHT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A line on WIDTH x HEIGHT, as SVG has points, and the area under it; what it begins and ends with."""

    line: str
    area: str
    first: Point
    last: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether everything written can be proved now: a tone, a sentence, and what stands behind it."""

    tone: str
    title: str
    text: str
    detail: str = ""


@require_safe
@within_project(Permission.VIEW)
def show(request: HttpRequest, project: Project) -> HttpResponse:
    """Entries of one project and how sealing does; seals, keys and logs for those who may audit."""
    seen = ledger.count(project.pk)
    audits = may(request, Permission.AUDIT_LEDGER, project)
    evidence = ledger.evidence() if audits else None
    context = {
        "project": project,
        "seen": seen,
        "unsealed": counted(seen.unsealed),
        "answer": answer(ledger.look_at_sealing()),
        "evidence": evidence,
        "witnesses": [
            {
                "name": one.witness.name,
                "sight": one.sight,
                "word": WITNESSED[one.witness.state][0],
                "tone": WITNESSED[one.witness.state][1],
                "detail": one.witness.detail if one.witness.state != "cosigning" else "",
            }
            for one in (evidence.witnesses if evidence else ())
        ],
        "chart": chart(evidence.growth) if evidence else None,
        "audits": audits,
    }
    return live(request, render_page(request, "executions/ledger.html", context, partial="counts"))


@require_safe
@within_project(Permission.AUDIT_LEDGER)
def ledger_key(request: HttpRequest, project: Project) -> HttpResponse:
    """The keys that seals are checked with, as a file."""
    headers = {"Content-Disposition": 'attachment; filename="waxell-key.txt"', "Cache-Control": "private, no-cache"}
    return HttpResponse(checkpoints.key_text(), content_type="text/plain; charset=utf-8", headers=headers)


def answer(sealing: Sealing) -> Answer:
    """Tell how sealing does in plain words."""
    waiting = counted(sealing.lag.queued)
    if sealing.stopped and sealing.said is not None:
        return Answer(
            tone="error",
            title=_("Signing has stopped"),
            text=_("%(why)s Agents are still governed and everything is still written; %(waiting)s entries wait.")
            % {"why": STOPPED.get(sealing.said.reason, _("The sealer met something unexpected.")), "waiting": waiting},
            detail=sealing.said.detail,
        )
    if sealing.alarms:
        return Answer(
            tone="error",
            title=_("A witness contradicts this database"),
            text=str(STOPPED["witness_alarm"]),
            detail="; ".join(f"{row.name}: {row.detail}" for row in sealing.alarms),
        )
    if sealing.late:
        since = timezone.now() - timedelta(seconds=sealing.lag.seconds)
        return Answer(
            tone="error",
            title=_("Nobody seals"),
            text=_("%(waiting)s entries have waited since %(time)s. Is the sealer running?")
            % {"waiting": waiting, "time": timezone.localtime(since).strftime("%H:%M:%S %Z")},
        )
    if sealing.sealed_at is None:
        return Answer(
            tone="info",
            title=_("Nothing is sealed yet"),
            text=_("The first seal comes about a second after the sealer has started."),
        )
    if sealing.lag.queued:
        return Answer(
            tone="success",
            title=_("Everything is sealed but the last moments"),
            text=_("%(waiting)s entries were written just now and wait for the next seal.") % {"waiting": waiting},
        )
    return Answer(
        tone="success",
        title=_("Everything written is sealed"),
        text=_("Whoever holds a seal can find out whether anything under it was changed, left out or put in later."),
    )


def chart(points: tuple[Point, ...]) -> Chart | None:
    """Lay growth out on WIDTH x HEIGHT; None where there is nothing to draw."""
    if len(points) < 2:
        return None
    first, last = points[0], points[-1]
    span = (last.at - first.at).total_seconds() or 1.0
    placed: list[tuple[float, float]] = []
    for point in points:
        x, y = WIDTH * (point.at - first.at).total_seconds() / span, HEIGHT * (1 - point.size / last.size)
        if placed and placed[-1][1] != y:
            # Nothing was sealed until this moment: a step, not a slope.
            placed.append((x, placed[-1][1]))
        placed.append((x, y))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    area = f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}"
    return Chart(line=line, area=area, first=first, last=last)
