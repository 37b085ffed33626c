"""`waxell-observe` as it comes: a tool under its gate, in a run with checks in it."""

from typing import Any

import httpx
import waxell_observe

from bench.ways.timing import WORK, compare

waxell_observe.init()
CALL = {"model": "gpt-4o", "messages": [{"role": "user", "content": "And tomorrow?"}]}
work = httpx.Client(base_url=WORK)


def plain() -> Any:
    return work.post("/v1/chat/completions", json=CALL).raise_for_status().json()


asking = waxell_observe.tool(name="search")(plain)


@waxell_observe.observe(agent_name="agent-0", workflow_name="work-0")
def run() -> None:
    compare(plain, asking)


run()
waxell_observe.shutdown()
