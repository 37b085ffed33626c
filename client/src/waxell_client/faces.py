"""What an execution and an action are to their users, whichever way they are driven."""

import logging
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any, Final, Generic, TypeVar

from waxell_client import scope as scopes
from waxell_client.acts import Delegation, Plan, failure, outcome_of, plan
from waxell_client.amounts import USD, Estimate, Metering, Usage, usage_of
from waxell_client.answers import Decision, Record
from waxell_client.asking import Kind
from waxell_client.conversation import Conversation, nothing
from waxell_client.course import Report
from waxell_client.errors import Stopped, Unreachable, WaxellError, stopped
from waxell_client.scope import Scope
from waxell_client.settling import close, report

log = logging.getLogger("waxell_client")
ActType = TypeVar("ActType")
EXECUTION_HEADER: Final = "x-waxell-execution"
FENCE_HEADER: Final = "x-waxell-fence"


class ExecutionFace(Generic[ActType]):
    """One execution under governance; safe for several threads or tasks.

    `output` is recorded when its block is left in peace.
    """

    _act: Callable[[Scope, Plan], ActType]

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._course = scope.course
        self._token: Token[Scope | None] | None = None
        self.output: object = None

    @property
    def id(self) -> str | None:
        """The execution's id; None while it runs ungoverned because Waxell could not be reached."""
        return self._course.id

    @property
    def headers(self) -> dict[str, str]:
        """What names this execution to a proxy that asks for its model calls; empty while it runs ungoverned."""
        if self._course.id is None:
            return {}
        return {EXECUTION_HEADER: self._course.id, FENCE_HEADER: str(self._course.fence)}

    @property
    def record(self) -> Record | None:
        """Where the record ends, once it is closed."""
        return self._course.record

    @property
    def stopped(self) -> bool:
        """Whether a stop was heard of, by a question or by a heartbeat."""
        return self._course.ending is not None

    def check(self) -> None:
        """Raise Stopped where a stop was heard of: for long work between two actions."""
        self._course.check()

    def tool(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        told: Mapping[str, Any] | None = None,
        estimate: Estimate | None = None,
        usage: Metering = None,
    ) -> ActType:
        """A tool call: `ex.tool("search", {"q": "x"})(search)` asks, calls `search(q="x")` and settles.

        `told` is decided on and recorded instead of `args`. Raises Unsayable where that has no form in JSON.
        """
        return self.act("tool.call", name, args, told=told, estimate=estimate, usage=usage)

    def model(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        told: Mapping[str, Any] | None = None,
        estimate: Estimate | None = None,
        usage: Metering = usage_of,
    ) -> ActType:
        """A model call: `ex.model("m", {"max_tokens": 9})(create)` calls `create(model="m", max_tokens=9)`.

        The usage is read from the answer, where it tells one as OpenAI's and Anthropic's APIs do.
        """
        call = {"model": name, **(args or {})}
        return self._act(
            self._scope, plan("model.call", name, args, told=told, call=call, estimate=estimate, usage=usage)
        )

    def act(
        self,
        kind: Kind,
        resource: str,
        args: Mapping[str, Any] | None = None,
        *,
        told: Mapping[str, Any] | None = None,
        estimate: Estimate | None = None,
        usage: Metering = None,
    ) -> ActType:
        """Any kind of action; the facts reference lists the kinds and what they are done to."""
        return self._act(self._scope, plan(kind, resource, args, told=told, estimate=estimate, usage=usage))

    def delegate(self, agent: str, args: Mapping[str, Any] | None = None) -> ActType:
        """Hand work over: in its block, give `act.delegation` to the other agent."""
        return self.act("agent.delegate", agent, args)

    def _enter(self) -> None:
        self._token = scopes.enter(self._scope)

    def _left(self, error: BaseException | None) -> Conversation[None]:
        """What is to be said when the block is left with `error`."""
        if self._token is not None:
            scopes.restore(self._token)
        if error is not None and not isinstance(error, Exception):
            self._course.hurry()
        if self._scope.is_inherited:
            return nothing()
        outcome = outcome_of(error)
        return close(
            self._course,
            outcome=outcome,
            output=self.output if outcome == "completed" else None,
            error=failure(error) if error is not None and outcome == "failed" else None,
        )

    def _begun_ungoverned(self, error: Unreachable) -> bool:
        if self._course.settings.on_unreachable != "allow":
            return False
        self._course.note_ungoverned("execution.start", str(self._course.start["workflow"]), error)
        return True

    def _goes_before(self, problem: WaxellError, error: BaseException | None) -> bool:
        """Whether a problem with the closing is less than what the block was left with; then it is only logged."""
        tolerated = isinstance(problem, Unreachable) and self._course.settings.on_unreachable == "allow"
        if error is None and not tolerated:
            return False
        log.warning("The record of execution %s is not closed: %s", self.id, problem)
        return True

    def _after(self, error: BaseException | None) -> None:
        ending = self._course.ending
        if error is None and ending is not None and ending.state is not None:
            # The program thinks that it is done; its record says that it was stopped before.
            raise stopped(ending)


class ActFace:
    """One action. Call it with a function, or do the work in its block.

    In a block, set `output` to what came of it and say with `used` what it cost.
    """

    def __init__(self, scope: Scope, planned: Plan) -> None:
        self._scope = scope
        self._plan = planned
        self._usage: Usage | None = None
        self.decision: Decision | None = None
        self.output: object = None

    @property
    def seq(self) -> int | None:
        """The action's number; None before it is allowed, and where it is done ungoverned."""
        return self.decision.seq if self.decision else None

    @property
    def delegation(self) -> Delegation:
        """What the other agent needs to begin below this execution. Raises ValueError where nothing was decided."""
        if self.decision is None or self._scope.course.id is None:
            raise ValueError("There is nothing to hand over: Waxell has not decided this.")
        return Delegation(parent=self._scope.course.id, seq=self.decision.seq)

    def used(
        self,
        usage: Usage | None = None,
        *,
        usd: USD | None = None,
        model: str | None = None,
        tokens_in: int | None = None,
        tokens_out: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Say what the action used; money as Decimal, int or text."""
        self._usage = usage or Usage(usd=usd, model=model, tokens_in=tokens_in, tokens_out=tokens_out, seconds=seconds)

    def _anew(self) -> None:
        self.decision = self._usage = self.output = None

    def _done_ungoverned(self, error: Unreachable) -> bool:
        course, wanted = self._scope.course, self._plan.wanted
        if course.settings.on_unreachable != "allow":
            return False
        course.note_ungoverned(wanted.kind, wanted.resource, error)
        return True

    def _report(self, error: BaseException | None) -> Report | None:
        """What is to be told when the block is left with `error`; None where nothing was decided."""
        if self.decision is None:
            return None
        if error is not None and not isinstance(error, Exception):
            self._scope.course.hurry()
        usage = self._usage or (self._plan.metered(self.output) if error is None else None)
        output = self.output if error is None else failure(error)
        return report(self._scope.course, self.decision.seq, ok=error is None, output=output, usage=usage)

    def _goes_before(self, problem: WaxellError, error: BaseException | None) -> bool:
        """Whether a problem with the report is less than what the block was left with; then it is only logged."""
        if isinstance(problem, Stopped):
            problem.output = self.output
        if error is None:
            return False
        log.warning("After %s failed: %s", self._plan.wanted.resource, problem)
        return True
