"""A turn of the Claude Agent SDK with one tool call, plain and governed, in two sessions of its CLI that stay open."""

import asyncio
import os
import tempfile
from typing import Any

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, create_sdk_mcp_server, tool

from bench.ways.timing import WORK, compare_async
from waxell_client import Client
from waxell_client.adapters.claude_agent import Governance


@tool("weather", "Tell the weather in a city", {"city": str})
async def weather(given: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"{given['city']}: sunny"}]}


def options(home: str) -> ClaudeAgentOptions:
    environ = {
        "ANTHROPIC_BASE_URL": WORK,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CONFIG_DIR": home,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
    }
    return ClaudeAgentOptions(
        model="claude-sonnet-4-5",
        mcp_servers={"office": create_sdk_mcp_server("office", tools=[weather])},
        allowed_tools=["mcp__office__weather"],
        cwd=home,
        env={**os.environ, **environ},
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        async with Client().execution("work-0"):
            governance = Governance(options(home))
            async with ClaudeSDKClient(options(home)) as plain, ClaudeSDKClient(governance.options) as governed:

                async def turn() -> None:
                    await plain.query("And tomorrow?")
                    async for _ in plain.receive_response():
                        pass

                async def governed_turn() -> None:
                    await governed.query("And tomorrow?")
                    async for _ in governance.follow(governed.receive_response()):
                        pass

                await compare_async(turn, governed_turn)


asyncio.run(main())
