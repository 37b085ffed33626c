"""An agent of the OpenAI Agents SDK that asks before each model call and each tool call.

WAXELL_URL=http://localhost:8000 WAXELL_API_KEY=wxk_… OPENAI_API_KEY=… python examples/openai_agents_agent.py
"""

import sys

from agents import Agent, Runner, function_tool

from waxell_client import Refused, Stopped, execution
from waxell_client.adapters.openai_agents import governed


@function_tool
def forecast(city: str) -> str:
    """Tell tomorrow's weather in a city."""
    print(f"forecast for {city}")
    return f"{city}: mostly sunny."


def main() -> int:
    agent = governed(Agent(name="Weather", model="gpt-4o-mini", tools=[forecast]))
    try:
        with execution("weather-report") as ex:
            print(f"execution {ex.id}")
            ex.output = Runner.run_sync(agent, "What is the weather in Geneva tomorrow?").final_output
    except Refused as refusal:
        print(f"refused: {refusal}")
        return 1
    except Stopped as stop:
        print(f"stopped: {stop}")
        return 3
    print(ex.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
