"""Pictures of counts: a column for each day, a bar for each name. Drawn as SVG, told in words beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STEP: Final = 10
"""Width of a day in the picture's own units; a column leaves a fifth of it free."""
HEIGHT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One day: where its column stands, and what it says."""

    x: int
    y: int
    height: int
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Columns side by side; `told` has the same in words, days without any left out."""

    columns: tuple[Column, ...]
    width: int
    told: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One name's part; `percent` of the largest."""

    name: str
    times: int
    percent: int


def bars_of(days: Sequence[tuple[str, int]]) -> Bars | None:
    """Lay out counts by day; None where all are zero."""
    most = max((times for _, times in days), default=0)
    if not most:
        return None
    columns = []
    for place, (name, times) in enumerate(days):
        height = max(2, HEIGHT * times // most) if times else 0
        columns.append(Column(x=place * STEP + 1, y=HEIGHT - height, height=height, told=f"{name}: {times}"))
    told = ", ".join(f"{name}: {times}" for name, times in days if times)
    return Bars(columns=tuple(columns), width=len(days) * STEP, told=told, first=days[0][0], last=days[-1][0])


def shares_of(counted: Sequence[tuple[str, int]]) -> tuple[Share, ...]:
    """Set counts beside the largest of them."""
    most = max((times for _, times in counted), default=0)
    return tuple(Share(name=name, times=times, percent=max(1, 100 * times // most)) for name, times in counted)
