"""Lists: every filter, and cursors that neither miss nor repeat."""

import pytest

from tests.factories import make_agent, make_policy, make_tool
from tests.stack.api import start
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

FILTERED = [
    "state", "workflow", "agent", "label", "verdict", "policy", "rule", "budget", "q", "id",
]  # fmt: skip


def test_every_filter_finds_what_it_names_and_nothing_else(bench: Bench) -> None:
    make_tool(bench.project, "mail")
    policy = make_policy(bench.project)
    bench.governor.post(
        "budgets/",
        {
            "slug": "few",
            "name": "Few",
            "unit": "model_calls",
            "limit": 0,
            "scope": {"type": "project"},
            "period": "day",
            "on_exceed": "deny",
        },
        expect=201,
    )  # fmt: skip
    clerk = bench.key(agent=make_agent(bench.project, "clerk"))
    special = start(clerk, "special", labels={"team": "a:b"})
    special.ask("mail")
    special.ask("gpt", kind="model.call")
    special.close("failed")
    plain = bench.start("plain", labels={"team": "c"})

    filters = {
        "state": "failed",
        "workflow": "special",
        "agent": "clerk",
        "label": "team:a:b",
        "verdict": "deny",
        "policy": policy.slug,
        "rule": f"{policy.slug}/no-mail",
        "budget": "few",
        "q": "peci",
    }
    found = {
        name: [item["id"] for item in bench.governor.items("executions/", **{name: value})]
        for name, value in filters.items()
    }
    assert found == {name: [special.id] for name in filters}
    assert [item["id"] for item in bench.governor.items("executions/", q=plain.id)] == [plain.id]

    both = [plain.id, special.id]
    middle = plain.show()["started_at"]
    assert [item["id"] for item in bench.governor.items("executions/")] == both
    assert special.id not in [item["id"] for item in bench.governor.items("executions/", since=middle)]
    assert [item["id"] for item in bench.governor.items("executions/", until="2020-01-01T00:00:00Z")] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "sleeping"),
        ("verdict", "maybe"),
        ("since", "yesterday"),
        ("until", "2026-13-01T00:00:00Z"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "ten"),
        ("cursor", "nonsense"),
        ("cursor", "WyJ4Il0"),
        ("cursor", "WzFd"),
    ],
)
def test_a_filter_with_an_impossible_value_is_refused(bench: Bench, name: str, value: str) -> None:
    assert bench.scout.get("executions/", expect=400, **{name: value})["code"]


@pytest.mark.parametrize("value", ["\x00", "é\u202e", "%", "'; drop table x; --", "a" * 5000, "\U0001f600"])
def test_filters_take_any_text(bench: Bench, value: str) -> None:
    for name in ("workflow", "agent", "label", "policy", "rule", "budget", "q"):
        answer = bench.scout.send("GET", "executions/", params={name: value})
        assert answer.status_code in (200, 400, 414), (name, answer.status_code)
        if answer.status_code == 200:
            assert answer.json()["items"] == []


def test_cursors_neither_miss_nor_repeat_while_others_write(bench: Bench) -> None:
    wanted = [bench.start().id for _ in range(7)]
    seen, cursor = [], {}
    while True:
        page = bench.scout.get("executions/", limit=2, **cursor)
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        bench.start()
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    assert seen == wanted[::-1]


@pytest.mark.parametrize(
    "path",
    [
        "executions/",
        "approvals/",
        "kill-orders/",
        "policies/",
        "budgets/",
        "agents/",
        "keys/",
        "workflows/",
        "tools/",
        "models/",
    ],
)  # fmt: skip
def test_every_collection_that_takes_a_post_also_lists(bench: Bench, path: str) -> None:
    page = bench.governor.get(path)
    assert set(page) == {"items", "next"}
