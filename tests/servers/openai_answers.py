"""What a provider that speaks OpenAI's protocol answers: chat completions and responses, whole or as a stream."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants called, once for each conversation."""

    name: str
    arguments: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer: its words, or a tool to call instead; and what the provider bills."""

    number: int
    model: str
    text: str
    tokens_in: int
    tokens_out: int
    call: ToolCall | None = None


def chat(said: Said) -> Document:
    """The body of a chat completion."""
    message: Document = {"role": "assistant", "content": None if said.call else said.text}
    if said.call:
        message["tool_calls"] = [_chat_call(said, said.call)]
    finish = "tool_calls" if said.call else "stop"
    return {
        "id": f"chatcmpl-{said.number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": said.model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": _chat_usage(said),
    }


def chat_events(said: Said) -> Iterator[str]:
    """The same as a stream, word by word, with the usage at its end."""
    head = {
        "id": f"chatcmpl-{said.number}",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": said.model,
    }

    def chunk(delta: Document, finish: str | None = None) -> str:
        return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    if said.call:
        yield chunk({"tool_calls": [{"index": 0, **_chat_call(said, said.call)}]})
    else:
        for word in said.text.split(" "):
            yield chunk({"content": word + " "})
    yield chunk({}, "tool_calls" if said.call else "stop")
    yield _data({**head, "choices": [], "usage": _chat_usage(said)})
    yield "data: [DONE]\n\n"


def response(said: Said) -> Document:
    """The body of a response."""
    if said.call:
        item: Document = {
            "type": "function_call",
            "id": f"fc_{said.number}",
            "call_id": f"call_{said.number}",
            "name": said.call.name,
            "arguments": json.dumps(said.call.arguments),
            "status": "completed",
        }
    else:
        item = {
            "type": "message",
            "id": f"msg_{said.number}",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": said.text, "annotations": []}],
        }
    return {
        "id": f"resp_{said.number}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": said.model,
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": said.tokens_in,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": said.tokens_out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": said.tokens_in + said.tokens_out,
        },
    }


def response_events(said: Said) -> Iterator[str]:
    """The same as a stream."""
    whole = response(said)
    (item,) = whole["output"]
    began = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Document] = [
        {"type": "response.created", "response": began},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    for number, event in enumerate(events):
        yield f"event: {event['type']}\n" + _data({**event, "sequence_number": number})


def _chat_call(said: Said, call: ToolCall) -> Document:
    return {
        "id": f"call_{said.number}",
        "type": "function",
        "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
    }


def _chat_usage(said: Said) -> Document:
    return {
        "prompt_tokens": said.tokens_in,
        "completion_tokens": said.tokens_out,
        "total_tokens": said.tokens_in + said.tokens_out,
    }


def _data(document: Document) -> str:
    return f"data: {json.dumps(document)}\n\n"
