"""An agent that does what it is told, line by line, and says after each line that it has done it."""

import json
import sys

import waxell_observe as waxell

waxell.init()


@waxell.tool()
def search(query: str) -> str:
    return f"found {query}"


@waxell.observe(agent_name="my-agent", workflow_name="answer")
def answer(question: str, waxell_ctx=None) -> dict:
    done = []
    for line in sys.stdin:
        match line.split():
            case ["search", query]:
                search(query)
            case ["think", what]:
                waxell_ctx.record_step("think", output={"what": what})
            case ["stop"]:
                break
        done.append(line.strip())
        print(json.dumps({"done": line.strip()}), flush=True)
    return {"done": done}


try:
    print(json.dumps({"returned": answer("all")}), flush=True)
except waxell.PolicyViolationError as refused:
    print(json.dumps({"refused": str(refused)}), flush=True)
finally:
    waxell.shutdown()
