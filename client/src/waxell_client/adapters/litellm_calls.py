"""What a call through the LiteLLM proxy is to Waxell: what is told of it, what it may cost, what it did cost."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from waxell_client.adapters.escort import Outcome
from waxell_client.adapters.telling import bytes_of
from waxell_client.amounts import Estimate, Usage
from waxell_client.values import MAX_INTEGER

# What the proxy keeps beside a request's own words, and what nobody else should read.
NOT_TOLD = frozenset({
    "api_base", "api_key", "base_url", "disable_fallbacks", "extra_headers", "headers", "litellm_call_id",
    "litellm_logging_obj", "litellm_metadata", "litellm_session_id", "litellm_trace_id", "metadata", "model",
    "proxy_server_request", "secret_fields", "user",
})  # fmt: skip
MOST_OUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
OUTPUTS = ("choices", "output", "content")


def args_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """A request's own words: messages, tools and settings."""
    return {name: value for name, value in data.items() if name not in NOT_TOLD and not name.startswith("_")}


def estimate_of(args: Mapping[str, Any], group: Any) -> Estimate | None:
    """The most that a call may use. `group` is the proxy's ModelGroupInfo: its dearest price, its longest answer.

    Never more tokens go in than bytes. None where no limit is known.
    """
    told = (args[name] for name in MOST_OUT if isinstance(args.get(name), int))
    most_out = next(told, None)
    if most_out is None:
        most_out = 0 if getattr(group, "mode", None) == "embedding" else getattr(group, "max_output_tokens", None)
    if most_out is None or most_out < 0:
        return None
    answers = args.get("n")
    times = answers if isinstance(answers, int) and answers > 1 else 1
    tokens_in, tokens_out = bytes_of(args), int(most_out) * times
    usd = _cost(group, tokens_in, tokens_out)
    return Estimate(usd=usd, tokens=min(tokens_in + tokens_out, MAX_INTEGER))


def outcome_of(kwargs: Mapping[str, Any], response: Any) -> Outcome:
    """What came of a call, as LiteLLM's log tells it: `kwargs` are those of its success event."""
    document = _document(response)
    output = {name: document[name] for name in OUTPUTS if name in document}
    if kwargs.get("cache_hit"):
        # Nobody was called.
        return Outcome(output=output, usage=Usage(usd=0, tokens_in=0, tokens_out=0))
    # Not from the document: LiteLLM puts a usage of one protocol into answers of another, which are not told whole.
    usage = response.get("usage") if isinstance(response, Mapping) else getattr(response, "usage", None)
    cost = kwargs.get("response_cost")
    return Outcome(
        output=output,
        usage=Usage(
            usd=_decimal(cost) if isinstance(cost, int | float) else None,
            model=kwargs["model"] if isinstance(kwargs.get("model"), str) else None,
            tokens_in=_count(usage, "prompt_tokens", "input_tokens"),
            tokens_out=_count(usage, "completion_tokens", "output_tokens"),
        ),
    )


def workflow_of(data: Mapping[str, Any], key_alias: str | None, otherwise: str) -> str:
    """The workflow that a request names in its metadata; else the alias of its key at the proxy."""
    metadata = data.get("metadata")
    named = metadata.get("workflow") if isinstance(metadata, Mapping) else None
    return named if isinstance(named, str) and named else key_alias or otherwise


def _cost(group: Any, tokens_in: int, tokens_out: int) -> Decimal | None:
    price_in, price_out = (getattr(group, f"{way}_cost_per_token", None) for way in ("input", "output"))
    if price_in is None or price_out is None or not (price_in or price_out):
        return None
    return tokens_in * _decimal(price_in) + tokens_out * _decimal(price_out)


def _decimal(amount: float) -> Decimal:
    # LiteLLM counts money in floats; their shortest text is what was meant.
    return Decimal(repr(amount))


def _document(response: Any) -> Mapping[str, Any]:
    if isinstance(response, Mapping):
        return response
    dump = getattr(response, "model_dump_json", None)
    found = json.loads(dump()) if callable(dump) else {}
    return found if isinstance(found, Mapping) else {}


def _count(usage: Any, *names: str) -> int | None:
    found = (usage.get(name) if isinstance(usage, Mapping) else getattr(usage, name, None) for name in names)
    return next((count for count in found if isinstance(count, int)), None)
