"""Delivering one request: tried again with growing pauses, always under the same Idempotency-Key, never for ever."""

import random
import time
from dataclasses import dataclass

from waxell_client.conversation import Conversation, Lost, Reply, Request, pause, send
from waxell_client.errors import Rejected, Unreachable

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
# After these the same request under the same key is safe: it happened once or not at all.
TRANSIENT = frozenset({429, 500, 502, 503, 504})
# Transient answers that are decisions all the same: waiting longer is right, acting without an answer is not.
DELIBERATE = frozenset({"too_many_requests", "queue_full", "rules_busy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how long a request is tried again. At 0 it is sent once."""

    seconds: float

    def pause_seconds(self, turn: int, wanted: float | None) -> float:
        """The pause after try number `turn` (from 0): what the server wants, at least, and never in step."""
        grown: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(turn, 10))
        jittered = grown * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers, guards nothing
        return jittered if wanted is None else wanted + jittered


def deliver(request: Request, patience: Patience) -> Conversation[Reply]:
    """Send `request` until there is an answer that will not change.

    Raises Unreachable when patience is over, and Rejected where the last word was to come later.
    """
    until = time.monotonic() + patience.seconds
    turn = 0
    while True:
        heard = yield from send(request)
        if isinstance(heard, Reply) and heard.understood and heard.status not in TRANSIENT:
            return heard
        seconds = patience.pause_seconds(turn, heard.retry_after_seconds if isinstance(heard, Reply) else None)
        turn += 1
        if time.monotonic() + seconds > until:
            raise _given_up(request, heard, turn)
        yield from pause(seconds)


def rejected(reply: Reply) -> Rejected:
    """A problem in words."""
    body = reply.body
    said = " ".join(str(body[name]) for name in ("title", "detail") if body.get(name))
    if reply.status < 400:
        target = reply.headers.get("location", "another address")
        said = f"This address leads to {target}; set WAXELL_URL to where Waxell itself is."
    return Rejected(
        f"{said or 'Waxell does not accept this.'} ({reply.status}{f' {reply.code}' if reply.code else ''})",
        status=reply.status,
        code=reply.code,
        members=body,
    )


def _given_up(request: Request, heard: Reply | Lost, tries: int) -> Unreachable | Rejected:
    if isinstance(heard, Reply) and (heard.code in DELIBERATE or heard.status == 429):
        return rejected(heard)
    if isinstance(heard, Lost):
        why = heard.why
    elif heard.understood:
        why = f"answered {heard.status}{f' {heard.code}' if heard.code else ''}"
    else:
        why = f"answered {heard.status} with something that is not Waxell's; is WAXELL_URL right?"
    times = "once" if tries == 1 else f"{tries} times"
    return Unreachable(
        f"Waxell gave no answer to {request.method} {request.path}, tried {times}: {why}", why=why, tries=tries
    )
