"""An execution as a plain, blocking program drives it."""

from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from waxell_client.admission import begin
from waxell_client.answers import Record
from waxell_client.asking import ask
from waxell_client.errors import Unreachable, WaxellError
from waxell_client.faces import ActFace, ExecutionFace
from waxell_client.heart import beat
from waxell_client.scope import current
from waxell_client.settling import close, settle

Output = TypeVar("Output")


class Act(ActFace):
    """One action of a blocking program."""

    def __call__(self, function: Callable[..., Output]) -> Output:
        """Ask, call `function` with exactly the arguments that were planned, settle, return what it returned.

        Raises Refused, Held, Stopped, Unreachable or Rejected before it is called, and whatever it raises.
        """
        with self:
            output = function(**self._plan.call)
            self.output = output
        return output

    def __enter__(self) -> "Act":
        self._anew()
        try:
            self.decision = self._scope.wire.hold(ask(self._scope.course, self._plan.wanted))
        except Unreachable as error:
            if not self._done_ungoverned(error):
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        made = self._report(error)
        if made is None:
            return
        try:
            self._scope.wire.hold(settle(self._scope.course, made))
        except WaxellError as problem:
            if not self._goes_before(problem, error):
                raise


class Execution(ExecutionFace[Act]):
    """One execution of a blocking program. Safe for several threads."""

    _act = Act

    def heartbeat(self) -> None:
        """Ask at once whether to go on; a thread does so every few seconds anyway. Raises Stopped, Unreachable."""
        self.check()
        self._scope.wire.hold(beat(self._course))

    def close(self, outcome: str = "completed", *, output: object = None, error: object = None) -> Record | None:
        """Close the record now. Raises Stopped where others have closed it, Unreachable, Rejected."""
        self._scope.wire.hold(close(self._course, outcome=outcome, output=output, error=error))
        self._scope.leave()
        return self.record

    def begin(self) -> "Execution":
        """Ask for admission. Raises NotAdmitted, Held, Unreachable or Rejected."""
        self._scope.open()
        try:
            self._scope.wire.hold(begin(self._course))
        except BaseException as error:
            if not (isinstance(error, Unreachable) and self._begun_ungoverned(error)):
                if not isinstance(error, Exception):
                    self._scope.abandon()
                self._scope.leave()
                raise
        return self

    def __enter__(self) -> "Execution":
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._scope.wire.hold(self._left(error))
        except WaxellError as problem:
            if not self._goes_before(problem, error):
                raise
        finally:
            self._scope.leave()
        self._after(error)


def current_execution() -> Execution:
    """The execution that the running code belongs to, for blocking code. Raises NoExecution."""
    return Execution(current())
