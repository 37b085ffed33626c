"""Events as programs and people read them."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from waxell.outbox.domain import texts
from waxell.outbox.domain.events import Event, compose, one_line

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def event(**values: object) -> Event:
    given = {"id": "1", "type": "approval.asked", "project": UUID(int=1), "at": AT, "title": "Scout waits", **values}
    return Event(**given)  # type: ignore[arg-type]


def test_a_body_has_the_three_members_of_standard_webhooks() -> None:
    body = compose(event(lines=("A person must agree.",), path="/p/a/", data={"seq": 2}), site="https://w.example")

    assert json.loads(body) == {
        "type": "approval.asked",
        "timestamp": "2026-03-01T09:30:00.000000Z",
        "data": {
            "seq": 2,
            "title": "Scout waits",
            "lines": ["A person must agree."],
            "url": "https://w.example/p/a/",
        },
    }


@pytest.mark.parametrize(("site", "path"), [("", "/p/a/"), ("https://w.example", "")])
def test_without_site_or_page_there_is_no_link(site: str, path: str) -> None:
    assert json.loads(compose(event(path=path), site=site))["data"]["url"] is None


def test_a_body_is_bounded_whatever_agents_are_called() -> None:
    body = compose(event(title="x" * 10_000, lines=("y" * 10_000,)), site="")
    assert len(body) < 1000


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\r\nBcc: b", "a Bcc: b"), ("a\u202eb\x00c", "a b c"), ("  a  ", "a"), ("abcdef", "abcd…")],
)
def test_a_title_is_one_printable_line(text: str, line: str) -> None:
    assert one_line(text, 5 if text == "abcdef" else 100) == line


def test_words_of_agents_mention_nobody_in_slack() -> None:
    made = texts.slack(
        json.loads(compose(event(title="<!channel> & <https://evil|click>", path="/x"), site="https://w"))
    )

    assert made["text"] == "&lt;!channel&gt; &amp; &lt;https://evil|click&gt;\nhttps://w/x"
    header, button = made["blocks"]  # type: ignore[misc]
    assert header["text"] == {"type": "plain_text", "text": "<!channel> & <https://evil|click>", "emoji": False}
    assert button["elements"][0]["url"] == "https://w/x"


def test_slack_blocks_stay_within_slacks_bounds() -> None:
    made = texts.slack(json.loads(compose(event(title="x" * 500, lines=("y" * 500,) * 20), site="")))
    header, section = made["blocks"]  # type: ignore[misc]
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000


def test_a_mail_says_what_happened_and_where() -> None:
    document = json.loads(compose(event(lines=("Why.", "Until when."), path="/p/a/"), site="https://w"))
    assert texts.plain(document) == "Scout waits\n\nWhy.\n\nUntil when.\n\nhttps://w/p/a/\n"
