"""LangChain and LangGraph: a middleware that asks before each model call and each tool call.

agent = create_agent(model, tools, middleware=[Governance()])
with execution("weather-report"):
    agent.invoke({"messages": "What is the weather in Geneva?"})
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from langchain.agents.middleware import AgentMiddleware, ModelRequest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest

from waxell_client.adapters.telling import fitting
from waxell_client.amounts import Estimate, Usage
from waxell_client.async_execution import current_async_execution
from waxell_client.errors import Refused
from waxell_client.execution import current_execution
from waxell_client.faces import ActFace, ExecutionFace

ActType = TypeVar("ActType", bound=ActFace)
TellModel = Callable[["ModelRequest[Any]"], Mapping[str, Any]]


def tell_model(request: "ModelRequest[Any]") -> dict[str, Any]:
    """What is decided on and recorded of a model call: the messages, the tools' names and the settings."""
    system = [request.system_message] if request.system_message else []
    return {
        "messages": [tell_message(message) for message in [*system, *request.messages]],
        "tools": [_tool_name(tool) for tool in request.tools],
        "settings": request.model_settings,
    }


def tell_message(message: BaseMessage) -> dict[str, Any]:
    """A message as a record shows it: who said what, and which tools were called."""
    said: dict[str, Any] = {"role": message.type, "content": message.content}
    if isinstance(message, AIMessage) and message.tool_calls:
        said["tool_calls"] = [{"name": call["name"], "args": call["args"]} for call in message.tool_calls]
    return said


def usage_of_message(message: object) -> Usage | None:
    """The usage that a chat model's message tells; None without one. Tokens of its cache are within the input's."""
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    if not isinstance(message, AIMessage) or usage is None:
        return None
    model = message.response_metadata.get("model_name")
    return Usage(
        model=model if isinstance(model, str) else None,
        tokens_in=usage["input_tokens"],
        tokens_out=usage["output_tokens"],
    )


class Governance(AgentMiddleware[Any, Any, Any]):
    """Asks in the execution that the running code belongs to; put it last, so that nothing changes what was asked.

    A tool that is refused is not called, and the model is told why. Whatever else is not a permission is raised
    out of the agent: NoExecution, Refused (a model call), Held, Stopped, Unreachable, Rejected, Unsayable.
    `estimate` is reserved for each model call; `tell` says what is decided on instead of the whole conversation.
    """

    def __init__(self, *, estimate: Estimate | None = None, tell: TellModel = tell_model) -> None:
        super().__init__()
        self._estimate = estimate
        self._tell = tell

    def wrap_model_call(self, request: "ModelRequest[Any]", handler: Callable[..., Any]) -> Any:
        with self._model(current_execution(), request) as act:
            response = handler(request)
            _note(act, response)
        return response

    async def awrap_model_call(self, request: "ModelRequest[Any]", handler: Callable[..., Awaitable[Any]]) -> Any:
        async with self._model(current_async_execution(), request) as act:
            response = await handler(request)
            _note(act, response)
        return response

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[..., Any]) -> Any:
        """Also for `ToolNode(…, wrap_tool_call=…)` of a LangGraph graph."""
        act = current_execution().tool(request.tool_call["name"], told=fitting(request.tool_call["args"]))
        try:
            with act:
                output = handler(request)
                act.output = _tell_output(output)
        except Refused as refusal:
            if act.decision is not None:
                # It was allowed: something that the tool asked for itself was refused.
                raise
            return _refusal(request, refusal)
        return output

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Callable[..., Awaitable[Any]]) -> Any:
        """Also for `ToolNode(…, awrap_tool_call=…)` of a LangGraph graph."""
        act = current_async_execution().tool(request.tool_call["name"], told=fitting(request.tool_call["args"]))
        try:
            async with act:
                output = await handler(request)
                act.output = _tell_output(output)
        except Refused as refusal:
            if act.decision is not None:
                raise
            return _refusal(request, refusal)
        return output

    def _model(self, ex: ExecutionFace[ActType], request: "ModelRequest[Any]") -> ActType:
        told = fitting(self._tell(request))
        return ex.model(model_name(request.model), told=told, estimate=self._estimate, usage=None)


def model_name(model: object) -> str:
    """The name of a chat model at its provider, where it tells one; else that of its class."""
    for attribute in ("model_name", "model", "model_id"):
        if isinstance(name := getattr(model, attribute, None), str) and name:
            return name
    return type(model).__name__


def _note(act: ActFace, response: Any) -> None:
    inner = getattr(response, "model_response", response)
    messages: list[BaseMessage] = [inner] if isinstance(inner, BaseMessage) else inner.result
    act.output = [tell_message(message) for message in messages]
    usage = next((found for message in messages if (found := usage_of_message(message))), None)
    if usage is not None:
        act.used(usage)


def _refusal(request: ToolCallRequest, refusal: Refused) -> ToolMessage:
    call = request.tool_call
    return ToolMessage(content=str(refusal), name=call["name"], tool_call_id=call["id"] or "", status="error")


def _tell_output(output: object) -> object:
    return {"status": output.status, "content": output.content} if isinstance(output, ToolMessage) else output


def _tool_name(tool: Any) -> str:
    if isinstance(tool, Mapping):
        return str(tool.get("name") or tool.get("type"))
    return str(tool.name)
