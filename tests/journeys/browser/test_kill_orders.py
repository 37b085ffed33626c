"""Stopping agents from the console."""

import time

import pytest
from playwright.sync_api import expect

from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

pytestmark = [pytest.mark.process, pytest.mark.browser]


def test_an_order_typed_in_the_console_stops_a_silent_execution_within_two_seconds(
    bench: Bench, alice: Visitor
) -> None:
    silent = bench.start()
    bench.another_agent("other")
    watched = alice.another_page()
    watched.goto(within(bench.project, f"executions/{silent.id}/"))
    page = alice.page
    alice.open(within(bench.project))
    page.keyboard.press("!")
    page.get_by_label("What to stop").select_option(label="One agent")
    page.get_by_label("Which one").fill("scout")
    page.get_by_label("Why").fill("It loops.")
    stop = page.get_by_role("button", name="Stop it now")
    expect(stop).to_be_disabled()
    page.get_by_label("Type this to confirm").fill(bench.project.slug)

    began = time.monotonic()
    stop.click()
    wait_until(lambda: silent.show()["state"] == "halted", 2)
    assert time.monotonic() - began < 2

    expect(page.get_by_text("execution stopped")).to_be_visible()
    assert page.locator(".figure").first.inner_text() == "1"
    watched.bring_to_front()
    expect(watched.locator(".page-header").get_by_text("Stopped", exact=True)).to_be_visible()
    expect(watched.locator("aside").get_by_role("link", name="The kill order")).to_be_visible()
    assert bench.start().answer["state"] == "denied"

    page.bring_to_front()
    page.get_by_label("Note").fill("Mended.")
    page.get_by_role("button", name="Lift this order").click()
    expect(page.locator(".page-header, .notice").get_by_text("Lifted").first).to_be_visible()
    assert bench.start().answer["state"] == "running"
