"""Rules that most projects want, each from a few answers."""

from datetime import date
from typing import Final

from governance.domain import cedar_writing as cedar
from governance.domain import reach_templates
from governance.domain.kinds import tool_action
from governance.domain.rule_composing import Answers, Argument, Matched, Question, Template

TOOL_CALLS: Final = 'action in Action::"tool.call"'
EVERY_WAY: Final = "Told by every way in."


def _not(condition: str) -> str:
    return f"!({condition})"


def _allowed_tools(answers: Answers) -> Matched:
    tools = cedar.entities("Tool", answers[Question.TOOLS])
    return Matched(action=TOOL_CALLS, condition=_not(cedar.within("resource", tools)))


def _allowed_models(answers: Answers) -> Matched:
    # The engine takes no list of models and providers together.
    named = {kind: [name for of, name in answers[Question.MODELS] if of == kind] for kind in ("Model", "Provider")}
    allowed = [cedar.within("resource", cedar.entities(kind, names)) for kind, names in named.items() if names]
    return Matched(action='action == Action::"model.call"', condition=_not(" || ".join(allowed)))


def _ask_a_person(answers: Answers) -> Matched:
    tools = cedar.entities("Tool", answers[Question.TOOLS])
    return Matched(action=TOOL_CALLS, condition=cedar.within("resource", tools))


def _amount_limit(answers: Answers) -> Matched:
    argument: Argument = answers[Question.NUMBER_ARGUMENT]
    read, most = cedar.attribute("context.args", argument.name), answers[Question.AMOUNT]
    over = f"{read} > {int(most)}" if argument.type == "integer" else f"{read}.greaterThan({cedar.decimal(most)})"
    return Matched(action=_action_of(argument), condition=_guarded(argument, over))


def _allowed_endings(answers: Answers) -> Matched:
    argument: Argument = answers[Question.TEXT_ARGUMENT]
    read = cedar.attribute("context.args", argument.name)
    ends = [f"{read} like {cedar.pattern(ending)}" for ending in answers[Question.ENDINGS]]
    return Matched(action=_action_of(argument), condition=_guarded(argument, _not(" || ".join(ends))))


def _action_of(argument: Argument) -> str:
    return f"action == {cedar.entity('Action', tool_action(argument.tool))}"


def _guarded(argument: Argument, condition: str) -> str:
    if argument.required:
        return condition
    return f"{cedar.presence('context.args', argument.name)} &&\n  {condition}"


def _office_hours(answers: Answers) -> Matched:
    days = sorted(int(day) for day in answers[Question.WEEKDAYS])
    start, end = answers[Question.FROM_HOUR], answers[Question.TO_HOUR]
    inside = [f"[{', '.join(map(str, days))}].contains(context.weekday)"] if len(days) < 7 else []
    inside += [f"context.hour >= {start}"] if start > 0 else []
    inside += [f"context.hour < {end}"] if end < 24 else []
    off: list[date] = answers.get(Question.DAYS_OFF) or []
    if off:
        inside.append(_not(f"[{', '.join(cedar.text(day.isoformat()) for day in off)}].contains(context.day)"))
    tools = answers.get(Question.TOOLS)
    about = f"{cedar.within('resource', cedar.entities('Tool', tools))} &&\n  " if tools else ""
    action = TOOL_CALLS if tools else 'action in [Action::"tool.call", Action::"model.call"]'
    return Matched(action=action, condition=about + (_not(" && ".join(inside)) if inside else "false"))


def _steps_and_time(answers: Answers) -> Matched:
    limits = []
    if (most := answers.get(Question.MOST_ACTIONS)) is not None:
        limits.append(f"context.execution.actions >= {most}")
    if (minutes := answers.get(Question.MOST_MINUTES)) is not None:
        limits.append(f"context.execution.elapsed_seconds >= {60 * minutes}")
    if not limits:
        raise ValueError("Say a number of actions, a number of minutes, or both.")
    condition = " || ".join(limits)
    return Matched(action="action", condition=f"({condition})" if len(limits) > 1 else condition)


def _no_loops(answers: Answers) -> Matched:
    return Matched(action="action", condition=f"context.repeats >= {answers[Question.MOST_REPEATS]}")


def _secrets(answers: Answers) -> Matched:
    places = cedar.entities("Dataset", [f"prompt/{family}" for family in answers[Question.FINDINGS]])
    return Matched(action='action == Action::"data.access"', condition=cedar.within("resource", places))


def _adopted_only(answers: Answers) -> Matched:
    return Matched(action='action in [Action::"tool.call", Action::"model.call"]', condition="context.discovered")


def _delegation_depth(answers: Answers) -> Matched:
    most = answers[Question.MOST_DEPTH]
    return Matched(action='action == Action::"agent.delegate"', condition=f"context.execution.depth >= {most}")


_STOPS: Final = ("deny", "halt", "hold", "flag")

TEMPLATES: Final = (
    Template(
        slug="allowed-tools",
        title="Only these tools",
        example="The research agents may search and read, and call no other tool.",
        facts=("resource",),
        delivered_by=EVERY_WAY,
        questions=(Question.TOOLS,),
        effects=_STOPS,
        message="This tool is not on the list.",
        match=_allowed_tools,
    ),
    Template(
        slug="allowed-models",
        title="Only these models",
        example="Agents call gpt-4o, or any model of one provider. An exact name never admits one that only begins so.",
        facts=("resource",),
        delivered_by="Told by every way in that asks before model calls.",
        questions=(Question.MODELS,),
        effects=_STOPS,
        message="This model is not on the list.",
        match=_allowed_models,
    ),
    Template(
        slug="amount-limit",
        title="No more than this amount",
        example="A refund is at most 500; above it a person is asked.",
        facts=("args",),
        delivered_by="Told by every way in, for tools that are registered with a schema.",
        questions=(Question.NUMBER_ARGUMENT, Question.AMOUNT, Question.GROUP),
        effects=("hold", "deny", "halt", "flag"),
        message="The amount is above the limit.",
        match=_amount_limit,
    ),
    Template(
        slug="allowed-recipients",
        title="Only to these recipients",
        example="Mail goes to @example.com and to nobody else.",
        facts=("args",),
        delivered_by="Told by every way in, for tools that are registered with a schema.",
        questions=(Question.TEXT_ARGUMENT, Question.ENDINGS),
        effects=_STOPS,
        message="This recipient is not on the list.",
        match=_allowed_endings,
    ),
    Template(
        slug="ask-a-person",
        title="Ask a person first",
        example="Two people of finance agree before a payment is made.",
        facts=("resource",),
        delivered_by="Told by every way in; the public client waits only with our handler.",
        questions=(Question.TOOLS, Question.GROUP, Question.QUORUM, Question.HOURS_TO_DECIDE),
        effects=("hold",),
        message="A person must agree first.",
        match=_ask_a_person,
    ),
    Template(
        slug="office-hours",
        title="Only in office hours",
        example="From Monday to Friday, 8 to 18 o'clock, and not on the 25th of December.",
        facts=("weekday", "hour", "day"),
        delivered_by=EVERY_WAY,
        questions=(
            Question.WEEKDAYS,
            Question.FROM_HOUR,
            Question.TO_HOUR,
            Question.DAYS_OFF,
            Question.TOOLS,
        ),
        effects=_STOPS,
        message="This is done in office hours only.",
        match=_office_hours,
    ),
    Template(
        slug="steps-and-time",
        title="So many steps, so much time",
        example="An execution ends after 200 actions or after an hour.",
        facts=("execution.actions", "execution.elapsed_seconds"),
        delivered_by=EVERY_WAY,
        questions=(Question.MOST_ACTIONS, Question.MOST_MINUTES),
        effects=("halt",),
        message="This execution has done enough.",
        match=_steps_and_time,
    ),
    Template(
        slug="no-loops",
        title="No going in circles",
        example="The fourth time in a row that the same call is asked for with the same arguments, the execution ends.",
        facts=("repeats",),
        delivered_by=EVERY_WAY,
        questions=(Question.MOST_REPEATS,),
        effects=("halt", "deny", "hold", "flag"),
        message="The same call was repeated again and again.",
        match=_no_loops,
    ),
    Template(
        slug="secrets",
        title="Nothing secret in prompts",
        example="A prompt with a password or a key in it is not sent.",
        facts=("resource",),
        delivered_by="Told by waxell-observe with its prompt guard, which has our detectors look.",
        questions=(Question.FINDINGS,),
        effects=("deny", "flag"),
        message="The prompt has something in it that must not leave.",
        match=_secrets,
    ),
    Template(
        slug="adopted-only",
        title="Only what somebody has adopted",
        example="A tool that an agent names for the first time waits until a person adopts it.",
        facts=("discovered",),
        delivered_by=EVERY_WAY,
        questions=(),
        effects=("deny", "hold", "halt", "flag"),
        message="Nobody has adopted this yet.",
        match=_adopted_only,
    ),
    Template(
        slug="delegation-depth",
        title="Agents that ask agents",
        example="An agent may ask another one, and that one asks nobody further.",
        facts=("execution.depth",),
        delivered_by="Told by every way in that tells of the parent: REST, our clients, waxell-observe.",
        questions=(Question.MOST_DEPTH,),
        effects=_STOPS,
        message="Work is not handed on any further.",
        match=_delegation_depth,
    ),
    *reach_templates.TEMPLATES,
)

BY_SLUG: Final = {template.slug: template for template in TEMPLATES}
