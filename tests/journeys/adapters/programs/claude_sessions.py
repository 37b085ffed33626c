"""Sessions beyond the example: several prompts, a tool that fails, one that only Waxell allows, a session resumed."""

import asyncio
from dataclasses import replace
from typing import Any

import claude_agent as example
from claude_agent_sdk import ClaudeSDKClient, ResultMessage, create_sdk_mcp_server, tool

from waxell_client import execution
from waxell_client.adapters.claude_agent import Governance


@tool("weather", "Tell the weather in a city", {"city": str})
async def weather(given: dict[str, Any]) -> dict[str, Any]:
    raise LookupError("no such city")


OFFICE = create_sdk_mcp_server("office", tools=[weather, example.mail])
# The CLI itself allows nothing but the weather.
OPTIONS = replace(example.OPTIONS, mcp_servers={"office": OFFICE}, allowed_tools=["mcp__office__weather"])


async def talk(prompts: list[str], resume: str | None = None) -> str:
    governance = Governance(replace(OPTIONS, resume=resume))
    session = ""
    async with ClaudeSDKClient(governance.options) as client:
        for prompt in prompts:
            await client.query(prompt)
            async for message in governance.follow(client.receive_response()):
                if isinstance(message, ResultMessage):
                    session = message.session_id
                    print(message.result)
    return session


async def main() -> None:
    async with execution("weather-report"):
        session = await talk(["What is the weather?", "And now?"])
        await talk(["Once more?"], resume=session)


if __name__ == "__main__":
    asyncio.run(main())
