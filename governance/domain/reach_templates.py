"""Templates of rules on what work reaches: the network, data and code; for whom and under which labels it is done."""

from typing import Final

from governance.domain import cedar_writing as cedar
from governance.domain.fact_reference import ASKED_BY, BY_PATH
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.rule_composing import Answers, Matched, Question, Template

_STOPS: Final = ("deny", "halt", "hold", "flag")
_LABELS: Final = "context.execution.labels"


def _told(kind: Kind) -> str:
    return f"Asked for by {', '.join(ASKED_BY[kind])}."


def _delivered(path: str) -> str:
    return f"Told by {', '.join(BY_PATH[path].ways)}."


def _action(kind: Kind) -> str:
    return f"action == {cedar.entity('Action', kind.value)}"


def _outside(kind: Kind, names: list[str]) -> Matched:
    """Every action of a kind but on what is named."""
    named = cedar.entities(RESOURCE_TYPES[kind], names)
    return Matched(action=_action(kind), condition=f"!({cedar.within('resource', named)})" if named else "")


def _network_domains(answers: Answers) -> Matched:
    return _outside(Kind.NETWORK_REQUEST, answers[Question.DOMAINS])


def _code_execution(answers: Answers) -> Matched:
    return _outside(Kind.CODE_EXECUTE, answers.get(Question.RUNTIMES) or [])


def _personal_data(answers: Answers) -> Matched:
    place = cedar.entity("Dataset", "prompt/personal")
    return Matched(action=_action(Kind.DATA_ACCESS), condition=cedar.within("resource", [place]))


def _data_regions(answers: Answers) -> Matched:
    data = cedar.within("resource", cedar.entities("Dataset", answers[Question.DATASETS]))
    return Matched(action=_action(Kind.DATA_ACCESS), condition=f"{data} &&\n  !({_labelled(answers)})")


def _required_labels(answers: Answers) -> Matched:
    return Matched(action=_action(Kind.EXECUTION_START), condition=f"!({_labelled(answers)})")


def _labelled(answers: Answers) -> str:
    labels = answers[Question.LABELS]
    if bad := [label for label in labels if not all(label.partition("="))]:
        raise ValueError(f"Write {bad[0]} as key=value.")
    return f"{_LABELS}.containsAny([{', '.join(map(cedar.text, labels))}])"


def _suspended_end_users(answers: Answers) -> Matched:
    suspended = ", ".join(cedar.text(user.lower()) for user in answers[Question.END_USERS])
    condition = f"context.execution has end_user &&\n  [{suspended}].contains(context.execution.end_user)"
    return Matched(action="action", condition=condition)


TEMPLATES: Final = (
    Template(
        slug="network-domains",
        title="Only these network domains",
        example="Agents ask api.example.com and nothing else. A name is exact: it admits none of its subdomains.",
        facts=("resource",),
        delivered_by=_told(Kind.NETWORK_REQUEST),
        questions=(Question.DOMAINS,),
        effects=_STOPS,
        message="This domain is not on the list.",
        match=_network_domains,
    ),
    Template(
        slug="personal-data",
        title="Personal data in prompts",
        example="A prompt with an e-mail address or the number of an account in it is marked, for somebody to look at.",
        facts=("resource",),
        delivered_by="Told by waxell-observe with its prompt guard, which has our detectors look.",
        questions=(),
        effects=("flag", "deny"),
        message="The prompt has personal data in it.",
        match=_personal_data,
    ),
    Template(
        slug="data-regions",
        title="Data stays in its region",
        example="The customers of Europe are read only by executions that have the label region=eu.",
        facts=("resource", "execution.labels"),
        delivered_by=_told(Kind.DATA_ACCESS),
        questions=(Question.DATASETS, Question.LABELS),
        effects=_STOPS,
        message="This data is not for executions of this region.",
        match=_data_regions,
    ),
    Template(
        slug="required-labels",
        title="Nothing without a label",
        example="An execution begins with team=docs or team=sales; one that says neither is refused.",
        facts=("execution.labels",),
        delivered_by=_delivered("execution.labels"),
        questions=(Question.LABELS,),
        effects=("deny", "flag"),
        message="An execution needs one of the labels on the list.",
        match=_required_labels,
    ),
    Template(
        slug="suspended-end-users",
        title="Nothing for these end users",
        example="For somebody whose account is suspended no execution begins, and a running one stops.",
        facts=("execution.end_user",),
        delivered_by=_delivered("execution.end_user"),
        questions=(Question.END_USERS,),
        effects=("halt", "deny"),
        message="Nothing is done for this end user at present.",
        match=_suspended_end_users,
    ),
    Template(
        slug="code-execution",
        title="Code that agents run",
        example="Agents run Python; anything else, or any code at all, is refused or waits for a person.",
        facts=("resource",),
        delivered_by=_told(Kind.CODE_EXECUTE),
        questions=(Question.RUNTIMES, Question.GROUP),
        effects=_STOPS,
        message="This code is not run.",
        match=_code_execution,
    ),
)
