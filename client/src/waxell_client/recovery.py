"""After a crash: results that the journal knows and Waxell may not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from waxell_client import journal
from waxell_client.conversation import Conversation, Request
from waxell_client.delivery import Patience, deliver
from waxell_client.journal import Intent, Journal
from waxell_client.settings import Settings, address, key
from waxell_client.values import encode
from waxell_client.wire import Wire

RESULT = "/result/"


def deliver_owed(path: str | Path, url: str | None = None, api_key: str | None = None) -> list[Intent]:
    """Send each result of a journal that has no answer, under the key it had; returns those that were sent.

    What arrived before has no second effect. In an execution that is over it becomes an addendum, and what was
    presumed spent is corrected. Questions are not asked again: nobody is there to act on the answer.
    Raises Unreachable, NotConfigured, OSError.
    """
    file = Path(path)
    wire = Wire(Settings(url=address(url), api_key=key(api_key)))
    writing = Journal(file)
    owed = [intent for intent in journal.read(file) if intent.status is None and intent.path.endswith(RESULT)]
    try:
        for intent in owed:
            wire.hold(_send_again(writing, intent))
    finally:
        wire.close()
    return owed


def _send_again(writing: Journal, intent: Intent) -> Conversation[Mapping[str, Any]]:
    request = Request(
        method="POST", path=intent.path, body=encode(intent.body), headers={"Idempotency-Key": intent.key}
    )
    reply = yield from deliver(request, Patience(seconds=30))
    writing.answered(intent.key, reply)
    return reply.body
