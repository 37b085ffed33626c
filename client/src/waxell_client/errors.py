"""What can go wrong, each with a sentence that its reader can act on."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from waxell_client.answers import Ending, Reason, Record


class Nothing(Enum):
    """Stands for an output that there is not; itself also after pickling."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING


class WaxellError(Exception):
    """Anything that this client raises on purpose.

    Every argument but the message has a default, so that an error survives pickling.
    """


class NotConfigured(WaxellError):
    """The client was not told enough, or something impossible."""


class NoExecution(WaxellError):
    """Something governed was called outside an execution, so nobody could be asked, so it was not done."""


class Unsayable(WaxellError, TypeError):
    """A value that is to be decided on cannot be told as JSON, so nothing was asked and nothing done."""


class Refused(WaxellError):
    """This action may not be done. The execution goes on."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        resource: str = "",
        reasons: Sequence[Reason] = (),
        seq: int | None = None,
        approval: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.resource = resource
        self.reasons = tuple(reasons)
        self.seq = seq
        self.approval = approval


class Held(WaxellError):
    """A person has to decide first, and this call does not wait for it (any longer)."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        resource: str = "",
        reasons: Sequence[Reason] = (),
        seq: int | None = None,
        approval: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.resource = resource
        self.reasons = tuple(reasons)
        self.seq = seq
        self.approval = approval


class Stopped(WaxellError):
    """The execution is over: do nothing more.

    `output` is what an action gave that was done before the stop was heard of, else `NOTHING`.
    """

    def __init__(self, message: str, *, ending: Ending | None = None, output: Any = NOTHING) -> None:
        super().__init__(message)
        self.ending = ending or Ending(code="stopped", message=message)
        self.output = output

    @property
    def code(self) -> str:
        return self.ending.code

    @property
    def state(self) -> str | None:
        """The state the execution ended in; None where only this process is leaving."""
        return self.ending.state

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.ending.reasons

    @property
    def record(self) -> Record | None:
        return self.ending.record


class NotAdmitted(Stopped):
    """The execution may not begin."""


class Unreachable(WaxellError):
    """Waxell gave no usable answer in the time that was set, so nothing is known to be allowed."""

    def __init__(self, message: str, *, why: str = "", tries: int = 0) -> None:
        super().__init__(message)
        self.why = why
        self.tries = tries


class Rejected(WaxellError):
    """Waxell does not accept the request: the key, its scope, its rate or the body is not right.

    `code` is the stable code of the problem; `members` are all its values.
    """

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.members = dict(members or {})


def refused(kind: str, resource: str, reasons: Sequence[Reason], **more: Any) -> Refused:
    """A refusal in words."""
    return Refused(
        f"{resource} was refused: {_because(reasons)}", kind=kind, resource=resource, reasons=reasons, **more
    )


def stopped(ending: Ending, *, output: Any = NOTHING) -> Stopped:
    """A stop in words."""
    kind = NotAdmitted if ending.state == "denied" else Stopped
    said = "was not admitted" if ending.state == "denied" else f"is over ({ending.state or 'leaving'})"
    return kind(f"The execution {said}: {ending.message}", ending=ending, output=output)


def _because(reasons: Sequence[Reason]) -> str:
    return str(reasons[0]) if reasons else "no reason was given."
