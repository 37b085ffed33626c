"""How good the detectors are: what they find, find wrongly and miss in labelled texts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from governance.domain.detectors import Family, detect


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text, and what people say is in it."""

    families: frozenset[Family]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one family: texts in which it was found rightly, found wrongly, and missed."""

    family: Family
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of the texts in which it was found, the part that has it; 1 where nothing was found."""
        found = self.right + self.wrong
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of the texts that have it, the part in which it was found; 1 where none has it."""
        return self.right / self.texts if self.texts else 1.0

    @property
    def texts(self) -> int:
        """How many texts have it."""
        return self.right + self.missed


def measure(sample: Iterable[Labelled]) -> tuple[Figures, ...]:
    """Return the figures of each family on `sample`."""
    right: Counter[Family] = Counter()
    wrong: Counter[Family] = Counter()
    missed: Counter[Family] = Counter()
    for labelled in sample:
        found = {finding.family for finding in detect(labelled.text)}
        right.update(labelled.families & found)
        wrong.update(found - labelled.families)
        missed.update(labelled.families - found)
    return tuple(
        Figures(family=family, right=right[family], wrong=wrong[family], missed=missed[family]) for family in Family
    )
