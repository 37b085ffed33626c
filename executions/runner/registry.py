"""Which workflows this installation's workers can run: plain functions, found by decorator.

A package offers its workflows as entry points of the group `waxell.workflows`, each naming a module
(or a function in one); the setting WAXELL_WORKFLOWS names further modules.
"""

import functools
import importlib
import importlib.metadata
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings

logger = logging.getLogger(__name__)

ENTRY_POINTS: Final = "waxell.workflows"

type WorkflowFunction = Callable[..., Any]
"""Takes the `Run` and the execution's input as keyword arguments; returns a JSON value, the output."""


class UnknownWorkflow(LookupError):
    """No workflow of this name is installed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolNeed:
    """A tool that a workflow calls: what has to be registered for its arguments to be typed."""

    slug: str
    schema: Mapping[str, Any]
    description: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSpec:
    """A workflow as its author declares it. `schedule` is five cron fields, or empty."""

    slug: str
    function: WorkflowFunction
    max_attempts: int
    schedule: str
    needs: tuple[ToolNeed, ...]

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


_declared: dict[str, WorkflowSpec] = {}


def workflow[F: WorkflowFunction](
    slug: str, *, max_attempts: int = 1, schedule: str = "", needs: tuple[ToolNeed, ...] = ()
) -> Callable[[F], F]:
    """Declare the decorated function as the workflow `slug`.

    `max_attempts` counts the first: from 2 on, an attempt that was interrupted is followed by
    another execution. ValueError where two functions want the same name.
    """

    def declare(function: F) -> F:
        if slug in _declared:
            raise ValueError(f"The workflow {slug} is declared twice.")
        _declared[slug] = WorkflowSpec(
            slug=slug, function=function, max_attempts=max_attempts, schedule=schedule, needs=needs
        )
        return function

    return declare


def find(slug: str) -> WorkflowSpec:
    """Return what was declared as `slug`. Raises UnknownWorkflow."""
    try:
        return declared()[slug]
    except KeyError:
        raise UnknownWorkflow(f"No worker here knows the workflow {slug}.") from None


def declared() -> Mapping[str, WorkflowSpec]:
    """Return every workflow, by slug, after importing all modules that offer some."""
    _import_all()
    return MappingProxyType(_declared)


@functools.cache
def _import_all() -> None:
    for module in settings.WAXELL_WORKFLOWS:
        importlib.import_module(module)
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        # Somebody else's broken package must not keep the other workflows from running.
        try:
            entry_point.load()
        except Exception:
            logger.exception("the workflows of %s cannot be imported", entry_point.value)
