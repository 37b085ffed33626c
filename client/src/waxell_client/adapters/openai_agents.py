"""The OpenAI Agents SDK: an agent that asks before each model call and each tool call.

agent = governed(Agent(name="Weather", model="gpt-4o-mini", tools=[forecast]))
with execution("weather-report"):
    Runner.run_sync(agent, "What is the weather in Geneva?")
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import copy
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar, cast

from agents import (
    Agent,
    CodeInterpreterTool,
    FileSearchTool,
    FunctionTool,
    Handoff,
    HostedMCPTool,
    ImageGenerationTool,
    Model,
    ModelProvider,
    ModelResponse,
    ModelRetryAdvice,
    ModelRetryAdviceRequest,
    MultiProvider,
    RunContextWrapper,
    Tool,
    ToolSearchTool,
    WebSearchTool,
)
from agents import Usage as SdkUsage
from agents.exceptions import AgentsException, UserError
from agents.tool_context import ToolContext

from waxell_client.adapters.telling import fitting, most_tokens
from waxell_client.amounts import Usage
from waxell_client.async_execution import AsyncAct, current_async_execution
from waxell_client.errors import Refused, WaxellError

Context = TypeVar("Context")
# These are done by the provider, inside a model call, so that call is what can be asked for.
HOSTED = (
    CodeInterpreterTool, FileSearchTool, HostedMCPTool, ImageGenerationTool, ToolSearchTool, WebSearchTool,
)  # fmt: skip


def governed(agent: Agent[Context], *, models: ModelProvider | None = None) -> Agent[Context]:
    """An agent like `agent` that asks before each model call and each tool call, its handoffs likewise.

    Model names are looked up in `models`, by default the SDK's own provider. A tool that is refused is not called,
    and the model is told why. Whatever else is not a permission ends the run: NoExecution, Refused (a model call),
    Held, Stopped, Unreachable, Rejected. Runs raise UserError for a tool that acts in this process and is no
    function, and for an agent as a tool that is not governed itself.
    """
    return _Conversion(models or MultiProvider()).convert(agent)


class GovernedModel(Model):
    """A model that is asked for before it is called. Takes a model, or a name and where to look it up."""

    def __init__(self, model: Model | str | None, models: ModelProvider | None = None) -> None:
        self._given = model
        self._models = models or MultiProvider()
        self._found = model if isinstance(model, Model) else None

    @property
    def inner(self) -> Model:
        """The model that is called. A name is looked up when it is first needed: that may want credentials."""
        if self._found is None:
            self._found = self._models.get_model(cast("str | None", self._given))
        return self._found

    @property
    def name(self) -> str:
        """What is asked for."""
        if isinstance(self._given, str):
            return self._given
        told = getattr(self.inner, "model", None)
        return str(told) if told else type(self.inner).__name__

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        async with self._act(*args, **kwargs) as act:
            response = await self.inner.get_response(*args, **kwargs)
            act.output = [item.model_dump(mode="json", exclude_none=True) for item in response.output]
            _note(act, response.usage)
        return response

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        async with self._act(*args, **kwargs) as act:
            try:
                async for event in self.inner.stream_response(*args, **kwargs):
                    if (response := getattr(event, "response", None)) is not None and response.usage is not None:
                        act.output = [item.model_dump(mode="json", exclude_none=True) for item in response.output]
                        _note(act, response.usage)
                    yield event
            except GeneratorExit:
                # Nobody listens any more. What it used by then is not known: what was reserved counts as spent.
                act.output = {"left": "before its end"}

    async def close(self) -> None:
        await self.inner.close()

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        return self.inner.get_retry_advice(request)

    async def _cleanup_on_run_end(self, owner: object) -> None:
        await self.inner._cleanup_on_run_end(owner)

    def _act(
        self, system_instructions: Any, input: Any, model_settings: Any, tools: Any, *_: Any, **__: Any
    ) -> AsyncAct:
        args = {
            "instructions": system_instructions,
            "input": input,
            "tools": [tool.name for tool in tools],
            "settings": {name: value for name, value in model_settings.to_json_dict().items() if value is not None},
        }
        told = fitting(args)
        estimate = most_tokens(args, model_settings.max_tokens)
        return current_async_execution().model(self.name, told=told, estimate=estimate, usage=None)


class _Asking(Agent[Any]):
    """What a governed agent does otherwise; comes before the agent's own class, also in what is cloned from it."""

    async def get_all_tools(self, run_context: RunContextWrapper[Any]) -> list[Tool]:
        # All that a turn may call comes through here, what MCP servers offer too.
        return [_governed_tool(tool) for tool in await super().get_all_tools(run_context)]

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[no-untyped-call]
        if not isinstance(self.model, GovernedModel):
            self.model = GovernedModel(self.model)


class _Conversion:
    """One conversion of an agent and of all whom it may hand over to, in circles too."""

    def __init__(self, models: ModelProvider) -> None:
        self._models = models
        # With the agents themselves, so that no other gets the identity of one of them.
        self._made: dict[int, tuple[Agent[Any], Agent[Any]]] = {}

    def convert(self, agent: Agent[Any]) -> Agent[Any]:
        if isinstance(agent, _Asking):
            return agent
        if id(agent) not in self._made:
            values = {field.name: getattr(agent, field.name) for field in fields(agent) if field.init}
            kind: Any = type(agent)
            made = _asking(kind)(**values)
            self._made[id(agent)] = agent, made
            made.model = GovernedModel(agent.model, self._models)
            made.handoffs = [self._handoff(handoff) for handoff in agent.handoffs]
        return self._made[id(agent)][1]

    def _handoff(self, handoff: Agent[Any] | Handoff[Any, Any]) -> Agent[Any] | Handoff[Any, Any]:
        if isinstance(handoff, Agent):
            return self.convert(handoff)
        invoke = handoff.on_invoke_handoff

        async def governed_handoff(context: RunContextWrapper[Any], arguments: str) -> Agent[Any]:
            return self.convert(await invoke(context, arguments))

        return replace(handoff, on_invoke_handoff=governed_handoff)


@cache
def _asking(kind: Any) -> type[Agent[Any]]:
    return type(f"Governed{kind.__name__}", (_Asking, kind), {})


def _governed_tool(tool: Tool) -> Tool:
    if isinstance(tool, HOSTED):
        return tool
    if not isinstance(tool, FunctionTool):
        raise UserError(f"{tool.name} acts here without being a function, so it cannot be asked for: leave it out.")
    inside = getattr(tool, "_agent_instance", None)
    if isinstance(inside, Agent) and not isinstance(inside, _Asking):
        raise UserError(f"{tool.name} runs an agent that is not governed: write governed(agent).as_tool(…).")
    made = copy(tool)
    made.on_invoke_tool = _asked_for(tool, tool.on_invoke_tool)
    return made


def _asked_for(
    tool: FunctionTool, invoke: Callable[[ToolContext[Any], str], Awaitable[Any]]
) -> Callable[[ToolContext[Any], str], Awaitable[Any]]:
    async def governed_tool(context: ToolContext[Any], arguments: str) -> Any:
        act: AsyncAct | None = None
        try:
            act = current_async_execution().tool(tool.qualified_name, told=fitting(_arguments(arguments)))
            async with act:
                act.output = output = await invoke(context, arguments)
        except Refused as refusal:
            if act is not None and act.decision is not None:
                # It was allowed: something that the tool asked for itself was refused.
                raise _passing(refusal) from refusal
            return str(refusal)
        except WaxellError as error:
            raise _passing(error) from error
        return output

    return governed_tool


def _arguments(arguments: str) -> dict[str, Any]:
    """What a model wants to call with; models write it, so it may be anything."""
    try:
        found = json.loads(arguments or "{}")
    except ValueError:
        found = arguments
    return found if isinstance(found, dict) else {"arguments": found}


def _note(act: AsyncAct, usage: Any) -> None:
    # The SDK gives a usage of noughts where the provider told none.
    if isinstance(usage, SdkUsage) and usage.requests == 0:
        return
    act.used(Usage(tokens_in=usage.input_tokens, tokens_out=usage.output_tokens))


def _passing(error: WaxellError) -> WaxellError:
    """The same error as one of the SDK's too: out of a tool it lets no other pass unchanged."""
    kind: Any = type(error)
    both = _kind(kind)
    made: WaxellError = both.__new__(both, *error.args)
    made.__dict__.update(error.__dict__)
    return made


@cache
def _kind(kind: Any) -> Any:
    return type(kind.__name__, (kind, AgentsException), {"__module__": kind.__module__, "run_data": None})
