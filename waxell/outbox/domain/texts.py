"""One event as people read it: the text of a mail, and the message for Slack and what speaks its language."""

from collections.abc import Mapping
from typing import Any, Final

# Slack refuses longer ones.
MOST_HEADER: Final = 150
MOST_SECTION: Final = 2900


def plain(document: Mapping[str, Any]) -> str:
    """Return an event's body, parsed, as a text of some lines."""
    data = document["data"]
    parts = [data["title"], *data["lines"]]
    if data["url"]:
        parts.append(data["url"])
    return "\n\n".join(parts) + "\n"


def slack(document: Mapping[str, Any]) -> dict[str, object]:
    """Return the message `{text, blocks}`.

    Words of agents are plain text there, so none of them mentions anybody or becomes a link.
    """
    data = document["data"]
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(data["title"], MOST_HEADER)}]
    if data["lines"]:
        blocks.append({"type": "section", "text": _plain("\n".join(data["lines"]), MOST_SECTION)})
    if data["url"]:
        blocks.append(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": _plain("Open in Waxell", 75), "url": data["url"]}],
            }
        )
    link = f"\n{data['url']}" if data["url"] else ""
    return {"text": _escaped("\n".join([data["title"], *data["lines"]])) + link, "blocks": blocks}


def _plain(text: str, most: int) -> dict[str, object]:
    return {"type": "plain_text", "text": text if len(text) <= most else text[: most - 1] + "…", "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
