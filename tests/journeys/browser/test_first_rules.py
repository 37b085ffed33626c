"""Somebody who never saw Cedar puts four rules in force by choosing, and an agent that runs meets each at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from governance.models import Model
from governance.ui.rule_words import WEEKDAYS
from tests.factories import make_tool
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}


def test_four_rules_without_a_line_of_cedar(bench: Bench, visit: Callable[..., Visitor]) -> None:
    for tool in ("search", "rm"):
        make_tool(bench.project, tool)
    make_tool(bench.project, "pay", schema=SCHEMA)
    for model in ("gpt-4o", "gpt-4o-mini"):
        Model.objects.create(project=bench.project, slug=model)
    run = bench.start()
    page = visit(bench.owner).page

    assert run.ask("gpt-4o-mini", kind="model.call")["verdict"] == "allow"
    page.goto(within(bench.project, "policies/"))
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="Only these models").click()
    page.get_by_label("gpt-4o", exact=True).check()
    page.get_by_role("button", name="Make a draft of it").click()
    page.get_by_role("link", name="Form").click()
    expect(page.get_by_text("Refuses model calls where the model is not gpt-4o.")).to_be_visible()
    publish(page)
    assert run.ask("gpt-4o-mini", kind="model.call")["verdict"] == "deny"
    assert run.ask("gpt-4o", kind="model.call")["verdict"] == "allow"

    assert run.ask("rm")["verdict"] == "allow"
    begin(page, "Tool calls")
    page.get_by_label("Which of them").select_option(label="Only these")
    page.get_by_label("rm", exact=True).check()
    save(page, "no-removing", "Nothing is removed.", "Refuses tool calls where the tool is rm.")
    assert run.ask("rm")["verdict"] == "allow", "a draft decides nothing"
    publish(page)
    assert run.ask("rm")["verdict"] == "deny"

    assert run.ask("search")["verdict"] == "allow"
    # The middle of the week from today: the journey may run around midnight.
    today = datetime.now(UTC).isoweekday()
    open_on = str(WEEKDAYS[(today + 2) % 7])
    begin(page, "Tool calls")
    condition(page, "Add an exception", "The weekday", "is", open_on)
    page.get_by_label("Which of them").select_option(label="Only these")
    page.get_by_label("search", exact=True).check()
    said = f"Refuses tool calls where the tool is search, except when the weekday is {open_on}."
    save(page, "office-days", "Not today.", said)
    publish(page)
    refused = run.ask("search")
    assert (refused["verdict"], refused["reasons"][0]["message"]) == ("deny", "Not today.")

    begin(page, "Calls of pay")
    condition(page, "Add a condition", "The argument amount", "is above", "500")
    page.get_by_label("Asks a person", exact=True).check()
    said = "Asks a person before calls of pay, when the argument amount is above 500.0."
    save(page, "large", "A person agrees to large amounts.", said)
    assert run.ask("pay", args={"amount": 600})["verdict"] == "allow"
    publish(page)
    assert run.ask("pay", args={"amount": 400})["verdict"] == "allow"
    assert run.ask("pay", args={"amount": 600})["verdict"] == "hold"


def begin(page: Page, about: str) -> None:
    page.get_by_role("link", name="Add a rule").click()
    with redrawn(page):
        page.get_by_label(about, exact=True).check()


def condition(page: Page, button: str, fact: str, comparison: str, value: str) -> None:
    with redrawn(page):
        page.get_by_role("button", name=button).click()
    with redrawn(page):
        page.get_by_label("What is looked at").select_option(label=fact)
    with redrawn(page):
        page.get_by_label("How it is compared").select_option(label=comparison)
    page.get_by_label("With what").fill(value)


def save(page: Page, name: str, message: str, sentence: str) -> None:
    page.get_by_label("What the agent is told").fill(message)
    page.get_by_label("Name in records").fill(name)
    expect(page.locator("#preview")).to_contain_text(sentence)
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text(sentence)


def publish(page: Page) -> None:
    """Put the draft in force and come back to its form."""
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Rules in force are now no.")).to_be_visible()
    page.get_by_role("link", name="Form").click()


@contextmanager
def redrawn(page: Page) -> Iterator[None]:
    """Wait until what one chooses has brought the fields that belong to it."""
    page.locator("#editor").evaluate("editor => { editor.dataset.old = 'yes'; }")
    yield
    expect(page.locator("#editor[data-old]")).to_have_count(0)
