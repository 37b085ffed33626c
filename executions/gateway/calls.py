"""One call of a tool: asked at the gate, carried out if it is allowed, settled whatever came of it."""

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from anyio.abc import TaskGroup
from django.conf import settings
from mcp import Client
from mcp_types import CallToolResult

from executions.domain.wanted import ActionWanted
from executions.gateway import refusals, runs, threads
from executions.gateway.acts import Act, Progress, ServerLost
from executions.gateway.behind import CallFailed, Link, Looks, ServerUnreachable, Shown
from executions.gateway.entrance import Visitor
from executions.gateway.refusals import Refused
from executions.gateway.runs import Run
from executions.gateway.sessions import Session
from executions.queries import holds
from executions.services import gate
from executions.services.appending import Answer, ExecutionClosed, Fenced
from executions.services.gate import ExecutionSuspended
from executions.services.short_road import ShortRoad
from governance.domain.kinds import Kind
from governance.domain.requests import Retry, retry_of
from waxell.lib.canonical import NotCanonical
from waxell.lib.errors import DomainError

log = logging.getLogger(__name__)

PROGRESS_SECONDS: Final = 5.0
"""So often a client that asked for progress hears that a person has not decided yet."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One `tools/call` of a visitor. `request` names it within its session."""

    visitor: Visitor
    session: Session | None
    looks: Looks
    tasks: TaskGroup
    name: str
    arguments: dict[str, Any]
    request: str
    progress: Progress
    undecided: bool = False
    """Whether a person is asked now."""

    @property
    def resource(self) -> str:
        """The tool as rules and records name it."""
        return f"{self.visitor.server.slug}/{self.name}"

    async def answer(self) -> CallToolResult:
        """Return the tool's own result, or a tool error that says why there is none."""
        link = self.session.link if self.session else Link(self.visitor.server, self.tasks)
        try:
            client = await link.client()
            shown = (await self.looks.look(self.visitor.server, client, anew=False)).get(self.name)
            if shown is None:
                return refusals.not_done(f"There is no tool {self.name[:128]} here.", "tool_unknown")
            return await self._governed(client, shown)
        except Refused as refused:
            return refused.result
        except DomainError as error:
            return refusals.failed(error)
        except NotCanonical:
            return refusals.not_done("These arguments cannot be written down exactly.", "args_invalid")
        except (ServerUnreachable, CallFailed) as error:
            link.close()
            return refusals.not_done(str(error), "server_unreachable")
        except ServerLost as lost:
            link.close()
            return lost.result
        finally:
            if self.session is None:
                link.close()

    async def _governed(self, client: Client, shown: Shown) -> CallToolResult:
        until = time.monotonic() + settings.WAXELL_MCP_HOLD_SECONDS
        if self.visitor.named is not None:
            named = self.visitor.named
            return await self._in(client, shown, Run(execution_id=named.execution_id, fence=named.fence), until=until)
        if self.session is None:
            return await self._alone(client, shown, until=until)
        with self.session.in_use():
            run = await self.session.run(until=until)
            try:
                return await self._in(client, shown, run, until=until)
            except ExecutionClosed as error:
                if not runs.is_lost(str(error.members["state"])):
                    raise Refused(await runs.over(run)) from error
                await self.session.lose(run)
                return await self._in(client, shown, await self.session.run(until=until), until=until)

    async def _alone(self, client: Client, shown: Shown, *, until: float) -> CallToolResult:
        """A call without a session is an execution of its own, which a hold may outlive."""
        earlier = await runs.waiting(self.visitor, resource=self.resource, call_digest=self._digest(shown))
        run = (
            await runs.begin(self.visitor, label=runs.CALL)
            if earlier is None
            else Run(execution_id=earlier.execution_id, fence=earlier.fence)
        )
        outcome: str = "failed"
        error: Any = None
        goes_on = False
        try:
            await runs.admitted(run, until=until)
            if earlier is not None:
                await self._person(run, earlier.seq, str(earlier.approval_id), [], until=until)
            result = await self._in(client, shown, run, until=until)
            outcome = "failed" if result.is_error else "completed"
        except Refused as refused:
            goes_on, error = refused.goes_on, refused.result.structured_content
            raise
        except ServerLost as lost:
            error = lost.result.structured_content
            raise
        finally:
            # A client that leaves while a person thinks may come back: for them the hold stays.
            if not (goes_on or self.undecided):
                await runs.end(self.visitor, run, outcome=outcome, error=error)
        return result

    async def _in(self, client: Client, shown: Shown, run: Run, *, until: float) -> CallToolResult:
        try:
            seq = await self._allowed(run, shown, until=until)
        except Fenced as error:
            raise Refused(refusals.failed(error)) from error
        act = Act(visitor=self.visitor, run=run, seq=seq, name=self.name, arguments=self.arguments)
        return await act.carry_out(client, progress=self.progress)

    async def _allowed(self, run: Run, shown: Shown, *, until: float) -> int:
        """Ask until the call is allowed; return the action's number. Raises Refused, ExecutionClosed, Fenced."""
        asked = 0
        if self.session and (before := self.session.held.pop(self._digest(shown), None)):
            await self._waited(run, shown, *before, [], until=until)
        while True:
            try:
                answer = await self._ask(run, shown, asked)
            except ExecutionSuspended:
                # Another call of this execution waits for a person.
                if await runs.leaves(run, "suspended", until=until) == "suspended":
                    text = "Another call of this session waits for a person. Nothing was done. Call again later."
                    raise Refused(
                        refusals.not_done(text, "execution_suspended", execution=run.execution_id), goes_on=True
                    ) from None
                continue
            seq: int = answer.body["seq"]
            if answer.body["verdict"] == "allow":
                if answer.replayed:
                    text = f"This request was sent before and its call was made: it is action {seq} of the record."
                    raise Refused(refusals.not_done(text, "already_called", execution=run.execution_id, seq=seq))
                return seq
            if answer.body["verdict"] != "hold":
                raise Refused(refusals.refused(answer.body, run.execution_id))
            approval_id, reasons = answer.body["approval"]["id"], answer.body["reasons"]
            await self._waited(run, shown, seq, approval_id, reasons, until=until)
            asked += 1

    async def _ask(self, run: Run, shown: Shown, asked: int) -> Answer:
        wanted = self._wanted(run, shown)
        retry = self._retry(run, asked)
        return await threads.run(
            lambda: gate.request_action(
                caller=self.visitor.caller, execution_id=run.execution_id, wanted=wanted, retry=retry
            )
        )

    async def _waited(
        self, run: Run, shown: Shown, seq: int, approval_id: str, reasons: list[dict[str, Any]], *, until: float
    ) -> None:
        """Wait for a person; a session remembers what was not waited for to the end, whoever left first."""
        digest = self._digest(shown)
        if self.session is not None:
            self.session.held[digest] = (seq, approval_id)
        await self._person(run, seq, approval_id, reasons, until=until)
        if self.session is not None:
            self.session.held.pop(digest, None)

    async def _person(
        self, run: Run, seq: int, approval_id: str, reasons: list[dict[str, Any]], *, until: float
    ) -> None:
        """Wait for a person. Returns when the call may be asked for again; raises Refused."""
        self.undecided = True
        state = "pending"
        waited = 0
        while state == "pending" and (left := until - time.monotonic()) > 0:
            await self.progress(waited, None, "Waiting for a person")
            state = await runs.decided(UUID(approval_id), until=time.monotonic() + min(left, PROGRESS_SECONDS))
            waited += 1
        if state == "pending":
            raise Refused(refusals.held(reasons, run.execution_id, seq, approval_id), goes_on=True)
        self.undecided = False
        if state in ("granted", "used"):
            return
        if self.session is not None:
            self.session.held.clear()
        if state == "lapsed":
            raise Refused(await runs.over(run))
        project_id = self.visitor.server.project_id
        told = await threads.run(lambda: holds.refusal(project_id=project_id, execution_id=run.execution_id, seq=seq))
        raise Refused(refusals.not_granted(told, run.execution_id, seq, approval_id, state))

    def _wanted(self, run: Run, shown: Shown) -> ActionWanted:
        return ActionWanted(
            fence=run.fence,
            kind=Kind.TOOL_CALL,
            resource=self.resource,
            args=self.arguments,
            definition=shown.known,
        )

    def _digest(self, shown: Shown) -> str:
        """What a grant is bound to: the tool, its definition, the arguments."""
        nowhere = Run(execution_id=UUID(int=0), fence=0)
        road = ShortRoad.of(
            caller=self.visitor.caller,
            execution_id=nowhere.execution_id,
            wanted=self._wanted(nowhere, shown),
            retry=None,
        )
        return road.call_digest

    def _retry(self, run: Run, asked: int) -> Retry | None:
        """What makes a request that is sent twice in a session one action. Without one its number means nothing."""
        if self.session is None:
            return None
        named = hashlib.sha256(f"{self.session.id}\0{self.request}\0{asked}".encode()).hexdigest()
        return retry_of(
            caller=self.visitor.caller.stored_as,
            path=f"/mcp/{run.execution_id}",
            key=named,
            body={"resource": self.resource, "args": self.arguments},
        )
