"""Finding an execution, and reading one."""

import hashlib
import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_budget, make_policy, make_tool, make_workflow
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

PAGE = 50


def test_executions_are_filtered_and_read_page_by_page(bench: Bench, alice: Visitor) -> None:
    for workflow in ("errand", "chore"):
        make_workflow(bench.project, workflow)
    errands = [bench.start() for _ in range(PAGE + 5)]
    chore = bench.start("chore")
    for run in errands[:2]:
        run.close()
    page = alice.page

    alice.open(within(bench.project, "executions/"))
    expect(page.get_by_text(f"{PAGE + 6} executions")).to_be_visible()
    newest = shown(page)
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**cursor=**")
    oldest = shown(page)
    assert (len(newest), len(oldest)) == (PAGE, 6)
    assert newest + oldest == [chore.id, *(run.id for run in reversed(errands))]
    page.get_by_role("link", name="Newer").click()
    page.wait_for_url("**/executions/**", wait_until="load")
    assert shown(page) == newest

    page.get_by_label("Workflow", exact=True).select_option("chore")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("1 execution", exact=True)).to_be_visible()
    assert shown(page) == [chore.id]
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("group", name="State").get_by_role("link", name="Completed").click()
    expect(page.get_by_text("2 executions", exact=True)).to_be_visible()
    assert set(shown(page)) == {run.id for run in errands[:2]}
    page.get_by_role("searchbox").fill(errands[0].id)
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("1 execution", exact=True)).to_be_visible()
    assert shown(page) == [errands[0].id]
    page.get_by_role("group", name="State").get_by_role("link", name="Failed").click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_the_page_of_an_execution_says_which_rule_and_which_numbers(bench: Bench, alice: Visitor) -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project, slug="care", name="Care")
    make_budget(bench.project, slug="calls", unit="tool_calls", limit=2, on_exceed="deny")
    run = bench.start(labels={"ticket": "W-1"})
    done = run.ask(args={"query": "weather"})
    run.report(done["seq"], output="sunny")
    run.ask("mail", args={"to": "bob"})
    run.ask()
    run.ask()
    page = alice.page

    alice.open(within(bench.project, f"executions/{run.id}/"))
    refusals = page.locator(".timeline__item[data-tone=deny]")
    expect(refusals).to_have_count(2)
    by_rule, by_budget = refusals.all()
    expect(by_rule).to_contain_text("Mail is not sent from here.")
    expect(by_rule.locator("code", has_text="no-mail").first).to_be_visible()
    expect(by_rule).to_contain_text("version 1")
    expect(by_budget).to_contain_text("1 tool call spent, 1 tool call reserved, 1 tool call asked, limit 2 tool calls")
    short = page.locator("aside")
    expect(short).to_contain_text("Asked first")
    expect(short).to_contain_text("W-1")
    expect(short).to_contain_text("from #1 on")
    by_rule.locator("summary", has_text="Arguments").click()
    expect(by_rule.locator(".code").first).to_contain_text('"to": "bob"')

    # What stands under Proof is the entry, byte for byte: its digest can be checked by hand.
    seq = int(re.sub(r"\D", "", (by_rule.locator(".timeline__meta").inner_text().split("·")[0])))
    [entry] = [entry for entry in run.entries() if entry["seq"] == seq]
    by_rule.locator("summary", has_text="Proof").click()
    canonical = by_rule.get_by_role("region", name="Canonical JSON").locator("code").text_content() or ""
    assert f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}" == entry["digest"]
    expect(by_rule).to_contain_text(entry["digest"])

    # The page goes on by itself, and what a reader opened stays open.
    run.close()
    expect(page.locator(".page-header").get_by_text("Completed")).to_be_visible()
    expect(by_rule.get_by_role("region", name="Canonical JSON")).to_be_visible()
    by_rule.get_by_role("link", name="care").click()
    expect(page.get_by_role("heading", name="Care, version 1")).to_be_visible()
    expect(page.locator(".rules__rule:target")).to_contain_text("Mail is not sent from here.")


def shown(page: Page) -> list[str]:
    """The ids of the executions in the table, from above."""
    links = page.locator("tbody th a").evaluate_all("all => all.map(link => link.pathname)")
    return [link.rstrip("/").rpartition("/")[2] for link in links]
