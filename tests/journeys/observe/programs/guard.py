"""A prompt looked at before it is sent: as an instrumented call does it, and as a program may ask itself."""

import json
import sys

import waxell_observe as waxell
from waxell_observe.instrumentors._guard import check_prompt

waxell.init()
text = sys.stdin.read()
try:
    looked = check_prompt([{"role": "user", "content": text}], model="gpt-4o-mini")
    told = waxell.WaxellObserveClient().prompt_guard_sync(text=text, agent_name="my-agent", model="gpt-4o-mini")
    print(json.dumps({"passed": looked.passed, "violations": looked.violations, "told": told}))
finally:
    waxell.shutdown()
