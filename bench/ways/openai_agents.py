"""A turn of the OpenAI Agents SDK with one model call, plain and governed."""

import asyncio

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from openai import AsyncOpenAI

from bench.ways.timing import WORK, compare_async
from waxell_client import Client
from waxell_client.adapters.openai_agents import governed

set_tracing_disabled(True)


async def main() -> None:
    model = OpenAIChatCompletionsModel("gpt-4o", AsyncOpenAI(base_url=f"{WORK}/v1", api_key="none"))
    plain = Agent(name="Weather", model=model)
    asking = governed(plain)
    async with Client().execution("work-0"):
        await compare_async(lambda: Runner.run(plain, "And tomorrow?"), lambda: Runner.run(asking, "And tomorrow?"))


asyncio.run(main())
