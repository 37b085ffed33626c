"""The agent of `examples/langchain_agent.py` with a model that keeps to a script.

Words: `wait` or `raise` for what is held; `sync`, `async` or `graph` for how the agent is run.
"""

import asyncio
import operator
import sys
from typing import Annotated, Any, TypedDict

import langchain_agent as example
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import START, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from waxell_client import Client, configure, current_execution, execution
from waxell_client.adapters.langchain import Governance, tell_message, usage_of_message

CALLS = [
    {"name": "weather", "args": {"city": "Geneva"}, "id": "call-1"},
    {"name": "mail", "args": {"to": "dave", "text": "sunny"}, "id": "call-2"},
]


class Scripted(BaseChatModel):
    """Calls one tool after the other, and ends with what it heard last."""

    model_name: str = "gpt-4o-mini"

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **settings: Any) -> Any:
        assert [tool.name for tool in tools] == ["weather", "mail"]
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **settings: Any) -> ChatResult:
        spoken = sum(isinstance(message, AIMessage) for message in messages)
        message = AIMessage(
            content="" if spoken < len(CALLS) else f"Heard: {messages[-1].content}",
            tool_calls=CALLS[spoken : spoken + 1],
            usage_metadata={"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200},
            response_metadata={"model_name": self.model_name},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


class State(TypedDict):
    messages: Annotated[list[AnyMessage], operator.add]


def run_graph(model: Scripted) -> str:
    """A graph of its own: the tools are asked for by its ToolNode, the model where it is called."""

    def think(state: State) -> State:
        told = {"messages": [tell_message(message) for message in state["messages"]]}
        with current_execution().act("model.call", model.model_name, told, usage=usage_of_message) as act:
            act.output = answer = model.invoke(state["messages"])
        return {"messages": [answer]}

    graph = StateGraph(State)
    graph.add_node("think", think)
    graph.add_node("tools", ToolNode([example.weather, example.mail], wrap_tool_call=Governance().wrap_tool_call))
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", tools_condition)
    graph.add_edge("tools", "think")
    agent = graph.compile()
    with execution("weather-report") as ex:
        said = agent.invoke({"messages": [HumanMessage(example.QUESTION)]})
        ex.output = said["messages"][-1].text
    return str(ex.output)


async def run_async(model: Scripted) -> str:
    agent = create_agent(model, [example.weather, example.mail], middleware=[Governance()])
    async with execution("weather-report") as ex:
        said = await agent.ainvoke({"messages": [("user", example.QUESTION)]})
        ex.output = said["messages"][-1].text
    return str(ex.output)


if __name__ == "__main__":
    on_hold, way = sys.argv[1:]
    configure(Client(on_hold=on_hold))
    ways = {"sync": example.run, "async": lambda model: asyncio.run(run_async(model)), "graph": run_graph}
    print(ways[way](Scripted()))
