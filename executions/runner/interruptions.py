"""How a governed call can end other than by going ahead."""

from collections.abc import Mapping, Sequence


class ActionRefused(Exception):
    """The action was refused; the execution goes on. A workflow may catch this and do without.

    `reasons` are the decision's, strictest first, as the REST answer shows them.
    """

    def __init__(self, what: str, reasons: Sequence[Mapping[str, object]] = ()) -> None:
        message = next((str(reason["message"]) for reason in reasons if reason.get("message")), "Refused.")
        super().__init__(f"{what}: {message}")
        self.what = what
        self.reasons = tuple(reasons)


class Interruption(BaseException):
    """The attempt is over. Not an Exception, so that no workflow swallows it by accident."""


class ExecutionStopped(Interruption):
    """The execution has ended, or another holds its lease: nothing more may be done for it."""


class StoppedBySignal(ExecutionStopped):
    """The worker has asked this process to stop."""

    def __init__(self) -> None:
        super().__init__("stopped by a signal")


class ActionHeld(Interruption):
    """A person has not decided within the time a worker waits; the execution stays suspended."""


class GateUnreachable(Interruption):
    """The gate did not answer for so long that this attempt is given up."""
