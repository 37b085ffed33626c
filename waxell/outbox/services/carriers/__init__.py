"""Carriers: one message, one attempt. They touch the network and no database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """It was taken. `status` is the HTTP status, None for a mail."""

    status: int | None = None


class NotCarried(Exception):
    """It did not arrive; the text says why, in words for the console.

    `status` is the HTTP status where there was an answer, `retry_after` the pause it asked for in
    seconds. `final`: the receiver said that it wants nothing more.
    """

    def __init__(self, problem: str, *, status: int | None = None, retry_after: int = 0, final: bool = False) -> None:
        super().__init__(problem)
        self.status = status
        self.retry_after = retry_after
        self.final = final
