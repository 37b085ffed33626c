"""An agent on the Claude Agent SDK under governance: it is asked before the prompt and before each tool call.

    pip install './client[claude-agent]'
    WAXELL_URL=http://localhost:8000 WAXELL_API_KEY=wxk_… ANTHROPIC_API_KEY=… python examples/claude_agent.py

What is refused the model hears of, what is held waits for a person, what is stopped ends the agent.
"""

import asyncio
import sys
from typing import Any

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, create_sdk_mcp_server, tool

from waxell_client import Stopped, execution
from waxell_client.adapters.claude_agent import query

QUESTION = "What is the weather in Geneva? Mail it to Dave."


@tool("weather", "Tell the weather in a city", {"city": str})
async def weather(given: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"{given['city']}: sunny"}]}


@tool("mail", "Send a mail", {"to": str, "text": str})
async def mail(given: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"sent to {given['to']}"}]}


OPTIONS = ClaudeAgentOptions(
    model="claude-sonnet-4-5",
    mcp_servers={"office": create_sdk_mcp_server("office", tools=[weather, mail])},
    allowed_tools=["mcp__office__weather", "mcp__office__mail"],
)


async def run() -> str:
    async with execution("weather-report") as ex:
        async for message in query(prompt=QUESTION, options=OPTIONS):
            if isinstance(message, ResultMessage):
                ex.output = message.result
    return str(ex.output)


if __name__ == "__main__":
    try:
        print(asyncio.run(run()))
    except Stopped as stop:
        sys.exit(f"stopped: {stop}")
