"""An agent on LangChain under governance: it is asked before each model call and each tool call.

    pip install './client[langchain]' langchain-openai
    WAXELL_URL=http://localhost:8000 WAXELL_API_KEY=wxk_… OPENAI_API_KEY=… python examples/langchain_agent.py

What is refused the model hears of, what is held waits for a person, what is stopped ends the agent.
"""

import sys
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model

from waxell_client import Stopped, execution
from waxell_client.adapters.langchain import Governance

QUESTION = "What is the weather in Geneva? Mail it to Dave."


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"{city}: sunny"


def mail(to: str, text: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


def run(model: Any) -> str:
    agent = create_agent(model, [weather, mail], middleware=[Governance()])
    with execution("weather-report") as ex:
        said = agent.invoke({"messages": [("user", QUESTION)]})
        ex.output = said["messages"][-1].text
    return str(ex.output)


if __name__ == "__main__":
    try:
        print(run(init_chat_model(sys.argv[1] if len(sys.argv) > 1 else "openai:gpt-4o-mini")))
    except Stopped as stop:
        sys.exit(f"stopped: {stop}")
