"""One execution as its agent drives it, over the services and without HTTP."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from executions.domain.wanted import ActionWanted, CloseWanted, ResultWanted, StartWanted, Usage
from executions.models import Execution
from executions.services import admission, gate, leases, lifecycle, results
from executions.services.appending import Answer
from executions.services.callers import Caller
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.domain.requests import Retry
from governance.models import Agent, Project
from governance.services.keys import IssuedKey
from tests.factories.governance import make_agent, make_key
from waxell.ledger.models import Entry, Stream


def caller_of(key: IssuedKey) -> Caller:
    """The gate's caller that presents this key."""
    return Caller(key_id=key.key.pk, secret=key.plain.removeprefix(f"wxk_{key.key.pk}_"))


@dataclass(slots=True, kw_only=True)
class Run:
    """An execution, its caller and its current fence."""

    caller: Caller
    id: UUID
    fence: int
    answer: Answer

    def ask(
        self,
        resource: str = "search",
        *,
        kind: Kind = Kind.TOOL_CALL,
        args: dict[str, Any] | None = None,
        estimate: Estimate | None = None,
        retry: Retry | None = None,
        fence: int | None = None,
    ) -> Answer:
        """Ask for one action; a tool call unless told otherwise."""
        wanted = ActionWanted(
            fence=self.fence if fence is None else fence, kind=kind, resource=resource, args=args, estimate=estimate
        )
        return gate.request_action(caller=self.caller, execution_id=self.id, wanted=wanted, retry=retry)

    def report(self, seq: int, *, fence: int | None = None, output: object = None, **usage: Any) -> Answer:
        """Report how action `seq` ended; `usage` as in Usage."""
        wanted = ResultWanted(
            fence=self.fence if fence is None else fence, status="ok", output=output, usage=Usage(**usage)
        )
        return results.report_result(caller=self.caller, execution_id=self.id, seq=seq, wanted=wanted)

    def heartbeat(self) -> Answer:
        return leases.heartbeat(caller=self.caller, execution_id=self.id, fence=self.fence)

    def close(self, outcome: str = "completed") -> Answer:
        wanted = CloseWanted(fence=self.fence, outcome=outcome)
        return lifecycle.close_execution(caller=self.caller, execution_id=self.id, wanted=wanted)

    @property
    def row(self) -> Execution:
        return Execution.objects.get(pk=self.id)

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries of its stream, parsed."""
        return lines(self.id)

    @property
    def addenda(self) -> list[dict[str, Any]]:
        """What arrived after its end, parsed."""
        stream = Stream.objects.filter(subject=self.id).first()
        return lines(stream.id) if stream else []


def start(
    project: Project,
    *,
    agent: Agent | None = None,
    caller: Caller | None = None,
    retry: Retry | None = None,
    **wanted: Any,
) -> Run:
    """Start an execution of the workflow `errand` as a new agent, unless told otherwise."""
    if caller is None:
        caller = caller_of(make_key(project, agent or make_agent(project, slug=f"agent-{make_number()}")))
    answer = admission.start_execution(
        caller=caller, wanted=StartWanted(**{"workflow": "errand", **wanted}), retry=retry
    )
    lease = answer.body["lease"] or {"fence": 0}
    return Run(caller=caller, id=UUID(answer.body["id"]), fence=lease["fence"], answer=answer)


def lines(stream: UUID) -> list[dict[str, Any]]:
    """A stream's entries, parsed."""
    bodies = Entry.objects.filter(stream=stream).order_by("seq").values_list("body", flat=True)
    return [orjson.loads(bytes(body)) for body in bodies]


def at_once[T](acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all of `acts` in threads that begin together, each on a connection of its own."""
    outcomes: list[T | Exception] = [TimeoutError("no answer")] * len(acts)
    gate_opens = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], T]) -> None:
        try:
            gate_opens.wait(timeout=30)
            outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


_numbers = iter(range(1, 1_000_000))


def make_number() -> int:
    """A number that no other name has."""
    return next(_numbers)
