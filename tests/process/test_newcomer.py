"""The first minutes: what `make run` shows, and the first click."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser.visitors import Visitor
from tests.process.local_run import LocalRun
from tests.stack.api import Api
from tests.stack.running import wait_until

pytestmark = [pytest.mark.process, pytest.mark.browser]


def test_the_first_click_is_grant_and_the_work_goes_on(browser: Browser, running: LocalRun) -> None:
    ready = running.wait_until_ready()
    newcomer = Visitor(browser, ready["url"]).fill_in(**ready["owner"])
    page = newcomer.page

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    # The page keeps itself current: the work that waits comes up without a click.
    page.get_by_role("link", name="Grant or refuse").click(timeout=30_000)
    expect(page.get_by_text("A report is published after a person has agreed.")).to_be_visible()
    assert not (running.home / "reports" / "published").exists()
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_text("Granted. The agent may go on.")).to_be_visible()

    page.get_by_role("link", name="tool.call report.publish").click()
    page.get_by_role("link", name="What happened until now").click()
    expect(page.locator(".page-header").get_by_text("Completed")).to_be_visible()
    expect(page.locator("#record")).to_contain_text("The record is closed")

    with httpx.Client(base_url=ready["url"], trust_env=False) as http:
        api = Api(http=http, key=ready["keys"]["govern"])
        execution = api.get(f"executions/{page.url.split('/executions/')[1].split('/')[0]}/")
        entries = api.items(f"executions/{execution['id']}/entries/")
    assert execution["state"] == "completed"
    assert [entry["type"] for entry in entries].count("execution.closed") == 1
    [report] = wait_until(lambda: list((running.home / "reports" / "published").iterdir()))
    assert report.read_text().startswith("# Licences")

    page.get_by_role("navigation", name="Console").get_by_role("link", name="Executions").click()
    expect(page.get_by_role("heading", name="Executions")).to_be_visible()
    states = page.locator("tbody .badge").evaluate_all("all => all.map(badge => badge.dataset.tone)")
    assert {"completed", "halted", "denied"} <= set(states)
    newcomer.context.close()
    assert newcomer.complaints == []
