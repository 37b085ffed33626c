"""What is published in the console decides the very next action of what already runs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.factories import make_policy, make_tool
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

NOTHING_REMOVED = """@id("no-removing") @message("Nothing is removed.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"rm");
"""
NOTHING_SENT = """
@id("no-mail") @message("Mail waits until tomorrow.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


def test_a_change_published_in_the_browser_binds_the_next_action_and_can_be_taken_back(
    bench: Bench, visit: Callable[..., Visitor]
) -> None:
    for tool in ("rm", "mail"):
        make_tool(bench.project, tool)
    make_policy(bench.project, NOTHING_REMOVED, slug="care", name="Care")
    run = bench.start()
    assert run.ask("mail")["verdict"] == "allow"

    page = visit().sign_in(bench.owner, at=within(bench.project, "policies/")).page
    page.get_by_role("link", name="Care").click()
    expect(page.locator(".cm-content")).to_be_visible()
    page.get_by_role("textbox", name="Rules").fill(NOTHING_REMOVED + NOTHING_SENT)
    expect(page.locator("#check")).to_contain_text("Mail waits until tomorrow.")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Publish…").click()
    expect(page.locator(".diff tr[data-tone]")).to_have_count(3)
    assert run.ask("mail")["verdict"] == "allow", "a draft decides nothing"

    page.locator("#id_note").fill("Mail is down.")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Rules in force are now no.")).to_be_visible()
    refused = run.ask("mail")

    assert refused["verdict"] == "deny"
    reason = refused["reasons"][0]
    assert (reason["policy"], reason["version"], reason["rule"]) == ("care", 2, "no-mail")

    page.goto(within(bench.project, "policies/care/history/"))
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_role("button", name="Return to version 1").click()
    expect(page.get_by_role("status").filter(has_text="Version 1 is in force again.")).to_be_visible()
    allowed = run.ask("mail")

    assert allowed["verdict"] == "allow"
    page.goto(within(bench.project, f"executions/{run.id}/"))
    # Version 1 twice is the same state: what decides is named by its content.
    expect(page.locator(".facts dd").filter(has_text="from #")).to_have_count(2)


def test_a_rule_that_cannot_be_published_is_shown_by_its_line(bench: Bench, alice: Visitor) -> None:
    make_tool(bench.project, "rm")
    make_policy(bench.project, NOTHING_REMOVED, slug="care", name="Care")
    page = alice.page

    alice.open(within(bench.project, "policies/care/"))
    page.get_by_role("textbox", name="Rules").fill(NOTHING_REMOVED + NOTHING_SENT)
    expect(page.locator("#check")).to_contain_text("One thing stands against publishing")
    page.locator("#check [data-line]").click()
    expect(page.get_by_role("textbox", name="Rules")).to_be_focused()
    expect(page.locator(".cm-activeLine")).to_contain_text('Tool::"mail"')

    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_text("This text cannot be put in force as it stands")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
