"""What an installation can say of itself: apps register checks and figures, /readyz and /metrics ask them.

Registered in `AppConfig.ready`; the ground knows their names only.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fails` says that a promise is broken, not merely weaker.

    `needed` says that nothing can be governed while it does not hold.
    """

    subject: str
    holds: bool
    message: str
    fails: bool = False
    needed: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One family of numbers that are read at scrape time; `values` by the values of `labels`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float]


_checks: Final[dict[str, Callable[[], Finding]]] = {}
_gauges: Final[dict[str, Callable[[], Iterable[Gauge]]]] = {}
_admissions: Final[dict[str, Callable[[HttpRequest], bool]]] = {}


def register_check(name: str, look: Callable[[], Finding]) -> None:
    """Let /readyz call `look`; registering a name again replaces it."""
    _checks[name] = look


def register_gauges(name: str, read: Callable[[], Iterable[Gauge]]) -> None:
    """Let /metrics call `read`."""
    _gauges[name] = read


def register_admission(name: str, admits: Callable[[HttpRequest], bool]) -> None:
    """Let `admits` decide who may read /metrics from elsewhere than this machine: one yes is enough."""
    _admissions[name] = admits


def findings() -> list[Finding]:
    """Ask every check, in the order of registration."""
    return [look() for look in _checks.values()]


def gauges() -> Iterable[Gauge]:
    """Ask for every figure."""
    for read in _gauges.values():
        yield from read()


def admits(request: HttpRequest) -> bool:
    """Tell whether one of the apps knows this caller as one who may read figures."""
    return any(admission(request) for admission in _admissions.values())
