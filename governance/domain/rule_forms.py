"""A rule as a form: who, what, when, except when, and what happens then.

The form is a second view of a Cedar rule, not a second language: `rule_forms_reading` makes one from the engine's
JSON form of a rule, `rule_forms_writing` makes that JSON from one. A rule that says more than a form holds stays text.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from governance.domain.policies import EntityRef
from governance.domain.verdicts import Effect

type Path = tuple[str, ...]
"""Where an attribute stands inside `context`: `("execution", "depth")`."""


class Operator(StrEnum):
    """How an attribute is compared. Those with several values mean any of them, unless they are negated: none."""

    IS = "is"
    IS_NOT = "is_not"
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"
    BEGINS = "begins"
    NOT_BEGINS = "not_begins"
    ENDS = "ends"
    NOT_ENDS = "not_ends"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    YES = "yes"
    NO = "no"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    KNOWN = "known"
    UNKNOWN = "unknown"


_EQUAL: Final = (Operator.IS, Operator.IS_NOT)
_ORDER: Final = (Operator.BELOW, Operator.AT_MOST, Operator.ABOVE, Operator.AT_LEAST)
_PARTS: Final = (
    Operator.BEGINS,
    Operator.ENDS,
    Operator.CONTAINS,
    Operator.NOT_BEGINS,
    Operator.NOT_ENDS,
    Operator.NOT_CONTAINS,
)
OPERATORS: Final[dict[str, tuple[Operator, ...]]] = {
    "Long": (*_ORDER, *_EQUAL),
    "decimal": (*_ORDER, *_EQUAL),
    "String": (*_EQUAL, *_PARTS, Operator.EMPTY, Operator.NOT_EMPTY),
    "Boolean": (Operator.YES, Operator.NO),
    "Texts": (Operator.HAS_ANY, Operator.HAS_ALL, Operator.HAS_NONE),
    "Record": (),
}
"""Operators by the type of the attribute, without the two for optional ones."""

PRESENCE: Final = (Operator.KNOWN, Operator.UNKNOWN)
WITHOUT_VALUE: Final = frozenset((Operator.YES, Operator.NO, Operator.EMPTY, Operator.NOT_EMPTY, *PRESENCE))
WITH_ONE_VALUE: Final = frozenset(_ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Something that a condition can look at.

    `type` is Long, decimal, String, Boolean, Texts (a set of String) or, for presence alone, Record. `guards` are the
    optional places on the way to it and perhaps itself, which a rule must ask for first.
    """

    path: Path
    type: str
    guards: tuple[Path, ...] = ()

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS[self.type] + (PRESENCE if self.guards else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison. Values are integers, texts, or decimals as texts with one to four places."""

    path: Path
    operator: Operator
    values: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Agents, tools, models … and groups of them: any of `refs`, or with `excluded` anything but them."""

    refs: tuple[EntityRef, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """One rule. `effect` None permits. No `actions` means every one; `who` and `what` None mean anybody, anything.

    `actions` are names of Cedar actions: kinds, and `tool.call/SLUG` for a tool with a schema. `when` holds if all
    conditions hold, with `any_of` if one does. The rule does not apply where all of `unless` hold.
    """

    id: str
    effect: Effect | None
    message: str = ""
    approvers: str | None = None
    quorum: int = 1
    timeout: str | None = None
    on_refusal: Effect = Effect.DENY
    actions: tuple[str, ...] = ()
    who: Targets | None = None
    what: Targets | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = field(default=())
    any_of: bool = False


class NotAForm(Exception):
    """The rule says something that a form cannot hold; the text of the exception says what."""


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted`, or it with the first number behind it that nobody has."""
    used = set(taken)
    number = 2
    found = wanted
    while found in used:
        found, number = f"{wanted}-{number}", number + 1
    return found
