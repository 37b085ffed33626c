"""Erasing in the browser: from the record, behind a word typed, and not while somebody holds it."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]


def test_contents_are_held_then_erased_and_the_record_tells_of_it(bench: Bench, alice: Visitor) -> None:
    run = bench.start(input={"who": "Zoe"}, end_user="Zoe Example")
    run.close()
    record = within(bench.project, f"executions/{run.id}/")
    page = alice.page

    alice.open(within(bench.project, "retention/"))
    page.get_by_role("link", name="New legal hold").click()
    page.get_by_label("What to keep").select_option(label="Everything done for one end user")
    page.get_by_label("Which one").fill("Zoe Example")
    page.get_by_label("Why").fill("A claim.")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name="Everything done for one end user: Zoe Example")).to_be_visible()

    alice.open(record)
    page.get_by_role("link", name="Erase contents").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("A legal hold keeps these contents.")).to_be_visible()
    dialog.get_by_role("link", name="Legal holds").click()
    page.get_by_role("link", name="Lift", exact=True).click()
    page.get_by_label("Why", exact=True).fill("Settled.")
    page.get_by_role("button", name="Lift it").click()
    expect(page.get_by_text("Nothing is held")).to_be_visible()

    alice.open(record)
    page.get_by_role("link", name="Erase contents").click()
    erase = dialog.get_by_role("button", name="Erase for good")
    expect(erase).to_be_disabled()
    dialog.get_by_label("Why").fill("They asked.")
    dialog.get_by_label("Type this to confirm").fill(bench.project.slug)
    erase.click()

    expect(page.get_by_text("1 content erased.")).to_be_visible()
    expect(page.get_by_text("Input: erased on")).to_contain_text("They asked.")
    expect(page.get_by_text("Zoe")).to_have_count(0)
    page.get_by_text("Input: erased on").get_by_role("link").click()
    expect(page.get_by_text("Contents erased")).to_be_visible()
