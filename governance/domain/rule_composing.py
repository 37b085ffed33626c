"""A rule from a few answers: what is asked, and how the answers become the text that people write by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from governance.domain import cedar_writing as cedar
from governance.domain.fact_reference import BY_PATH


class Question(StrEnum):
    """What a template asks, by the type of the answer."""

    TOOLS = "tools"
    MODELS = "models"
    NUMBER_ARGUMENT = "number_argument"
    TEXT_ARGUMENT = "text_argument"
    AMOUNT = "amount"
    ENDINGS = "endings"
    GROUP = "group"
    QUORUM = "quorum"
    HOURS_TO_DECIDE = "hours_to_decide"
    WEEKDAYS = "weekdays"
    FROM_HOUR = "from_hour"
    TO_HOUR = "to_hour"
    DAYS_OFF = "days_off"
    MOST_ACTIONS = "most_actions"
    MOST_MINUTES = "most_minutes"
    MOST_REPEATS = "most_repeats"
    MOST_DEPTH = "most_depth"
    FINDINGS = "findings"
    DOMAINS = "domains"
    DATASETS = "datasets"
    RUNTIMES = "runtimes"
    LABELS = "labels"
    END_USERS = "end_users"


type Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument of a tool, as its schema has it."""

    tool: str
    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a rule is about: Cedar for its action, and when it fires (empty: always)."""

    action: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One kind of rule. `facts` are those it reads, `delivered_by` says which ways in tell them.

    `effects` are those that make sense, the first one by default; `message` is what agents and people
    read unless somebody writes better. `match` takes the answers by question.
    """

    slug: str
    title: str
    example: str
    facts: tuple[str, ...]
    delivered_by: str
    questions: tuple[Question, ...]
    effects: tuple[str, ...]
    message: str
    match: Callable[[Answers], Matched]

    @property
    def facts_read(self) -> tuple[tuple[str, str], ...]:
        """The facts with their places on the page of facts; what an action is done to is among the actions there."""
        return tuple((name, BY_PATH[name].anchor if name in BY_PATH else "actions") for name in self.facts)


def compose(template: Template, answers: Answers) -> str:
    """Return the text of a policy with one rule.

    `answers` has, beside those to the template's questions, `effect`, `message` and `agents` (slugs; none
    means all). Raises ValueError where an answer cannot be written in Cedar.
    """
    matched = template.match(answers)
    conditions = [matched.condition] if matched.condition else []
    if answers.get("agents"):
        conditions.insert(0, cedar.within("principal", cedar.entities("Agent", answers["agents"])))
    notes = [("id", template.slug), ("effect", answers["effect"]), ("message", answers["message"])]
    if answers["effect"] == "hold":
        notes += _terms(answers)
    lines = [f"@{name}({cedar.text(value)})" for name, value in notes]
    lines.append(f"forbid (\n  principal,\n  {matched.action},\n  resource\n)")
    if conditions:
        lines.append("when {\n  " + " &&\n  ".join(conditions) + "\n}")
    return "\n".join(lines) + ";\n"


def _terms(answers: Answers) -> list[tuple[str, str]]:
    """On what terms a person is asked, where something was said of it."""
    terms = []
    if answers.get(Question.GROUP):
        terms.append(("approvers", answers[Question.GROUP]))
    if (answers.get(Question.QUORUM) or 1) > 1:
        terms.append(("quorum", str(answers[Question.QUORUM])))
    if answers.get(Question.HOURS_TO_DECIDE):
        terms.append(("timeout", f"{answers[Question.HOURS_TO_DECIDE]}h"))
    return terms
