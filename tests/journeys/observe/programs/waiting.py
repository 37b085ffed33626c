"""An agent whose handler waits for a person; `async` where that is said."""

import asyncio
import json
import sys

import waxell_observe as waxell

from waxell_client.adapters.waxell_observe import await_person, wait_for_person

waxell.init(on_policy_block=await_person if "async" in sys.argv else wait_for_person)


@waxell.tool()
def refund(amount: int) -> str:
    print(json.dumps({"refunded": amount}), flush=True)
    return f"refunded {amount}"


@waxell.observe(agent_name="my-agent", workflow_name="answer")
def answer(question: str) -> str:
    return refund(40)


@waxell.observe(agent_name="my-agent", workflow_name="answer")
async def answer_later(question: str) -> str:
    return refund(40)


try:
    returned = asyncio.run(answer_later("why")) if "async" in sys.argv else answer("why")
    print(json.dumps({"returned": returned}))
except waxell.PolicyViolationError as refused:
    print(json.dumps({"refused": str(refused)}))
finally:
    waxell.shutdown()
