"""One agent of the OpenAI Agents SDK, run in the way that the first word names."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from agents import (
    Agent,
    ApplyPatchTool,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    handoff,
)
from agents.exceptions import UserError
from agents.mcp import MCPServerStdio
from openai import AsyncOpenAI

from waxell_client import Held, NoExecution, Refused, Stopped, execution, governed_tool
from waxell_client.adapters.openai_agents import governed

SERVER = """
from mcp.server import MCPServer

server = MCPServer("weather")


@server.tool()
def forecast(city: str) -> str:
    return city + ": from afar"


server.run()
"""


@function_tool
def forecast(city: str) -> str:
    """Tell tomorrow's weather in a city."""
    print("done")
    return f"{city}: mostly sunny."


def weather(**more: Any) -> Agent[Any]:
    return Agent(**{"name": "Weather", "model": "gpt-4o-mini", "tools": [forecast], **more})


async def run(agent: Agent[Any]) -> None:
    async with execution("weather-report") as ex:
        ex.output = (await Runner.run(agent, "Weather?")).final_output
    print(ex.output)


async def streamed() -> None:
    async with execution("weather-report") as ex:
        result = Runner.run_streamed(governed(weather()), "Weather?")
        async for _ in result.stream_events():
            pass
        ex.output = result.final_output
    print(ex.output)


async def left() -> None:
    """The stream of the first answer is left before its end."""
    agent = governed(weather(model=OpenAIChatCompletionsModel("gpt-4o-mini", AsyncOpenAI()), tools=[]))
    async with execution("weather-report"):
        result = Runner.run_streamed(agent, "Weather?")
        async for event in result.stream_events():
            if event.type == "raw_response_event":
                result.cancel()


async def chat() -> None:
    await run(governed(weather(model=OpenAIChatCompletionsModel("gpt-4o-mini", AsyncOpenAI()))))


async def cloned() -> None:
    await run(governed(weather()).clone(tools=[forecast]))


async def handed_over() -> None:
    """To an agent whose own handoffs lead back, behind a Handoff with a filter or the like."""
    forecaster = weather(name="Forecaster")
    desk: Agent[Any] = Agent(name="Desk", model="gpt-4o-mini", handoffs=[handoff(forecaster)])
    forecaster.handoffs = [desk]
    await run(governed(desk))


async def mcp() -> None:
    async with MCPServerStdio({"command": sys.executable, "args": ["-c", SERVER]}) as server:
        await run(governed(weather(tools=[], mcp_servers=[server])))


async def held() -> None:
    try:
        async with execution("weather-report", on_hold="raise"):
            await Runner.run(governed(weather()), "Weather?")
    except Held as error:
        print("held", error.approval)


async def inside() -> None:
    """What a tool asks for itself is refused: the SDK tells the model, and nothing takes it for the tool's refusal."""

    @governed_tool(name="archive")
    def read_archive() -> str:
        raise AssertionError

    @function_tool(name_override="forecast", failure_error_function=None)
    def from_archive(city: str) -> str:
        return read_archive()

    try:
        await run(governed(weather(tools=[from_archive])))
    except Refused as error:
        print("raised", error.resource)


async def ungovernable() -> None:
    as_tool = Agent(name="Inner", model="gpt-4o-mini").as_tool("inner", "Asks another.")
    patches = ApplyPatchTool(editor=object())  # type: ignore[arg-type]
    for tool in (as_tool, patches):
        try:
            await run(governed(weather(tools=[tool])))
        except UserError as error:
            print(error)
    try:
        await Runner.run(governed(weather()), "Weather?")
    except NoExecution:
        print("NoExecution")


async def broken() -> None:
    try:
        await run(governed(weather(model=OpenAIChatCompletionsModel("broken", AsyncOpenAI(max_retries=0)))))
    except Stopped:
        raise
    except Exception as error:
        print(type(error).__name__)


WAYS: list[Callable[[], Coroutine[Any, Any, None]]] = [
    streamed, left, chat, cloned, handed_over, mcp, held, inside, ungovernable, broken,
]  # fmt: skip
asyncio.run({way.__name__: way for way in WAYS}[sys.argv[1]]())
