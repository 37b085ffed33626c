"""What a workflow function is given: governed calls, each decided before it happens."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from executions.domain.states import TERMINAL
from executions.domain.wanted import ActionWanted, ResultWanted, Usage
from executions.models import Execution
from executions.runner.insisting import insist, once
from executions.runner.interruptions import ActionHeld, ActionRefused, ExecutionStopped, StoppedBySignal
from executions.runner.signals import stop_signal
from executions.services import gate, results
from executions.services.callers import Caller
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.models import Approval
from waxell.lib import canonical
from waxell.lib.errors import DomainError

POLL_SECONDS: Final = 0.5
MAX_ERROR_CHARACTERS: Final = 2000
OVER: Final = frozenset(("execution_closed", "fenced"))
SUSPENDED: Final = "execution_suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt at an execution, in the hands of the workflow's function.

    `hold_wait_seconds` is how long a call waits for a person before the attempt is given up;
    `wanted_back` tells whether the worker has better things to do than to wait.
    """

    execution_id: UUID
    fence: int
    attempt: int
    caller: Caller
    hold_wait_seconds: float
    wanted_back: Callable[[], bool] = lambda: False

    def tool[T](
        self,
        slug: str,
        args: Mapping[str, Any],
        function: Callable[..., T],
        *,
        estimate: Estimate | None = None,
    ) -> T:
        """Ask whether the tool may be called; if so return `function(**args)` and report it.

        The function gets exactly the arguments that were judged. Raises ActionRefused; an
        exception of the function, or a stop in its middle, is reported and goes on to the caller.
        """
        return self.act(Kind.TOOL_CALL, slug, args, function, estimate=estimate)

    def act[T](
        self,
        kind: Kind,
        resource: str,
        args: Mapping[str, Any],
        function: Callable[..., T],
        *,
        estimate: Estimate | None = None,
        usage: Callable[[T], Usage] | None = None,
    ) -> T:
        """Do any kind of action as `tool` does; `usage` reads from the outcome what it really used."""
        args = dict(args)
        # Between the permission and the report only the function itself is interrupted by a stop.
        with stop_signal.deferred():
            seq = self._permission(kind, resource, args, estimate)
            try:
                with stop_signal.allowed():
                    outcome = function(**args)
            except (Exception, StoppedBySignal) as error:
                self._report(seq, "error", describe(error), Usage())
                raise
            self._report(seq, "ok", outcome, usage(outcome) if usage else Usage())
        return outcome

    def _permission(self, kind: Kind, resource: str, args: Mapping[str, Any], estimate: Estimate | None) -> int:
        """Return the sequence of the allowed action, waiting for a person where one is needed."""
        until = time.monotonic() + self.hold_wait_seconds
        approval: UUID | None = None
        while True:
            wanted = ActionWanted(
                fence=self.fence, kind=kind, resource=resource, args=args, estimate=estimate, approval=approval
            )
            try:
                answer = self._ask(wanted)
            except DomainError as error:
                if error.code in OVER:
                    raise ExecutionStopped(str(error)) from error
                if error.code != SUSPENDED:
                    raise
                self._await(lambda: self._state() != Execution.State.SUSPENDED, until, resource)
                continue
            if answer["verdict"] == "allow":
                return int(answer["seq"])
            if answer["verdict"] == "deny":
                raise ActionRefused(resource, answer["reasons"])
            if answer["verdict"] == "halt":
                raise ExecutionStopped(str(answer["reasons"]))
            approval = UUID(str(answer["approval"]["id"]))
            self._await_person(approval, until, resource, answer["reasons"])

    def _ask(self, wanted: ActionWanted) -> dict[str, Any]:
        return insist(once(gate.request_action, wanted=wanted, caller=self.caller, execution_id=self.execution_id)).body

    def _await_person(self, approval: UUID, until: float, what: str, reasons: list[dict[str, Any]]) -> None:
        """Wait until the approval is granted. Raises ActionRefused where it is refused or expires."""
        pending, granted = Approval.State.PENDING, Approval.State.GRANTED
        self._await(lambda: _approval_state(approval) != pending, until, what)
        if _approval_state(approval) != granted:
            self._state()
            raise ActionRefused(what, reasons)

    def _await(self, reached: Callable[[], bool], until: float, what: str) -> None:
        """Look twice a second. Raises ExecutionStopped at the execution's end, ActionHeld at `until`."""
        while not insist(reached):
            self._state()
            if time.monotonic() > until or self.wanted_back():
                raise ActionHeld(what)
            with stop_signal.allowed():
                time.sleep(POLL_SECONDS)

    def _state(self) -> str:
        query = Execution.objects.values_list("state", flat=True)
        state = insist(lambda: query.get(pk=self.execution_id))
        if state in TERMINAL:
            raise ExecutionStopped(state)
        return state

    def _report(self, seq: int, status: str, output: object, usage: Usage) -> None:
        wanted = ResultWanted(fence=self.fence, status=status, output=_storable(output), usage=usage)
        try:
            answer = insist(
                once(results.report_result, wanted=wanted, caller=self.caller, execution_id=self.execution_id, seq=seq)
            )
        except DomainError as error:
            if error.code in OVER:
                raise ExecutionStopped(str(error)) from error
            raise
        if answer.body["verdict"] == "halt":
            raise ExecutionStopped(str(answer.body.get("reasons", "")))


def describe(error: BaseException) -> dict[str, str]:
    """Return what the record keeps of an exception: its type and, cut short, its message."""
    return {"type": type(error).__name__, "message": str(error)[:MAX_ERROR_CHARACTERS]}


def _approval_state(approval: UUID) -> str:
    return Approval.objects.values_list("state", flat=True).get(pk=approval)


def _storable(output: object) -> object | None:
    """Return the output if it is a JSON value, else None: what a tool hands on inside stays inside."""
    try:
        canonical.encode(output)
    except canonical.NotCanonical:
        return None
    return output
