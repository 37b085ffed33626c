"""An agent as its owner wrote it: nothing in it knows of this server. What happened is printed as JSON."""

import json
import sys

import waxell_observe as waxell

waxell.init()


@waxell.tool()
def search(query: str) -> str:
    return f"found {query}"


@waxell.observe(agent_name="my-agent", workflow_name="answer")
def answer(question: str, waxell_ctx=None) -> dict:
    found = search(question)
    waxell_ctx.record_llm_call(model="gpt-4o-mini", tokens_in=1000, tokens_out=200)
    waxell_ctx.record_step("think", output={"found": found})
    waxell_ctx.record_score("quality", 0.5)
    return {"answer": 42}


try:
    print(json.dumps({"returned": answer(sys.argv[1])}))
except waxell.PolicyViolationError as refused:
    print(json.dumps({"refused": str(refused)}))
finally:
    waxell.shutdown()
