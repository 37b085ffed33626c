"""The parts of a rule in words: kinds of actions, attributes, comparisons, and how values are written."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.domain import cedar_writing
from governance.domain.kinds import Kind
from governance.domain.rule_forms import Attribute, Operator, Path
from governance.domain.rule_forms_attributes import named_tool
from waxell.lib.money import MICROS_PER_USD, format_usd

_LONGEST: Final = 2**63 - 1
_LARGEST: Final = Decimal("922337203685477.5807")

KINDS: Final[dict[str, Any]] = {
    Kind.EXECUTION_START: gettext_lazy("starts of executions"),
    Kind.EXECUTION_CONTINUE: gettext_lazy("executions that go on"),
    Kind.MODEL_CALL: gettext_lazy("model calls"),
    Kind.TOOL_CALL: gettext_lazy("tool calls"),
    Kind.AGENT_DELEGATE: gettext_lazy("work handed to another agent"),
    Kind.DATA_ACCESS: gettext_lazy("access to data"),
    Kind.NETWORK_REQUEST: gettext_lazy("network requests"),
    Kind.CODE_EXECUTE: gettext_lazy("code that is run"),
    Kind.MEMORY_WRITE: gettext_lazy("what is written to memory"),
    Kind.MESSAGE_SEND: gettext_lazy("messages"),
}

THINGS: Final[dict[str, Any]] = {
    "Agent": gettext_lazy("the agent"),
    "Workflow": gettext_lazy("the workflow"),
    "Model": gettext_lazy("the model"),
    "Tool": gettext_lazy("the tool"),
    "Dataset": gettext_lazy("the data"),
    "Domain": gettext_lazy("the domain"),
    "Runtime": gettext_lazy("the runtime"),
    "Memory": gettext_lazy("the memory"),
    "Channel": gettext_lazy("the channel"),
}

GROUPS: Final[dict[str, Any]] = {
    "Team": gettext_lazy("the team %(name)s"),
    "ToolGroup": gettext_lazy("any tool of the group %(name)s"),
    "Provider": gettext_lazy("any model of %(name)s"),
}

ATTRIBUTES: Final[dict[Path, Any]] = {
    ("hour",): gettext_lazy("the hour (0 to 23)"),
    ("minute",): gettext_lazy("the minute of the hour"),
    ("weekday",): gettext_lazy("the weekday"),
    ("day",): gettext_lazy("the date"),
    ("now_ms",): gettext_lazy("the time in milliseconds since 1970"),
    ("repeats",): gettext_lazy("the number of times the same call was just made"),
    ("discovered",): gettext_lazy("its name is new and nobody has adopted it"),
    ("execution", "id"): gettext_lazy("the id of the execution"),
    ("execution", "workflow"): gettext_lazy("the workflow of the execution"),
    ("execution", "environment"): gettext_lazy("the environment of the execution"),
    ("execution", "labels"): gettext_lazy("the labels of the execution"),
    ("execution", "end_user"): gettext_lazy("the end user (a pseudonym)"),
    ("execution", "depth"): gettext_lazy("the number of agents above this one"),
    ("execution", "attempt"): gettext_lazy("the attempt"),
    ("execution", "actions"): gettext_lazy("the number of actions so far"),
    ("execution", "model_calls"): gettext_lazy("the number of model calls so far"),
    ("execution", "tool_calls"): gettext_lazy("the number of tool calls so far"),
    ("execution", "refusals"): gettext_lazy("the number of refusals so far"),
    ("execution", "elapsed_seconds"): gettext_lazy("the seconds since it began"),
    ("execution", "spent_usd_micros"): gettext_lazy("the dollars spent so far"),
    ("definition",): gettext_lazy("what the tool's server says of it"),
    ("definition", "state"): gettext_lazy("the tool's definition (accepted or changed)"),
    ("definition", "fingerprint"): gettext_lazy("the fingerprint of the tool's definition"),
    ("estimate",): gettext_lazy("what the agent expects to use"),
    ("estimate", "usd_micros"): gettext_lazy("the dollars the agent expects to spend"),
    ("estimate", "tokens"): gettext_lazy("the tokens the agent expects to use"),
    ("estimate", "seconds"): gettext_lazy("the seconds the agent expects it to take"),
}

OPERATORS: Final[dict[Operator, Any]] = {
    Operator.IS: gettext_lazy("is"),
    Operator.IS_NOT: gettext_lazy("is not"),
    Operator.BELOW: gettext_lazy("is below"),
    Operator.AT_MOST: gettext_lazy("is at most"),
    Operator.ABOVE: gettext_lazy("is above"),
    Operator.AT_LEAST: gettext_lazy("is at least"),
    Operator.BEGINS: gettext_lazy("begins with"),
    Operator.NOT_BEGINS: gettext_lazy("does not begin with"),
    Operator.ENDS: gettext_lazy("ends with"),
    Operator.NOT_ENDS: gettext_lazy("does not end with"),
    Operator.CONTAINS: gettext_lazy("contains"),
    Operator.NOT_CONTAINS: gettext_lazy("does not contain"),
    Operator.EMPTY: gettext_lazy("is empty"),
    Operator.NOT_EMPTY: gettext_lazy("is not empty"),
    Operator.YES: gettext_lazy("is so"),
    Operator.NO: gettext_lazy("is not so"),
    Operator.HAS_ANY: gettext_lazy("include"),
    Operator.HAS_ALL: gettext_lazy("include all of"),
    Operator.HAS_NONE: gettext_lazy("do not include"),
    Operator.KNOWN: gettext_lazy("is told"),
    Operator.UNKNOWN: gettext_lazy("is not told"),
}

WEEKDAYS: Final = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)


def action(name: str) -> str:
    tool = named_tool((name,))
    return _("calls of %(tool)s") % {"tool": tool} if tool else str(KINDS[name])


def attribute(path: Path) -> str:
    if path[0] == "args":
        return _("the argument %(name)s") % {"name": ".".join(path[1:])}
    return str(ATTRIBUTES.get(path, ".".join(path)))


def joined(parts: Sequence[str], last: str) -> str:
    """Return `a, b or c`, where `last` is the word before the last."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def is_money(path: Path) -> bool:
    """Tell whether values are held in micro-dollars, and read and written in dollars."""
    return path[0] != "args" and path[-1].endswith("usd_micros")


def written(path: Path, value: int | str) -> str:
    """Return a value as it stands in the form."""
    if is_money(path) and isinstance(value, int):
        return format_usd(value)
    return str(value)


def spoken(path: Path, value: int | str) -> str:
    """Return a value as a sentence has it."""
    if path == ("weekday",) and isinstance(value, int) and 1 <= value <= 7:
        return str(WEEKDAYS[value - 1])
    if is_money(path):
        return f"${written(path, value)}"
    return f"“{value}”" if isinstance(value, str) and not value.replace(".", "").lstrip("-").isdigit() else str(value)


def value(attribute: Attribute, text: str) -> int | str:
    """Return what somebody wrote as a value of the attribute. Raises ValueError, which says what to write."""
    if attribute.type in ("String", "Texts"):
        return _text(text)
    if attribute.path == ("weekday",):
        for number, name in enumerate(WEEKDAYS, 1):
            if text.casefold() in (str(number), str(name).casefold()):
                return number
        raise ValueError(_("Write a weekday, as Monday or as 1."))
    try:
        number_written = Decimal(text.replace("_", "x"))
    except InvalidOperation as error:
        raise ValueError(_("Write a number.")) from error
    if attribute.type == "decimal":
        return _decimal(number_written)
    whole = number_written * MICROS_PER_USD if is_money(attribute.path) else number_written
    if not whole.is_finite() or abs(whole) > _LONGEST or whole != int(whole):
        raise ValueError(_("Write a whole number.") if whole == number_written else _("Write an amount as 2.50."))
    return int(whole)


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError(_("This has characters in it that cannot be seen."))
    return text


def _decimal(number: Decimal) -> str:
    if not number.is_finite() or abs(number) > _LARGEST:
        raise ValueError(_("This number is too large."))
    try:
        return cedar_writing.digits(number)
    except ValueError as error:
        raise ValueError(_("At most four places.")) from error
