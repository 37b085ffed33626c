"""The client: one address, one key, one way to behave; and the executions that are begun with them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from waxell_client import endings
from waxell_client import scope as scopes
from waxell_client import settings as reading
from waxell_client.acts import Delegation
from waxell_client.async_execution import AsyncExecution
from waxell_client.course import Course
from waxell_client.errors import Stopped
from waxell_client.execution import Execution
from waxell_client.heart import Heart
from waxell_client.journal import Journal
from waxell_client.scope import Scope
from waxell_client.settings import OnHold, OnUnreachable, Settings
from waxell_client.values import exact
from waxell_client.wire import Wire

OnStop = Callable[[Stopped], None]
Parent = str | Literal["current"] | None
_DEFAULTS: Final = Settings(url="http://localhost", api_key="none")


class Client:
    """Begins executions. `url` and `api_key` come from WAXELL_URL and WAXELL_API_KEY where they are left out.

    `on_hold`: "wait" for a person or "raise" Held. `on_unreachable`: "refuse", so that nothing is done without
    a decision, or "allow", loudly. `journal`: a file that each intent is written to before it is sent.
    `transport` replaces the network: an httpx transport that is both sync and async.
    Raises NotConfigured.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        on_hold: OnHold = _DEFAULTS.on_hold,
        hold_timeout_seconds: float | None = None,
        on_unreachable: OnUnreachable = _DEFAULTS.on_unreachable,
        patience_seconds: float = _DEFAULTS.patience_seconds,
        request_timeout_seconds: float = _DEFAULTS.request_timeout_seconds,
        lease_seconds: int = _DEFAULTS.lease_seconds,
        heartbeat_seconds: float = _DEFAULTS.heartbeat_seconds,
        journal: str | Path | None = None,
        transport: Any = None,
    ) -> None:
        self.settings = Settings(
            url=reading.address(url),
            api_key=reading.key(api_key),
            on_hold=on_hold,
            hold_timeout_seconds=hold_timeout_seconds,
            on_unreachable=on_unreachable,
            patience_seconds=patience_seconds,
            request_timeout_seconds=request_timeout_seconds,
            lease_seconds=lease_seconds,
            heartbeat_seconds=heartbeat_seconds,
        )
        self._journal = Journal(Path(journal)) if journal is not None else None
        self._wire = Wire(self.settings, transport)
        self._heart = Heart(self._wire.hold)
        endings.close_at_exit(self._wire)

    def execution(
        self,
        workflow: str,
        *,
        input: object = None,
        labels: Mapping[str, str] | None = None,
        end_user: str | None = None,
        environment: str | None = None,
        deadline_seconds: int | None = None,
        agent: str | None = None,
        parent: Parent = "current",
        delegation: Delegation | None = None,
        on_hold: OnHold | None = None,
        hold_timeout_seconds: float | None = None,
        on_unreachable: OnUnreachable | None = None,
        on_stop: OnStop | None = None,
    ) -> "Opening":
        """An execution to open by `with` or `async with`.

        It belongs below the one that the running code belongs to, if that is of the same client; `parent=None`
        begins one of its own, `delegation` one below another agent's. `on_stop` is called once when a stop is
        heard of: in the heartbeats' thread, or in the event loop of an `async with`.
        """
        start: dict[str, Any] = {
            "workflow": workflow,
            "lease_seconds": self.settings.lease_seconds,
            "input": exact(input),
            "labels": dict(labels) if labels else None,
            "end_user": end_user,
            "environment": environment,
            "deadline_seconds": deadline_seconds,
            "agent": agent,
        }
        if delegation is not None:
            start |= {"parent": delegation.parent, "delegation": delegation.seq}
        elif parent == "current":
            start["parent"] = self._parent()
        else:
            start["parent"] = parent
        settings = replace(
            self.settings,
            on_hold=on_hold or self.settings.on_hold,
            on_unreachable=on_unreachable or self.settings.on_unreachable,
            hold_timeout_seconds=(
                self.settings.hold_timeout_seconds if hold_timeout_seconds is None else hold_timeout_seconds
            ),
        )
        said = {name: value for name, value in start.items() if value is not None}
        return Opening(lambda stop: self._scope(settings, said, stop), on_stop)

    def attached(self, execution_id: str, fence: int) -> AsyncExecution:
        """An execution that another program has begun and drives, to ask and settle in it; no block is needed.

        That program sends its heartbeats and closes it. `ex.headers` of the other side names both.
        """
        course = Course(settings=self.settings, start={}, journal=self._journal)
        course.id, course.fence = execution_id, fence
        return AsyncExecution(Scope(course=course, wire=self._wire, heart=self._heart))

    def close(self) -> None:
        """Close connections that are kept for later. Open executions go on, over new ones."""
        self._wire.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _scope(self, settings: Settings, start: Mapping[str, Any], on_stop: OnStop | None) -> Scope:
        course = Course(settings=settings, start=start, journal=self._journal, on_stop=on_stop)
        return Scope(course=course, wire=self._wire, heart=self._heart)

    def _parent(self) -> str | None:
        above = scopes.current_or_none()
        if above is None or above.course.is_over:
            return None
        here, there = self.settings, above.course.settings
        return above.course.id if (here.url, here.api_key) == (there.url, there.api_key) else None


class Opening:
    """An execution that is about to begin: once for each `with` or `async with` over it."""

    def __init__(self, scope: Callable[[OnStop | None], Scope], on_stop: OnStop | None) -> None:
        self._scope = scope
        self._on_stop = on_stop
        self._opened: Execution | None = None
        self._async_opened: AsyncExecution | None = None

    def start(self) -> Execution:
        """Begin without a block: whoever calls this calls `close`; the end of the program does, else."""
        return Execution(self._scope(self._on_stop)).begin()

    def __enter__(self) -> Execution:
        self._opened = self.start()
        return self._opened.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.__exit__(kind, error, trace)

    async def __aenter__(self) -> AsyncExecution:
        self._async_opened = await AsyncExecution(self._scope(self._in_loop())).begin()
        return await self._async_opened.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._async_opened is not None:
            await self._async_opened.__aexit__(kind, error, trace)

    def _in_loop(self) -> OnStop | None:
        listener = self._on_stop
        if listener is None:
            return None
        loop = asyncio.get_running_loop()

        def tell(stop: Stopped) -> None:
            loop.call_soon_threadsafe(listener, stop)

        return tell
