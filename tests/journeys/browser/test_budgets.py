"""A budget made in the console limits what runs already."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]


def test_a_new_budget_bites_the_next_action_and_its_window_fills(bench: Bench, alice: Visitor) -> None:
    run = bench.start()
    page = alice.page
    alice.open(within(bench.project, "budgets/"))
    page.get_by_role("link", name="Set a first limit").click()
    page.get_by_label("Name", exact=True).fill("Tool calls a day")
    page.get_by_label("Name in records").fill("calls")
    # What can be chosen below follows what was chosen above; what was typed stays.
    page.get_by_label("What is limited").select_option(label="Executions")
    expect(page.get_by_label("Over what time").get_by_role("option", name="In each execution")).to_have_count(0)
    page.get_by_label("What is limited").select_option(label="Tool calls")
    expect(page.get_by_label("Over what time").get_by_role("option", name="In each execution")).to_have_count(1)
    expect(page.get_by_label("Only for this one")).to_have_count(0)
    page.get_by_label("For whom").select_option(label="Each agent, or one of them")
    expect(page.get_by_label("Only for this one")).to_be_visible()
    expect(page.get_by_label("Name in records")).to_have_value("calls")
    page.get_by_label("Over what time").select_option(label="A day")
    expect(page.get_by_label("Name in records")).to_have_value("calls")
    page.get_by_label("Limit", exact=True).fill("2")
    page.get_by_label("Refuse the action").check()
    page.get_by_role("button", name="Put it in force").click()
    page.wait_for_url("**/budgets/calls/")

    first, second = run.ask(), run.ask()
    run.report(first["seq"])
    third = run.ask()

    assert [asked["verdict"] for asked in (first, second, third)] == ["allow", "allow", "deny"]
    reason = third["reasons"][0]
    assert (reason["budget"], reason["limit"], reason["reserved"], reason["spent"]) == ("calls", 2, 1, 1)
    page.reload()
    meter = page.get_by_role("meter", name="scout")
    expect(meter).to_have_attribute("aria-valuenow", "2")
    expect(meter).to_have_attribute("aria-valuemax", "2")
    spent, reserved = (meter.locator(f".meter__{part}").bounding_box() for part in ("spent", "reserved"))
    assert spent is not None
    assert reserved is not None
    assert spent["width"] == pytest.approx(reserved["width"], abs=1)
    assert spent["width"] > 50
    expect(page.locator(".meter__level")).to_contain_text("Used up")

    page.goto(within(bench.project, f"executions/{run.id}/"))
    fired = page.locator(".timeline__item[data-tone=deny]")
    expect(fired).to_contain_text("1 tool call spent, 1 tool call reserved, 1 tool call asked, limit 2 tool calls")
    page.goto(within(bench.project, "budgets/calls/"))
    page.get_by_role("link", name="Change the limit").click()
    page.get_by_label("Limit", exact=True).fill("3")
    page.get_by_role("button", name="Put it in force").click()
    page.wait_for_url("**/budgets/calls/")
    assert run.ask()["verdict"] == "allow"
