"""`waxell-client`, called as its page says."""

from typing import Any

import httpx

from bench.ways.timing import WORK, compare
from waxell_client import Estimate, execution

CALL = {"messages": [{"role": "user", "content": "And tomorrow?"}], "max_tokens": 50}
work = httpx.Client(base_url=WORK)


def create(*, model: str, **call: Any) -> Any:
    return work.post("/v1/chat/completions", json={"model": model, **call}).raise_for_status().json()


with execution("work-0") as ex:
    estimate = Estimate(usd="0.02", tokens=100)
    compare(
        lambda: create(model="gpt-4o", **CALL),
        lambda: ex.model("gpt-4o", CALL, estimate=estimate)(create),
    )
