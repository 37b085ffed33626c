"""The LiteLLM proxy: every model call through it is asked for before it is made and settled after it.

litellm_settings:
  callbacks: waxell_client.adapters.litellm.governor
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any, Final

from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy._types import ProxyException

from waxell_client.adapters.escort import Escort, Outcome, lent
from waxell_client.adapters.litellm_calls import args_of, estimate_of, outcome_of, workflow_of
from waxell_client.adapters.telling import fitting
from waxell_client.async_execution import AsyncExecution
from waxell_client.client import Client
from waxell_client.errors import Held, NotConfigured, Refused, Rejected, Stopped, Unreachable, WaxellError
from waxell_client.faces import EXECUTION_HEADER, FENCE_HEADER

# After a call's end, how long its usage may take to arrive: LiteLLM tells it from a queue.
USAGE_SECONDS: Final = 30.0
# Tools of MCP servers behind the proxy; a model's name stands there for the tool's.
NOT_MODELS: Final = frozenset({"call_mcp_tool", "list_mcp_tools", "mcp_call"})
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Governor(CustomLogger):
    """A callback for the proxy. `client` is by default made of WAXELL_URL and WAXELL_API_KEY.

    A call is an execution of its own, of the workflow that its metadata names, else of its key's alias, else of
    `workflow`; or an action of the running execution that its headers name. A held call waits up to
    `hold_timeout_seconds`. `longest_call_seconds` bounds how long the end of a call may not be heard of.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        workflow: str = "litellm",
        hold_timeout_seconds: float = 60.0,
        patience_seconds: float = 10.0,
        longest_call_seconds: float = 3600.0,
    ) -> None:
        super().__init__()
        self._given = client
        self._workflow = workflow
        self._hold_timeout_seconds = hold_timeout_seconds
        self._patience_seconds = patience_seconds
        self._longest_call_seconds = longest_call_seconds
        self._escorts: dict[str, Escort] = {}

    def __init_subclass__(cls) -> None:
        raise TypeError("LiteLLM calls no inherited hooks, so a subclass would ask nobody: make an instance instead.")

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> Any:
        model = data.get("model")
        if not isinstance(model, str) or call_type in NOT_MODELS:
            return data
        if "," in model:
            raise _error(400, "several_models", "One call asks for one model.")
        call_id = str(data.get("litellm_call_id"))
        if call_id in self._escorts:
            raise _error(400, "call_id_in_use", "Another call with this x-litellm-call-id is under way.")
        args = args_of(data)
        escort = Escort(
            self._execution(user_api_key_dict, data),
            lambda ex: ex.model(model, told=fitting(args), estimate=estimate_of(args, _group(model)), usage=None),
            longest_seconds=self._longest_call_seconds,
        )
        self._escorts[call_id] = escort
        try:
            await escort.begin(when_over=lambda: self._forget(call_id, escort))
        except WaxellError as error:
            raise self._refusal(error) from error
        # What was allowed is this model, not the one that the proxy would take instead.
        data["disable_fallbacks"] = True
        return data

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        if (escort := self._escort(kwargs)) is not None:
            escort.end(outcome_of(kwargs, response_obj))

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        self._end_soon(data)

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: Any,
        traceback_str: str | None = None,
    ) -> None:
        if (escort := self._escort(request_data)) is not None:
            escort.end(Outcome(error=f"{type(original_exception).__qualname__}: {original_exception}"))

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        try:
            async for item in response:
                yield item
        finally:
            # At its end, and when whoever asked has gone.
            self._end_soon(request_data)

    @cached_property
    def _client(self) -> Client:
        return self._given or Client(
            hold_timeout_seconds=self._hold_timeout_seconds, patience_seconds=self._patience_seconds
        )

    def _execution(self, key: Any, data: Mapping[str, Any]) -> AbstractAsyncContextManager[AsyncExecution]:
        try:
            client = self._client
        except NotConfigured as error:
            raise self._refusal(error) from error
        headers = (data.get("proxy_server_request") or {}).get("headers") or {}
        if (execution_id := headers.get(EXECUTION_HEADER)) is not None:
            fence = str(headers.get(FENCE_HEADER))
            if not UUID.fullmatch(execution_id) or not fence.isdecimal():
                raise _error(400, "execution_invalid", f"{EXECUTION_HEADER} is an id, and {FENCE_HEADER} its fence.")
            return lent(client.attached(execution_id, int(fence)))
        user = data.get("user")
        return client.execution(
            workflow_of(data, getattr(key, "key_alias", None), self._workflow),
            end_user=user if isinstance(user, str) and user else None,
            parent=None,
        )

    def _escort(self, data: Mapping[str, Any]) -> Escort | None:
        return self._escorts.get(str(data.get("litellm_call_id")))

    def _end_soon(self, data: Mapping[str, Any]) -> None:
        if (escort := self._escort(data)) is not None:
            escort.end_soon(Outcome(), USAGE_SECONDS)

    def _forget(self, call_id: str, escort: Escort) -> None:
        if self._escorts.get(call_id) is escort:
            del self._escorts[call_id]

    def _refusal(self, error: WaxellError) -> ProxyException:
        """What the caller is answered: 403 refused or stopped, 409 held, 503 where Waxell cannot be asked."""
        if isinstance(error, Held):
            address = f"{self._client.settings.url}/approvals/{error.approval}/" if error.approval else None
            where = f" It can be granted at {address}" if address else ""
            return _error(409, "held", f"{error}{where}", approval=error.approval, address=address)
        if isinstance(error, Refused | Stopped):
            code = "refused" if isinstance(error, Refused) else "stopped"
            reasons = [{"code": one.code, "message": one.message, "policy": one.policy, "rule": one.rule,
                        "budget": one.budget} for one in error.reasons]  # fmt: skip
            return _error(403, code, str(error), reasons=reasons)
        if isinstance(error, Unreachable):
            return _error(503, "unreachable", str(error))
        if isinstance(error, Rejected) and error.status in (400, 404, 422, 429):
            return _error(error.status, error.code or "rejected", str(error))
        return _error(503, "unusable", str(error))


def _group(model: str) -> Any:
    from litellm.proxy import proxy_server

    router = proxy_server.llm_router
    return router.get_model_group_info(model_group=model) if router is not None else None


def _error(status: int, code: str, message: str, **more: Any) -> ProxyException:
    """An error as OpenAI's clients read it. None of them is worth the client's own retry."""
    known = {name: value for name, value in more.items() if value is not None}
    return ProxyException(
        message=message,
        type="permission_error" if status in (403, 409) else "api_error",
        param=None,
        code=status,
        headers={"x-should-retry": "false"},
        provider_specific_fields={"waxell": {"code": code, **known}},
    )


governor: Final = Governor()
"""The callback with its defaults, to be named in the proxy's config.yaml."""
