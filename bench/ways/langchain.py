"""A LangChain agent's turn with one model call, plain and with our middleware."""

from typing import Any

import httpx
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from bench.ways.timing import WORK, compare
from waxell_client import execution
from waxell_client.adapters.langchain import Governance

work = httpx.Client(base_url=WORK)
ASKED = {"messages": [("user", "And tomorrow?")]}


class Chat(BaseChatModel):
    """The work as a chat model."""

    model_name: str = "gpt-4o"

    @property
    def _llm_type(self) -> str:
        return "work"

    def _generate(self, messages: list[BaseMessage], *args: Any, **settings: Any) -> ChatResult:
        told = [{"role": message.type, "content": message.content} for message in messages]
        answer = work.post("/v1/chat/completions", json={"model": self.model_name, "messages": told}).json()
        used = answer["usage"]
        message = AIMessage(
            content=answer["choices"][0]["message"]["content"],
            usage_metadata={
                "input_tokens": used["prompt_tokens"],
                "output_tokens": used["completion_tokens"],
                "total_tokens": used["total_tokens"],
            },
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


plain = create_agent(Chat(), [])
governed = create_agent(Chat(), [], middleware=[Governance()])
with execution("work-0"):
    compare(lambda: plain.invoke(ASKED), lambda: governed.invoke(ASKED))
