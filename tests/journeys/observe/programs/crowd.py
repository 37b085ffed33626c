"""Many runs at once, in threads. Prints what each returned."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import waxell_observe as waxell

waxell.init()


@waxell.tool()
def search(query: str) -> str:
    return f"found {query}"


@waxell.observe(agent_name="my-agent", workflow_name="answer")
def answer(number: int, waxell_ctx=None) -> dict:
    search(f"question {number}")
    waxell_ctx.record_llm_call(model="gpt-4o-mini", tokens_in=1000, tokens_out=200)
    return {"answer": number}


numbers = range(*map(int, sys.argv[1:]))
try:
    with ThreadPoolExecutor(len(numbers)) as threads:
        print(json.dumps({"returned": [found["answer"] for found in threads.map(answer, numbers)]}))
finally:
    waxell.shutdown()
