"""The labelled sample that comes with the detectors, and how they do on it."""

from functools import cache
from pathlib import Path
from typing import Final

from governance.domain import detectors
from governance.domain.detector_figures import Figures, Labelled, measure
from governance.domain.detectors import Family

SAMPLE: Final = Path(detectors.__file__).with_name("detector_sample.tsv")


def sample() -> tuple[Labelled, ...]:
    """Return the bundled texts with their labels. A `¦` in the file keeps scanners for secrets away."""
    lines = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    parts = [line.replace("¦", "").split("\t") for line in lines]
    return tuple(
        Labelled(families=frozenset(map(Family, set(labels.split(",")) - {"-"})), text=text) for labels, text in parts
    )


@cache
def figures() -> tuple[Figures, ...]:
    """Return precision and recall of each family on the bundled sample."""
    return measure(sample())
