"""Which road an action took, told by the database: each session counts how often it ran what it prepared."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import connection
from django.db.models import F

from executions.services.appending import Answer
from governance.models import Project
from tests.factories.executions import Run

SHORT: Final = "short"
FULL: Final = "full"
NEITHER: Final = "neither"

_RUNS: Final = """
SELECT coalesce(sum(generic_plans + custom_plans) FILTER (WHERE name = 'waxell_allow'), 0),
       coalesce(sum(generic_plans + custom_plans) FILTER (WHERE statement LIKE '%gate\\_append\\_v1%'), 0)
  FROM pg_prepared_statements
"""


def take(act: Callable[[], Answer]) -> tuple[str, Answer]:
    """Do `act` and tell on which road it was answered; the short road alone never calls gate_append_v1."""
    shorts, fulls = _runs()
    answer = act()
    shorts_after, fulls_after = _runs()
    if fulls_after != fulls:
        return FULL, answer
    return (SHORT if shorts_after == shorts + 1 else NEITHER), answer


def warm(run: Run, *names: str, **action: Any) -> None:
    """Ask for an action until it takes the short road, which a known one does at the second time."""
    roads = [take(lambda: run.ask(*names, **action))[0] for _ in range(2)]
    assert roads[-1] == SHORT, roads


def forget(project: Project) -> None:
    """Move the project's epoch and nothing else, so that the next action takes the full road."""
    Project.objects.filter(pk=project.pk).update(time_zone=F("time_zone"))


def comparable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What two entries about like actions of two executions have in common: all but who, when and where."""
    facts = {name: value for name, value in entry["facts"].items() if name != "moment"}
    facts["execution"] = {
        name: value for name, value in facts["execution"].items() if name not in ("id", "elapsed_seconds")
    }
    facts["budgets"] = [_anywhere(seen) for seen in facts.get("budgets", ())]
    own = {name: value for name, value in entry.items() if name not in ("nonce", "at", "prev", "stream", "payloads")}
    return {
        **own,
        "payloads": sorted(entry.get("payloads", ())),
        "facts": facts,
        "reserved": [_anywhere(taken) for taken in entry["reserved"]],
    }


def _anywhere(window: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in window.items() if name not in ("member", "start")}


def _runs() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_RUNS)
        shorts, fulls = cursor.fetchone()
    return int(shorts), int(fulls)
