"""An agent that calls another in its own process, and a third in a process of its own."""

import json
import subprocess
import sys

import waxell_observe as waxell

waxell.init()


@waxell.observe(agent_name="helper", workflow_name="dig")
def dig(where: str) -> str:
    return f"dug {where}"


@waxell.observe(agent_name="boss", workflow_name="plan")
def plan(what: str) -> list:
    # The third learns from its environment whose child it is.
    elsewhere = subprocess.run(
        [sys.executable, __file__, "dig"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return [dig(what), elsewhere]


try:
    print(dig("there") if sys.argv[1:] == ["dig"] else json.dumps({"returned": plan("here")}))
finally:
    waxell.shutdown()
