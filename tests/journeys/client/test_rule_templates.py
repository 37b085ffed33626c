"""Each template of the gallery, put in force, meets a real client: what it is about is stopped, the rest goes on."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from governance.domain import rule_templates
from governance.domain.rule_composing import Argument, Question, compose
from governance.models import EndUser, Model
from tests.factories import make_policy, make_tool
from tests.stack.fixtures import Bench
from waxell_client import Client, Execution, NotAdmitted, Refused, Stopped

pytestmark = pytest.mark.process

SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "number"}, "to": {"type": "string"}},
    "required": ["amount", "to"],
}
AMOUNT = Argument(tool="pay", name="amount", type="number", required=True)
RECIPIENT = Argument(tool="pay", name="to", type="string", required=True)


def call(tool: str, **args: Any) -> Callable[[Execution], None]:
    return lambda ex: ex.tool(tool, args)(lambda **given: None)


def ask(model: str) -> Callable[[Execution], None]:
    return lambda ex: ex.model(model)(lambda **given: None)


def delegate(ex: Execution) -> None:
    with ex.delegate("other"):
        pass


def act(kind: str, resource: str) -> Callable[[Execution], None]:
    def acts(ex: Execution) -> None:
        with ex.act(kind, resource):
            pass

    return acts


def often(act: Callable[[Execution], None], times: int) -> Callable[[Execution], None]:
    def acts(ex: Execution) -> None:
        for _ in range(times):
            act(ex)

    return acts


PAY = call("pay", amount=400, to="a@example.com")
# By template: the answers, an act that it lets pass, one that it stops.
CASES: dict[str, tuple[dict[str, Any], Callable[[Execution], None], Callable[[Execution], None]]] = {
    "allowed-tools": ({Question.TOOLS: ["search"]}, call("search"), PAY),
    "allowed-models": ({Question.MODELS: [("Model", "gpt-4o")]}, ask("gpt-4o"), ask("gpt-4o-mini")),
    "amount-limit": (
        {Question.NUMBER_ARGUMENT: AMOUNT, Question.AMOUNT: Decimal(500)},
        PAY,
        call("pay", amount=500.5, to="a@example.com"),
    ),
    "allowed-recipients": (
        {Question.TEXT_ARGUMENT: RECIPIENT, Question.ENDINGS: ["@example.com"]},
        PAY,
        call("pay", amount=1, to="a@example.com.evil.org"),
    ),
    "steps-and-time": ({Question.MOST_ACTIONS: 4, Question.MOST_MINUTES: 60}, call("search"), often(call("search"), 4)),
    "no-loops": ({Question.MOST_REPEATS: 2}, often(call("search"), 2), often(call("search", q="b"), 3)),
    "adopted-only": ({}, call("search"), call("never-seen-before")),
    "delegation-depth": ({Question.MOST_DEPTH: 0}, call("search"), delegate),
    "network-domains": (
        {Question.DOMAINS: ["api.example.com"]},
        act("network.request", "api.example.com"),
        act("network.request", "api.example.com.evil.org"),
    ),
    "data-regions": (
        {Question.DATASETS: ["customers-eu"], Question.LABELS: ["region=eu"]},
        act("data.access", "customers-us"),
        act("data.access", "customers-eu"),
    ),
    "code-execution": ({Question.RUNTIMES: ["python"]}, act("code.execute", "python"), act("code.execute", "bash")),
}


def put_in_force(bench: Bench, slug: str, answers: dict[str, Any], effect: str) -> None:
    template = rule_templates.BY_SLUG[slug]
    said = {"effect": effect, "message": template.message, "agents": ["scout"], **answers}
    make_policy(bench.project, compose(template, said), slug=slug)


@pytest.fixture
def names(bench: Bench) -> None:
    make_tool(bench.project, "search")
    make_tool(bench.project, "pay", schema=SCHEMA)
    Model.objects.create(project=bench.project, slug="gpt-4o")


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("slug", CASES)
def test_a_template_stops_what_it_is_about(bench: Bench, client: Client, slug: str) -> None:
    answers, passing, stopped = CASES[slug]
    template = rule_templates.BY_SLUG[slug]
    put_in_force(bench, slug, answers, effect="halt" if template.effects == ("halt",) else "deny")

    with pytest.raises((Refused, Stopped)) as refusal, client.execution("errand") as ex:
        passing(ex)
        stopped(ex)

    assert template.message in str(refusal.value)


@pytest.mark.usefixtures("names")
def test_office_hours_of_another_day_refuse(bench: Bench, client: Client) -> None:
    far = (datetime.now(UTC).isoweekday() + 2) % 7 + 1
    hours = {Question.WEEKDAYS: [far], Question.FROM_HOUR: 8, Question.TO_HOUR: 18}
    with client.execution("errand") as ex:
        ex.tool("search")(lambda: None)
        put_in_force(bench, "office-hours", hours, effect="deny")
        with pytest.raises(Refused, match="office hours"):
            ex.tool("search")(lambda: None)


@pytest.mark.usefixtures("names")
def test_a_person_is_asked_and_the_rest_is_not(bench: Bench, client: Client) -> None:
    put_in_force(bench, "ask-a-person", {Question.TOOLS: ["pay"]}, effect="hold")
    run = bench.start()
    asked = run.ask("pay", args={"amount": 1, "to": "a@example.com"})

    assert (asked["verdict"], asked["reasons"][0]["message"]) == ("hold", "A person must agree first.")
    assert [waiting["resource"] for waiting in bench.governor.items("approvals/")] == ["pay"]


def test_a_secret_in_a_prompt_is_blocked_where_the_public_client_has_it_looked_at(bench: Bench) -> None:
    put_in_force(bench, "secrets", {Question.FINDINGS: ["credentials"]}, effect="deny")

    def look(text: str) -> Any:
        return bench.scout.post("observe/prompt-guard/", {"text": text, "agent_name": "scout"})["action"]

    assert look("What is the weather in Geneva?") == "allow"
    assert look("Use AKIAIOSFODNN7EXAMPLE, please.") == "block"


def test_personal_data_in_a_prompt_is_marked_and_goes_on(bench: Bench) -> None:
    put_in_force(bench, "personal-data", {}, effect=rule_templates.BY_SLUG["personal-data"].effects[0])
    asked = {"text": "Write to bob@example.org.", "agent_name": "scout"}

    assert bench.scout.post("observe/prompt-guard/", asked)["action"] == "warn"
    answer = bench.start().ask("prompt/personal", kind="data.access")
    assert (answer["verdict"], answer["flags"][0]["message"]) == ("allow", "The prompt has personal data in it.")


@pytest.mark.usefixtures("names")
def test_data_is_read_and_work_begins_under_the_right_label(bench: Bench, client: Client) -> None:
    put_in_force(bench, "data-regions", {Question.DATASETS: ["eu"], Question.LABELS: ["region=eu"]}, effect="deny")
    put_in_force(bench, "required-labels", {Question.LABELS: ["region=eu", "region=us"]}, effect="deny")

    with client.execution("errand", labels={"region": "eu"}) as ex:
        act("data.access", "eu")(ex)
    with client.execution("errand", labels={"region": "us"}) as ex, pytest.raises(Refused, match="of this region"):
        act("data.access", "eu")(ex)
    with pytest.raises(NotAdmitted, match="one of the labels"), client.execution("errand"):
        pass


@pytest.mark.usefixtures("names")
def test_nothing_goes_on_for_a_suspended_end_user(bench: Bench, client: Client) -> None:
    with client.execution("errand", end_user="bob") as ex:
        call("search")(ex)
    bob = EndUser.objects.get(project=bench.project, name="bob")
    put_in_force(bench, "suspended-end-users", {Question.END_USERS: [str(bob.pk)]}, effect="halt")

    with client.execution("errand", end_user="carol") as ex:
        call("search")(ex)
    with pytest.raises(NotAdmitted, match="this end user"), client.execution("errand", end_user="bob"):
        pass


def test_every_template_is_tried() -> None:
    told_apart = {"office-hours", "ask-a-person", "secrets", "personal-data", "required-labels", "suspended-end-users"}
    assert {*CASES, *told_apart} == set(rule_templates.BY_SLUG)
