"""Where a mistake is: the engine tells only what it is."""

import pytest

from governance.domain.cedar_schema import build_schema
from governance.domain.policies import validate

SCHEMA = build_schema({})
FIRST = '@id("first") permit (principal, action, resource);\n'
SCOPE = "forbid (principal, action, resource)"
HEAD = '@id("a") @message("No.")\n'


@pytest.mark.parametrize(
    "marked",
    [
        f'{HEAD}{SCOPE} when {{ context["day" «}}» }};',
        f"{HEAD}forbid (principal, action «resource»);",
        f"{HEAD}{SCOPE}\nwhen {{ context.hour > «}}»;",
        f"{HEAD}{SCOPE} when {{ true }}; «}}»",
        f"{HEAD}{SCOPE} when {{ context.hour «#» 3 }};",
        f'{HEAD}{SCOPE} when {{ context.day == «"»2026 }};',
        f'{HEAD}{SCOPE} // "remark"\nwhen {{ context.day == "ü" && context.«our» > 3 }};',
        f"{HEAD}{SCOPE} when {{ context.hour > 3 && «bad»(3) }};",
        f"{HEAD}forbid («action», principal, resource);",
        f"{HEAD}«allow» (principal, action, resource);",
        f"{HEAD}{SCOPE} when {{ context.«estimate».tokens > 3 }};",
        f'{HEAD}forbid (principal, action == «Action::"model.cal"», resource);',
        f"{HEAD}forbid (principal is «User», action, resource);",
        f'@id("a") @message("No.") «@efect»("deny") {SCOPE};',
        '@id("a")\n«forbid» (principal, action, resource);',
        f"{HEAD}{SCOPE} when {{ «context.hour» }};",
        f'{HEAD}{SCOPE}\nwhen {{ context.day == "a" && «context.hour > "3"» || context.discovered }};',
        f"{HEAD}{SCOPE} when {{ true }} unless {{ (context.hour > 3) && «(context.minute + true) > 3» }};",
        f"{HEAD}{SCOPE} when {{ «[1, 2].contains(true && context.hour)» }};",
    ],
)
@pytest.mark.parametrize("before", ["", FIRST, FIRST.rstrip()])
def test_a_mistake_is_told_with_its_line_and_column(before: str, marked: str) -> None:
    start = (before + marked).index("«")
    text = (before + marked).replace("«", "").replace("»", "")
    above = text[:start]

    errors = validate(text, SCHEMA).errors

    # What follows from a mistake may be told at the head of the rule beside it.
    told = {(error.line, error.column) for error in errors}
    assert (above.count("\n") + 1, start - above.rfind("\n")) in told, errors


def test_an_unfinished_text_is_told_at_its_end() -> None:
    (error,) = validate("permit (principal,\n  action", SCHEMA).errors

    assert (error.line, error.column) == (2, 9)
