"""An agent that calls a model at any OpenAI-compatible address until its budget says stop.

    WAXELL_URL=… WAXELL_KEY=… OPENAI_BASE_URL=https://…/v1 OPENAI_API_KEY=… \\
        python examples/model_agent.py --model gpt-4o-mini --questions 100

Before each call it tells the most that the call can cost, afterwards what it did cost. With a budget
of one dollar in force the call that would pass it never happens. `--price-in` and `--price-out` are
dollars for a million tokens.
"""

import argparse
import json
import os
import sys
import urllib.request
from decimal import ROUND_UP, Decimal
from typing import Any

from asking import Execution, Refused, Stopped

MILLION = Decimal(1_000_000)
SMALLEST = Decimal("0.000001")


def call_model(model: str, question: str, max_tokens: int) -> dict[str, Any]:
    """Return the provider's answer: `choices` and `usage`."""
    body = {"model": model, "max_tokens": max_tokens, "messages": [{"role": "user", "content": question}]}
    request = urllib.request.Request(  # noqa: S310 - the address is the user's own
        os.environ["OPENAI_BASE_URL"].rstrip("/") + "/chat/completions",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        return dict(json.load(response))


def cost(tokens_in: int, tokens_out: int, wanted: argparse.Namespace) -> str:
    """Return dollars as a decimal text, rounded up to a millionth."""
    usd = (tokens_in * wanted.price_in + tokens_out * wanted.price_out) / MILLION
    return str(usd.quantize(SMALLEST, rounding=ROUND_UP))


def ask_all(execution: Execution, wanted: argparse.Namespace) -> int:
    """Ask the questions one by one; returns how many were answered. Raises Stopped by a budget."""
    answered = 0
    for number in range(1, wanted.questions + 1):
        question = f"Name one fact about the number {number}."
        # Never more tokens than bytes, and a few for the message's frame.
        most_in = len(question.encode()) + 16
        estimate = {
            "usd": cost(most_in, wanted.max_tokens, wanted),
            "tokens": most_in + wanted.max_tokens,
        }
        try:
            seq = execution.ask("model.call", wanted.model, {"max_tokens": wanted.max_tokens}, estimate)
        except Refused as refusal:
            print(f"question {number} was refused: {refusal}")
            break
        try:
            answer = call_model(wanted.model, question, wanted.max_tokens)
        except OSError as error:
            # What it used is unknown: without a figure the whole reservation counts as spent.
            execution.report(seq, {"error": str(error)}, ok=False)
            raise
        usage = answer["usage"]
        tokens_in, tokens_out = usage["prompt_tokens"], usage["completion_tokens"]
        used = {"tokens_in": tokens_in, "tokens_out": tokens_out, "usd": cost(tokens_in, tokens_out, wanted)}
        execution.report(seq, {"answer": answer["choices"][0]["message"]["content"]}, usage=used)
        answered += 1
    return answered


def main() -> int:
    parser = argparse.ArgumentParser(description="Call a model until the questions or the money run out.")
    parser.add_argument("--model", default="gpt-4o-mini")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--max-tokens", type=int, default=500)
    parser.add_argument("--price-in", type=Decimal, default=Decimal("0.15"))
    parser.add_argument("--price-out", type=Decimal, default=Decimal("0.60"))
    wanted = parser.parse_args()
    try:
        execution = Execution(os.environ["WAXELL_URL"], os.environ["WAXELL_KEY"], "ask-a-model")
        print(f"execution {execution.id}")
        answered = ask_all(execution, wanted)
        execution.close(output={"answered": answered})
    except Stopped as stop:
        print(f"stopped: {stop}")
        return 3
    print(f"{answered} questions answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
